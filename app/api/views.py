"""What clients see of a job."""

from datetime import datetime, timezone
from typing import Any, TypedDict

from app.jobs.models import Job, PageDone, Priority, Status


class _JobView(TypedDict):
    job_id: str
    status: str
    engine: str
    priority: Priority
    pages_done: int
    pages_total: int | None
    percent: int | None
    eta: str | None
    attempts: int
    created_at: str
    started_at: str | None
    finished_at: str | None
    expires_at: str | None


class JobView(_JobView, total=False):
    """The state of a job, as app/api/schemas/jobs.py describes it."""

    error: dict[str, str]
    metadata: Any
    note: str


class PageView(TypedDict):
    """A page that is done."""

    job_id: str
    page: int
    error: str | None
    pages_done: int
    pages_total: int


def job_view(job: Job, note: str | None = None) -> JobView:
    """`note` says why the job is waiting."""
    view = JobView(
        job_id=job.id,
        status=job.status.value,
        engine=job.engine,
        priority=job.priority,
        pages_done=job.pages_done,
        pages_total=job.pages_total,
        percent=percent(job),
        eta=_time(eta(job)),
        attempts=job.attempts,
        created_at=iso(job.created_at),
        started_at=_time(job.started_at),
        finished_at=_time(job.finished_at),
        expires_at=_time(job.expires_at),
    )
    if job.error is not None:
        view["error"] = job.error
    if job.metadata is not None:
        view["metadata"] = job.metadata
    if note is not None:
        view["note"] = note
    return view


def page_view(event: PageDone) -> PageView:
    return PageView(
        job_id=event.job, page=event.page, error=event.error, pages_done=event.done, pages_total=event.total
    )


def percent(job: Job) -> int | None:
    """The share of its pages that are done; None before they are counted."""
    return None if job.pages_total is None else job.pages_done * 100 // job.pages_total


def eta(job: Job) -> float | None:
    """Estimated completion time in epoch seconds, from the pace of the pages so far, waits included.

    None unless the job is running and a page of this run is done.
    """
    if job.status is not Status.RUNNING or job.pages_total is None or job.pages_since is None:
        return None
    done = job.pages_done - job.pages_from
    if done <= 0:
        return None
    spent = job.read_at - job.pages_since
    return job.read_at + spent / done * (job.pages_total - job.pages_done)


def iso(seconds: float) -> str:
    """UTC time of an epoch in seconds, as in 2026-01-31T12:00:00.123456Z."""
    return datetime.fromtimestamp(seconds, timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _time(seconds: float | None) -> str | None:
    return None if seconds is None else iso(seconds)
