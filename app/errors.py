"""Every error a user can meet.

    ServiceError
    ├── RequestError                    answered to the HTTP request that caused it
    │   ├── BadRequest                  400  invalid_request
    │   ├── Forbidden                   403  forbidden
    │   ├── InvalidRequest              422  invalid_request, page_range_invalid
    │   ├── UnknownEngine               422  engine_unknown
    │   ├── IdempotencyConflict         422  idempotency_conflict
    │   ├── NotFound                    404  not_found
    │   ├── TooSlow                     408  invalid_request
    │   ├── NotNow                      409  invalid_request, or the code of the job's error
    │   ├── Gone                        410  gone
    │   ├── TooLarge                    413  too_large
    │   ├── UnsupportedMedia            415  invalid_request
    │   ├── Misdirected                 421  invalid_request
    │   ├── NotADocument                415  not_a_document
    │   ├── QueueFull                   503  queue_full
    │   ├── StorageUnavailable          503  storage_unavailable
    │   └── Internal                    500  internal
    └── JobError                        kept in the job's `error`
        ├── FetchError                  fetch_refused, fetch_failed, fetch_status, fetch_timeout, fetch_too_large
        ├── DocumentError               not_a_document, document_invalid, document_encrypted, document_empty,
        │                               document_crashed, too_many_pages, page_range_invalid
        ├── EngineError                 engine_unavailable, engine_failed
        ├── PageError                   page_failed, page_timeout, deadline_exceeded
        └── WorkerError                 worker_crashed, storage_unavailable, internal

Each carries a stable `code` and a message that says what happened and what to do. Over HTTP it becomes an
RFC 9457 problem+json document; in a job it is stored as `{code, message}`.
"""

from http import HTTPStatus
from typing import Any, ClassVar

from app.strict_json import replace_surrogates


class ServiceError(Exception):
    """Base of all of them: a stable `code`, a `message` for people, and whether another attempt may do better."""

    code: str = "internal"

    def __init__(self, message: str, *, code: str | None = None, retryable: bool = False) -> None:
        super().__init__(message)
        self.message = replace_surrogates(message)  # it may quote a document
        self.retryable = retryable
        if code is not None:
            self.code = code

    def to_dict(self) -> dict[str, str]:
        return {"code": self.code, "message": self.message}


_RENAMED = {413: "Content Too Large", 422: "Unprocessable Content"}
"""Names of RFC 9110 that Python has from 3.13 on."""


def title(status: int) -> str:
    """The name of an HTTP status, the same on every Python."""
    return _RENAMED.get(status) or HTTPStatus(status).phrase


class RequestError(ServiceError):
    """A request that is rejected, with its HTTP `status`."""

    status: ClassVar[int] = 400
    headers: ClassVar[dict[str, str]] = {}

    def problem(self) -> dict[str, Any]:
        """The RFC 9457 body."""
        return {
            "type": "about:blank",
            "title": title(self.status),
            "status": self.status,
            "code": self.code,
            "detail": self.message,
        }


class BadRequest(RequestError):
    """The form is malformed."""

    code = "invalid_request"
    status = 400


class InvalidRequest(RequestError):
    """The request is malformed, or a value in it is invalid."""

    code = "invalid_request"
    status = 422


class UnknownEngine(RequestError):
    """The request names an unknown engine."""

    code = "engine_unknown"
    status = 422


class IdempotencyConflict(RequestError):
    """The idempotency key belongs to a different request."""

    code = "idempotency_conflict"
    status = 422


class NotFound(RequestError):
    """No such job, page, image or path."""

    code = "not_found"
    status = 404


class NotNow(RequestError):
    """The request is not possible in the state of the job."""

    code = "invalid_request"
    status = 409


class Gone(RequestError):
    """The job has expired or was deleted."""

    code = "gone"
    status = 410


class Forbidden(RequestError):
    """The request comes from a web page, or to an address, that is not allowed."""

    code = "forbidden"
    status = 403


class Misdirected(RequestError):
    """The header Host names another server."""

    code = "invalid_request"
    status = 421


class TooSlow(RequestError):
    """The request body is sent too slowly, or not at all."""

    code = "invalid_request"
    status = 408
    headers: ClassVar[dict[str, str]] = {"Connection": "close"}


class TooLarge(RequestError):
    """The request body is too large."""

    code = "too_large"
    status = 413


class UnsupportedMedia(RequestError):
    """The request body is neither JSON nor multipart/form-data."""

    code = "invalid_request"
    status = 415


class NotADocument(RequestError):
    """The uploaded file is none of the supported formats."""

    code = "not_a_document"
    status = 415


class QueueFull(RequestError):
    """The queue is full: MAX_QUEUED_JOBS jobs wait or run."""

    code = "queue_full"
    status = 503
    headers: ClassVar[dict[str, str]] = {"Retry-After": "30"}

    def __init__(self, message: str = "The queue is full: MAX_QUEUED_JOBS jobs wait or run. Try again later.") -> None:
        super().__init__(message)


class StorageUnavailable(RequestError):
    """Redis or blob storage is unavailable."""

    code = "storage_unavailable"
    status = 503
    headers: ClassVar[dict[str, str]] = {"Retry-After": "2"}


class Internal(RequestError):
    """A bug of the service; its log has the details."""

    code = "internal"
    status = 500


class JobError(ServiceError):
    """A job failed, or a page of it."""


class FetchError(JobError):
    """The document's URL could not be downloaded."""

    code = "fetch_failed"


class DocumentError(JobError):
    """The document itself is the problem."""

    code = "document_invalid"


class EngineError(JobError):
    """The engine failed or is unavailable."""

    code = "engine_failed"


class PageError(JobError):
    """One page failed; the other pages are not affected."""

    code = "page_failed"


class WorkerError(JobError):
    """A fault on the worker's side."""

    code = "worker_crashed"
