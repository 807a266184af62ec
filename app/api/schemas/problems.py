"""Errors: problem documents, and the error of a job or of a page."""

import inspect
from collections import defaultdict
from typing import Any, TypeAlias

from pydantic import Field

from app.api.schemas.base import Schema
from app.errors import Gone, NotFound, RequestError, StorageUnavailable
from app.jobs.access import EXPIRED

PROBLEM_CODES = {
    "invalid_request": "the request is malformed, or not possible in the job's state",
    "page_range_invalid": "`page_ranges` is malformed, or selects a page that the document does not have",
    "engine_unknown": "the engine is unknown",
    "idempotency_conflict": "the idempotency key belongs to another request",
    "not_a_document": "the file is none of the supported formats",
    "too_large": "the request body is too large",
    "forbidden": "the request comes from a web page or to an address that is not allowed",
    "not_found": "no such job, page, image or path",
    "gone": "the job has expired or was deleted",
    "queue_full": "too many jobs wait or run; retry later",
    "storage_unavailable": "Redis or blob storage is unavailable; retry later",
    "internal": "a bug of the service; its log has the details",
}
"""Codes of problem documents. One about a job that failed has the code of the job's error."""

JOB_CODES = {
    "fetch_refused": "the address of the document is not allowed",
    "fetch_failed": "the download failed",
    "fetch_status": "the server of the document answered with an error",
    "fetch_timeout": "the download took longer than FETCH_TIMEOUT",
    "fetch_too_large": "the document is larger than MAX_FILE_MB",
    "not_a_document": PROBLEM_CODES["not_a_document"],
    "document_invalid": "the document is damaged",
    "document_encrypted": "the document needs a password, or another one",
    "document_empty": "the document has no pages",
    "document_crashed": "the document crashed the process that reads it",
    "too_many_pages": "more pages are selected than MAX_PAGES",
    "page_range_invalid": PROBLEM_CODES["page_range_invalid"],
    "engine_unavailable": "the engine is unavailable",
    "engine_failed": "the engine failed",
    "page_failed": "the page could not be read",
    "page_timeout": "the page took more CPU time than PAGE_TIMEOUT, or made no progress for as long",
    "deadline_exceeded": "the document took longer than DOCUMENT_TIMEOUT",
    "worker_crashed": "the worker crashed on this job several times",
    "storage_unavailable": PROBLEM_CODES["storage_unavailable"],
    "canceled": "the job was canceled",
    "internal": PROBLEM_CODES["internal"],
}
"""Codes of the errors of jobs and pages."""

_STABLE = "Error code, stable across releases. Later releases may add codes: "


def _listed(codes: dict[str, str]) -> str:
    return _STABLE + "; ".join(f"`{code}` ({meaning})" for code, meaning in codes.items()) + "."


class JobError(Schema):
    """Why a job or a page failed, or that the job was canceled."""

    code: str = Field(description=_listed(JOB_CODES), pattern="^[a-z_]+$")
    message: str = Field(description="What happened and what to do about it, for people.")


class Problem(Schema):
    """An error, as RFC 9457 defines it, with a stable `code`."""

    type: str = Field(description="Always `about:blank`: `code` tells errors apart.")
    title: str = Field(description="The name of the HTTP status.")
    status: int = Field(ge=400, le=599, description="The HTTP status.")
    code: str = Field(
        description=_listed(PROBLEM_CODES) + " An answer with status 409 about a failed job has the code of its error.",
        pattern="^[a-z_]+$",
    )
    detail: str = Field(description="What happened and what to do about it, for people.")


UNKNOWN_JOB = NotFound("There is no such job.")
EXPIRED_JOB = Gone(EXPIRED)
STORE_AWAY = StorageUnavailable("Redis is unavailable: it does not answer. Try again shortly.")
PROBLEM_TYPE = "application/problem+json"

Responses: TypeAlias = dict[int | str, dict[str, Any]]
"""Answers by their status, as FastAPI's decorators take them."""

_HEADERS = {
    "Retry-After": {"description": "Seconds to wait before the next try.", "schema": {"type": "integer"}},
    "Connection": {"description": "The service closes the connection.", "schema": {"type": "string"}},
}


def problems(*errors: RequestError) -> Responses:
    """The answers that these errors lead to. Each error is an example of its answer."""
    by_status: dict[int, list[RequestError]] = defaultdict(list)
    for error in errors:
        by_status[error.status].append(error)
    return {status: _problem(found) for status, found in by_status.items()}


def _problem(errors: list[RequestError]) -> dict[str, Any]:
    kinds = dict.fromkeys(type(error) for error in errors)
    headers = {name: _HEADERS[name] for kind in kinds for name in kind.headers}
    examples: dict[str, Any] = {}
    for error in errors:
        name = error.code if error.code not in examples else f"{error.code}_{len(examples) + 1}"
        examples[name] = {"value": error.problem()}
    content = {"schema": {"$ref": "#/components/schemas/Problem"}, "examples": examples}
    return {
        "description": " ".join((inspect.getdoc(kind) or "").partition("\n\n")[0] for kind in kinds),
        "content": {PROBLEM_TYPE: content},
    } | ({"headers": headers} if headers else {})
