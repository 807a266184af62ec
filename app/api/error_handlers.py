"""Errors over HTTP: RFC 9457 problem+json, always with a stable `code`."""

import logging

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.routing import Match
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api.responses import Answer
from app.errors import BadRequest, Internal, InvalidRequest, NotFound, RequestError, StorageUnavailable, title
from app.logging import REQUEST_ID
from app.redis.client import StoreDown

log = logging.getLogger(__name__)

CLIENT_GONE = 499
PROBLEMS_MAX = 5
METHODS = ("DELETE", "GET", "PATCH", "POST", "PUT")
CODES = {404: "not_found", 405: "invalid_request", 413: "too_large"}


def problem(error: RequestError, status: int | None = None, headers: dict[str, str] | None = None) -> Answer:
    body = error.problem()
    if status is not None:
        body |= {"status": status, "title": title(status)}
    return Answer(
        body,
        status_code=body["status"],
        headers={**error.headers, **(headers or {})},
        media_type="application/problem+json",
    )


def internal(request_id: str | None) -> Internal:
    return Internal(f"An internal error occurred; the service's log has the details under [{request_id}].")


def describe(error: RequestValidationError) -> str:
    """What is wrong with a request, for people, without repeating what was sent."""
    problems = []
    for item in error.errors()[:PROBLEMS_MAX]:
        where = ".".join(str(part) for part in item["loc"] if part != "body")[:80] or "the body"
        if item["type"] == "extra_forbidden":
            problems.append(f"{where} is not a field of this request")
        elif item["type"] == "missing":
            problems.append(f"{where} is missing")
        else:
            message = item["msg"].removeprefix("Value error, ")
            problems.append(f"{where}: {message[:1].lower()}{message[1:]}")
    return "; ".join(problems) + "."


def allowed(request: Request) -> str:
    """The methods that the path of a request has. A route that refuses one knows of its own alone."""

    def routed(method: str) -> bool:
        scope = {**request.scope, "method": method}
        return any(route.matches(scope)[0] is Match.FULL for route in request.app.routes)

    methods = [method for method in METHODS if routed(method)]
    if "GET" in methods:
        methods.insert(methods.index("GET") + 1, "HEAD")  # of which the class Head makes a GET
    return ", ".join(methods)


def install(app: FastAPI) -> None:
    """Makes every error of `app` a problem document."""

    @app.exception_handler(RequestError)
    async def of_ours(request: Request, error: RequestError) -> Answer:
        return problem(error)

    @app.exception_handler(RequestValidationError)
    async def of_validation(request: Request, error: RequestValidationError) -> Answer:
        return problem(InvalidRequest(describe(error)))

    @app.exception_handler(HTTPException)
    async def of_routing(request: Request, error: HTTPException) -> Answer:
        if error.status_code == 404:
            return problem(NotFound(f"The path {request.url.path[:200]} does not exist; see /docs."))
        headers, detail = dict(error.headers or {}), str(error.detail)
        if error.status_code == 400:
            return problem(BadRequest(detail), headers=headers)
        if error.status_code == 405:
            headers["Allow"], detail = allowed(request), f"This path does not support {request.method}."
        code = CODES.get(error.status_code, "invalid_request")
        return problem(InvalidRequest(detail, code=code), error.status_code, headers)

    @app.exception_handler(StoreDown)
    async def of_the_store(request: Request, error: StoreDown) -> Answer:
        log.warning("%s %s: Redis is unavailable: %s", request.method, request.url.path, error)
        return problem(StorageUnavailable(f"Redis is unavailable: {error.message}. Try again shortly."))

    @app.exception_handler(ClientDisconnect)
    async def of_the_gone(request: Request, error: ClientDisconnect) -> Response:
        log.debug("%s %s: the client disconnected", request.method, request.url.path)
        return Response(status_code=CLIENT_GONE)  # which nobody reads

    @app.exception_handler(OSError)
    async def of_the_disk(request: Request, error: OSError) -> Answer:
        log.warning("%s %s: blob storage (DATA_DIR) is unavailable: %s", request.method, request.url.path, error)
        return problem(StorageUnavailable("Blob storage (DATA_DIR) is unavailable. Try again shortly."))


class Unexpected:
    """Answers with 500 where a bug of ours has ended a request. An answer that has begun is broken off."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = False

        async def watched(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self._app(scope, receive, watched)
        except Exception:
            if started:
                raise
            log.exception("%s %s", scope["method"], scope["path"])
            await problem(internal(REQUEST_ID.get()))(scope, receive, send)
