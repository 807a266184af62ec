"""Every error a user can meet.

    ServiceError
    ├── RequestError                    answered to the HTTP request that caused it
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

Each carries a stable `code` and a sentence that says what happened and what to do. Over HTTP it becomes an
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


class RequestError(ServiceError):
    """A request that is refused, with its HTTP `status`."""

    status: ClassVar[int] = 400
    headers: ClassVar[dict[str, str]] = {}

    def problem(self) -> dict[str, Any]:
        """The RFC 9457 body."""
        return {
            "type": "about:blank",
            "title": HTTPStatus(self.status).phrase,
            "status": self.status,
            "code": self.code,
            "detail": self.message,
        }


class InvalidRequest(RequestError):
    """The request is malformed, or a value in it cannot be right."""

    code = "invalid_request"
    status = 422


class UnknownEngine(RequestError):
    """The request names an engine this service does not have."""

    code = "engine_unknown"
    status = 422


class IdempotencyConflict(RequestError):
    """The idempotency key was used before, for a different request."""

    code = "idempotency_conflict"
    status = 422


class NotFound(RequestError):
    """No such job, page, image or route."""

    code = "not_found"
    status = 404


class NotNow(RequestError):
    """The job is in no state for it."""

    code = "invalid_request"
    status = 409


class Gone(RequestError):
    """The job existed, and has expired or was removed."""

    code = "gone"
    status = 410


class Forbidden(RequestError):
    """The request comes from where none may come from."""

    code = "forbidden"
    status = 403


class Misdirected(RequestError):
    """The request's Host names another server."""

    code = "invalid_request"
    status = 421


class TooSlow(RequestError):
    """The body of the request comes too slowly, or not at all."""

    code = "invalid_request"
    status = 408
    headers: ClassVar[dict[str, str]] = {"Connection": "close"}


class TooLarge(RequestError):
    """The request's body is over `MAX_FILE_MB`."""

    code = "too_large"
    status = 413


class UnsupportedMedia(RequestError):
    """The body is neither JSON nor multipart/form-data."""

    code = "invalid_request"
    status = 415


class NotADocument(RequestError):
    """The uploaded file is of no kind that is read."""

    code = "not_a_document"
    status = 415


class QueueFull(RequestError):
    """`MAX_QUEUED_JOBS` jobs wait or run."""

    code = "queue_full"
    status = 503
    headers: ClassVar[dict[str, str]] = {"Retry-After": "30"}

    def __init__(self, message: str = "As many jobs wait or run as MAX_QUEUED_JOBS allows: try again later.") -> None:
        super().__init__(message)


class StorageUnavailable(RequestError):
    """Redis or the blob store does not answer."""

    code = "storage_unavailable"
    status = 503
    headers: ClassVar[dict[str, str]] = {"Retry-After": "2"}


class Internal(RequestError):
    """A fault of ours; the log has the details under the request's id."""

    code = "internal"
    status = 500


class JobError(ServiceError):
    """A job, or a page of one, that cannot be done."""


class FetchError(JobError):
    """The document's URL could not be downloaded."""

    code = "fetch_failed"


class DocumentError(JobError):
    """The document itself is the problem."""

    code = "document_invalid"


class EngineError(JobError):
    """The OCR engine failed or is not there."""

    code = "engine_failed"


class PageError(JobError):
    """One page failed; its neighbours go on."""

    code = "page_failed"


class WorkerError(JobError):
    """A fault on the worker's side."""

    code = "worker_crashed"
