"""The VLM servers: which of them can be asked, and how many requests each has in flight.

A server that does not answer, or is not the one that MODEL needs, gets no requests until a look at it finds it well;
requests wait meanwhile, unless another server has room.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx

from app.egress.policy import redact
from app.settings import Settings

log = logging.getLogger(__name__)

LOOK_EVERY = 3.0  # seconds
ANSWER_WITHIN = 5.0  # seconds
BUSY_FOR = 30.0
"""Seconds after its last answer to a request that a server may leave looks unanswered: it is busy."""

FAILURES_LIMIT, PAGES_LIMIT = 10, 3
"""Requests in a row that may fail, and of how many pages, until a server that looks well is held not to be."""


class Server:
    """One VLM server. `unavailable_reason` is why it gets no requests, `client` what sends them (PaddleX's own)."""

    def __init__(self, url: str, client: Any) -> None:
        self.url = url
        self.shown = redact(url)
        self.client = client
        self.unavailable_reason: str | None = None
        self.in_flight = 0
        self.looked_at = self.answered_at = -math.inf
        self.looking = asyncio.Lock()
        self._failures = 0
        self._failed: set[object] = set()
        self._tripped = False
        self._on_trial = False

    def has_room(self, limit: int) -> bool:
        """Whether it may be sent a request; one that failed too often is tried with one at a time."""
        return self.in_flight < limit if self.unavailable_reason is None else self._on_trial and not self.in_flight

    def succeeded(self) -> None:
        """It has answered a request."""
        self.answered_at = time.monotonic()
        self._failures = 0
        self._failed.clear()
        if self._tripped:
            self._tripped = self._on_trial = False
            self._set(None)

    def failed(self, page: object, reason: str) -> None:
        """It could not answer a request, of that page."""
        self._failures += 1
        self._failed.add(page)
        self._on_trial = False
        if self._failures >= FAILURES_LIMIT and len(self._failed) >= PAGES_LIMIT and self.unavailable_reason is None:
            self._tripped = True
            self._set(f"The VLM server at {self.shown} fails all requests: {reason}.")

    def found(self, unavailable_reason: str | None, *, wanted: bool) -> None:
        """A look at it found this. `wanted`: a request waits, by which it can be tried."""
        if unavailable_reason is None and self._tripped and wanted:
            self._on_trial = True
            return
        if unavailable_reason is None:
            self._failures = 0
            self._failed.clear()
        self._tripped = self._on_trial = False
        self._set(unavailable_reason)

    def _set(self, unavailable_reason: str | None) -> None:
        if unavailable_reason is None and self.unavailable_reason is not None:
            log.warning("the VLM server at %s is available again", self.shown)
        elif unavailable_reason != self.unavailable_reason:
            log.warning("%s", unavailable_reason)
        self.unavailable_reason = unavailable_reason


class Servers:
    """All of them, each with at most VL_MAX_CONCURRENCY requests in flight."""

    def __init__(self, settings: Settings, connect: Callable[[str], Any]) -> None:
        self._name = settings.vl_model.name
        self._limit = settings.vl_max_concurrency
        headers = {"Authorization": f"Bearer {settings.vl_api_key}"} if settings.vl_api_key else {}
        self._http = httpx.AsyncClient(headers=headers, timeout=ANSWER_WITHIN, trust_env=False)
        self._all = [Server(url, connect(url)) for url in settings.vl_server_url]
        self._line: deque[asyncio.Future[Server]] = deque()
        self._watch: asyncio.Task[None] | None = None

    @property
    def unavailable_reason(self) -> str | None:
        """Why no server can be asked; None where one can."""
        unavailable_reasons = [
            server.unavailable_reason for server in self._all if server.unavailable_reason is not None
        ]
        return " ".join(unavailable_reasons) if len(unavailable_reasons) == len(self._all) else None

    async def start(self) -> None:
        """Looks at the servers, and from then on every LOOK_EVERY seconds."""
        await self.look()
        self._watch = asyncio.create_task(self._look_often())

    async def close(self) -> None:
        if self._watch is not None:
            self._watch.cancel()
            await asyncio.gather(self._watch, return_exceptions=True)
        await self._http.aclose()
        closings = (asyncio.to_thread(server.client.close) for server in self._all)  # each waits for PaddleX's own loop
        await asyncio.gather(*closings, return_exceptions=True)

    @contextlib.asynccontextmanager
    async def place(self) -> AsyncIterator[Server]:
        """A place at the server that has the least to do; waits, in turn, while none can take a request."""
        server = await self._take()
        try:
            yield server
        finally:
            server.in_flight -= 1
            self._serve()

    async def look(self) -> None:
        """Finds out how the servers are."""
        await asyncio.gather(*(self.look_at(server) for server in self._all))

    async def look_at(self, server: Server) -> None:
        """Finds out how the server is, unless that was done within the last second."""
        async with server.looking:
            now = time.monotonic()
            if now - server.looked_at > 1:
                unavailable_reason = await self._examine(server)
                server.looked_at = time.monotonic()
                server.found(unavailable_reason, wanted=bool(self._line))
                self._serve()

    async def _look_often(self) -> None:
        while True:
            await asyncio.sleep(LOOK_EVERY)
            await self.look()

    async def _examine(self, server: Server) -> str | None:
        """What is wrong with the server, as a sentence."""
        where = f"The VLM server at {server.shown}"
        try:
            health = await self._http.get(server.url.removesuffix("/v1") + "/health")
            if health.status_code >= 500:
                return f"{where} is unhealthy: it answers {health.status_code} at /health."
            answer = await self._http.get(server.url + "/models")
        except httpx.TimeoutException:
            if time.monotonic() - server.answered_at < BUSY_FOR:
                return server.unavailable_reason
            return f"{where} did not answer within {ANSWER_WITHIN:g} s."
        except httpx.HTTPError as error:
            return f"{where} does not answer ({type(error).__name__}): start it, or correct VL_SERVER_URL."
        if answer.status_code in (401, 403):
            return f"{where} denies access with {answer.status_code}: set VL_API_KEY to its key."
        if answer.status_code >= 500:
            return f"{where} is unhealthy: it answers {answer.status_code} at /models."
        names = _names(answer)
        if names is not None and self._name not in names:
            served = ", ".join(names[:5]) or "no model"
            return f"{where} serves {served}, not {self._name}: start it with that model, or set MODEL or MODEL_NAME."
        return None

    async def _take(self) -> Server:
        turn = asyncio.get_running_loop().create_future()
        self._line.append(turn)
        self._serve()
        try:
            server: Server = await turn
            return server
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():  # it came at the same moment
                turn.result().in_flight -= 1
                self._serve()
            raise

    def _serve(self) -> None:
        while self._line:
            able = [server for server in self._all if server.has_room(self._limit)]
            if not able:
                return
            turn = self._line.popleft()
            if not turn.done():
                server = min(able, key=lambda one: one.in_flight)
                server.in_flight += 1
                turn.set_result(server)


def _names(answer: httpx.Response) -> list[str] | None:
    """The models that the server lists; None where it lists none in OpenAI's way."""
    try:
        return [str(model["id"]) for model in answer.json()["data"]]
    except (ValueError, TypeError, KeyError):
        return None
