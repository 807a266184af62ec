"""Jobs, their slices, and what happens to them."""

from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Literal, TypeAlias
from urllib.parse import urlsplit

from app.jobs.principal import ANONYMOUS


class Status(str, Enum):
    """A job's life: queued → running → finished, failed or canceled."""

    QUEUED = "queued"
    RUNNING = "running"
    FINISHED = "finished"
    FAILED = "failed"
    CANCELED = "canceled"


Priority = Literal["high", "normal", "low"]
RANK: dict[Priority, int] = {"high": 0, "normal": 1, "low": 2}

ENDED = frozenset({Status.FINISHED, Status.FAILED, Status.CANCELED})


@dataclass(frozen=True)
class Job:
    """One accepted document, as it was at `read_at`. Times are epoch seconds of the store's clock; `created_at` is set
    when the job is accepted. `attempts` counts runs that ended in an error of their own.

    `fetch_from` is the server that its document is still to come from, as far as the store knows.

    `has_secrets`: it came with headers or a password, which are forgotten once they are used.

    `request_id` is the X-Request-Id of its submission, which the log lines of workers and callbacks carry.

    Its slices, once it is prepared, are of `slice_pages` pages each. It has been at its pages since `pages_since`, when
    `pages_from` of them were there already; `page_errors` of them ended with an error.
    """

    id: str
    status: Status
    engine: str
    created_at: float = 0.0
    client: str = ANONYMOUS.client
    priority: Priority = "normal"
    pdf_url: str | None = None
    fetch_from: str | None = None
    callback_url: str | None = None
    page_ranges: str | None = None
    options: dict[str, Any] = field(default_factory=dict)
    metadata: Any = None
    has_secrets: bool = False
    request_id: str | None = None
    pages_done: int = 0
    pages_total: int | None = None
    pages_since: float | None = None
    pages_from: int = 0
    page_errors: int = 0
    slice_pages: int | None = None
    attempts: int = 0
    started_at: float | None = None
    finished_at: float | None = None
    expires_at: float | None = None
    error: dict[str, str] | None = None
    read_at: float = 0.0

    @property
    def ended(self) -> bool:
        return self.status in ENDED

    @property
    def expired(self) -> bool:
        return self.expires_at is not None and self.expires_at <= self.read_at

    @property
    def host(self) -> str | None:
        """The server of its document; None for an upload."""
        if self.pdf_url is None:
            return None
        try:
            return urlsplit(self.pdf_url).hostname or "?"
        except ValueError:
            return "?"


@dataclass(frozen=True)
class Slice:
    """A claimed piece of a job, {job id}-{number}: the unit of lease and retry. `fence` rises at every claim and
    limits nothing.

    `attempts` counts runs that ended in a retryable error of their own, `crashes` the deaths of an engine host that it
    was there at.
    """

    id: str
    schema: int
    fence: int
    execution: str
    attempts: int
    crashes: int
    job: Job

    @property
    def number(self) -> int:
        return int(self.id.rpartition("-")[2])


@dataclass(frozen=True)
class StatusChanged:
    """A job has another status. `id` is that of the event, in the order of the stream."""

    id: str
    job: str
    status: Status


@dataclass(frozen=True)
class PageDone:
    """Page `page` of a job is done, or failed with the code `error`; `done` pages of `total` are."""

    id: str
    job: str
    page: int
    error: str | None
    done: int
    total: int


JobEvent: TypeAlias = StatusChanged | PageDone
