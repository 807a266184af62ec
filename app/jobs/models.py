"""The job's record as the store keeps it, and as clients see it."""

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from enum import Enum
from typing import Any, Literal, cast
from urllib.parse import urlsplit

from app.jobs.principal import ANONYMOUS
from app.strict_json import clean

log = logging.getLogger(__name__)

SCHEMA = 1
"""Version of every record and queue entry; raised when their fields change meaning."""


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


def iso(seconds: float) -> str:
    """UTC time of an epoch in seconds, as in 2026-01-31T12:00:00.123456Z (RQ's format, too)."""
    return datetime.fromtimestamp(seconds, timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


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

    @property
    def percent(self) -> int | None:
        """How much of it is done; None before its pages are counted."""
        return None if self.pages_total is None else self.pages_done * 100 // self.pages_total

    @property
    def eta(self) -> float | None:
        """When its pages will be done if all goes on as it went so far, waits included; None while nothing is known."""
        if self.status is not Status.RUNNING or self.pages_total is None or self.pages_since is None:
            return None
        done = self.pages_done - self.pages_from
        if done <= 0:
            return None
        spent = self.read_at - self.pages_since
        return self.read_at + spent / done * (self.pages_total - self.pages_done)

    def to_fields(self) -> dict[str, str]:
        """The store's hash of a new job."""
        values = {
            "schema": SCHEMA,
            "id": self.id,
            "status": self.status.value,
            "engine": self.engine,
            "client": self.client,
            "priority": self.priority,
            "pdf_url": self.pdf_url,
            "fetch_from": self.host,
            "callback_url": self.callback_url,
            "page_ranges": self.page_ranges,
            "options": json.dumps(self.options) if self.options else None,
            "metadata": None if self.metadata is None else json.dumps(self.metadata),
            "confided": 1 if self.has_secrets else None,
            "request_id": self.request_id,
            "slices_open": 1,
        }
        return {name: str(value) for name, value in values.items() if value is not None}

    @classmethod
    def from_fields(cls, fields: Mapping[str, str], read_at: float) -> "Job":
        def number(name: str) -> float | None:
            return float(fields[name]) if name in fields else None

        error = {"code": fields["error_code"], "message": fields["error_message"]} if "error_code" in fields else None
        return cls(
            id=fields["id"],
            status=Status(fields["status"]),
            engine=fields["engine"],
            created_at=float(fields["created_at"]),
            client=fields.get("client", ANONYMOUS.client),
            priority=cast(Priority, fields.get("priority", "normal")),
            pdf_url=fields.get("pdf_url"),
            fetch_from=fields.get("fetch_from"),
            callback_url=fields.get("callback_url"),
            page_ranges=fields.get("page_ranges"),
            options=json.loads(fields.get("options", "{}")),
            metadata=clean(json.loads(fields["metadata"])) if "metadata" in fields else None,
            has_secrets="confided" in fields,
            request_id=fields.get("request_id"),
            pages_done=int(fields.get("pages_done", 0)),
            pages_total=int(fields["pages_total"]) if "pages_total" in fields else None,
            pages_since=number("pages_since"),
            pages_from=int(fields.get("pages_from", 0)),
            page_errors=int(fields.get("page_errors", 0)),
            slice_pages=int(fields["slice_pages"]) if "slice_pages" in fields else None,
            attempts=int(fields.get("attempts", 0)),
            started_at=number("started_at"),
            finished_at=number("finished_at"),
            expires_at=number("expires_at"),
            error=error,
            read_at=read_at,
        )

    @classmethod
    def read(cls, fields: Any, read_at: float) -> "Job | None":
        """The job of a record; None where there is none, or what others have made of it cannot be read."""
        if not isinstance(fields, Mapping) or not fields:
            return None
        try:
            return cls.from_fields(fields, read_at)
        except (KeyError, TypeError, ValueError) as error:
            log.error("the record of job %.40s cannot be read: %r", fields.get("id"), error)
            return None

    def to_public(self) -> dict[str, Any]:
        """What `GET /jobs/{id}` shows."""

        def time_of(seconds: float | None) -> str | None:
            return None if seconds is None else iso(seconds)

        public: dict[str, Any] = {
            "job_id": self.id,
            "status": self.status.value,
            "engine": self.engine,
            "priority": self.priority,
            "pages_done": self.pages_done,
            "pages_total": self.pages_total,
            "percent": self.percent,
            "eta": time_of(self.eta),
            "attempts": self.attempts,
            "created_at": iso(self.created_at),
            "started_at": time_of(self.started_at),
            "finished_at": time_of(self.finished_at),
            "expires_at": time_of(self.expires_at),
        }
        if self.error is not None:
            public["error"] = self.error
        if self.metadata is not None:
            public["metadata"] = self.metadata
        return public


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
