"""How the store keeps jobs: the only place in Python that knows the names in their records and events.

Records of every version that may still be in the store are read, so names never change. The scripts keep further fields
of their own in a job's record: `slices` and `slices_open`, how many it has and how many have not ended; `page_seconds`,
what its pages took so far; `idempotency`, the digest of its key.
"""

import json
import logging
from collections.abc import Mapping
from typing import Any, cast

from app.jobs.models import Job, JobEvent, PageDone, Priority, Slice, Status, StatusChanged
from app.jobs.principal import ANONYMOUS
from app.strict_json import clean

log = logging.getLogger(__name__)

SCHEMA = 1
"""Version of every record and queue entry; raised when their fields change meaning."""


def encode_job(job: Job) -> dict[str, str]:
    """The record of a new job; the script that accepts it adds `created_at`."""
    values = {
        "schema": SCHEMA,
        "id": job.id,
        "status": job.status.value,
        "engine": job.engine,
        "client": job.client,
        "priority": job.priority,
        "pdf_url": job.pdf_url,
        "fetch_from": job.host,
        "callback_url": job.callback_url,
        "page_ranges": job.page_ranges,
        "options": json.dumps(job.options) if job.options else None,
        "metadata": None if job.metadata is None else json.dumps(job.metadata),
        "confided": 1 if job.has_secrets else None,
        "request_id": job.request_id,
        "slices_open": 1,
    }
    return {name: str(value) for name, value in values.items() if value is not None}


def decode_job(record: Mapping[str, str], read_at: float) -> Job:
    """The job of a record as it was at `read_at`. Raises KeyError, TypeError or ValueError for one that is damaged."""

    def number(name: str) -> float | None:
        return float(record[name]) if name in record else None

    return Job(
        id=record["id"],
        status=Status(record["status"]),
        engine=record["engine"],
        created_at=float(record["created_at"]),
        client=record.get("client", ANONYMOUS.client),
        priority=cast(Priority, record.get("priority", "normal")),
        pdf_url=record.get("pdf_url"),
        fetch_from=record.get("fetch_from"),
        callback_url=record.get("callback_url"),
        page_ranges=record.get("page_ranges"),
        options=json.loads(record.get("options", "{}")),
        metadata=clean(json.loads(record["metadata"])) if "metadata" in record else None,
        has_secrets="confided" in record,
        request_id=record.get("request_id"),
        pages_done=int(record.get("pages_done", 0)),
        pages_total=int(record["pages_total"]) if "pages_total" in record else None,
        pages_since=number("pages_since"),
        pages_from=int(record.get("pages_from", 0)),
        page_errors=int(record.get("page_errors", 0)),
        slice_pages=int(record["slice_pages"]) if "slice_pages" in record else None,
        attempts=int(record.get("attempts", 0)),
        started_at=number("started_at"),
        finished_at=number("finished_at"),
        expires_at=number("expires_at"),
        error={"code": record["error_code"], "message": record["error_message"]} if "error_code" in record else None,
        read_at=read_at,
    )


def read_job(record: object, read_at: float) -> Job | None:
    """The job of a record; None where there is none, or one that others have made unreadable."""
    if not isinstance(record, Mapping) or not record:
        return None
    try:
        return decode_job(record, read_at)
    except (KeyError, TypeError, ValueError) as error:
        log.error("the record of job %.40s cannot be read: %r", record.get("id"), error)
        return None


def decode_slice(slice_id: str, record: Mapping[str, Any], job: Job) -> Slice:
    """A claimed slice of `job`. Raises KeyError, TypeError or ValueError for a record that is damaged."""
    return Slice(
        id=slice_id,
        schema=int(record.get("schema", 0)),
        fence=int(record["fence"]),
        execution=record["execution"],
        attempts=int(record.get("attempts", 0)),
        crashes=int(record.get("crashes", 0)),
        job=job,
    )


def decode_event(event_id: str, fields: Mapping[str, str]) -> JobEvent | None:
    """An entry of the stream; None for one that this version does not know."""
    try:
        if fields["type"] == "status":
            return StatusChanged(event_id, fields["job"], Status(fields["status"]))
        if fields["type"] == "page":
            page, done, total = int(fields["page"]), int(fields["done"]), int(fields["total"])
            return PageDone(event_id, fields["job"], page, fields["error"] or None, done, total)
    except (KeyError, ValueError) as error:
        log.error("event %s cannot be read: %r", event_id, error)
    return None
