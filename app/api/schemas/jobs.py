"""Jobs: accepted, as they are, and listed; and what happens to them, as server-sent events."""

from datetime import datetime
from typing import Literal

from pydantic import Field, Json, JsonValue, RootModel

from app.api.schemas.base import METADATA, Absent, JobId, Schema
from app.api.schemas.problems import JobError
from app.jobs.models import Priority, Status


class JobAccepted(Schema):
    """A job's id and its status at the time of the answer."""

    job_id: JobId
    status: Status = Field(description="The job's status.")


class Job(Schema):
    """The state of a job. All times are UTC."""

    job_id: JobId
    status: Status = Field(description="The job's status. `finished`, `failed` and `canceled` are final.")
    engine: str = Field(description="The engine that reads the document: `pp_ocr` or `paddleocr_vl`.")
    priority: Priority = Field(description="The priority of the request.")
    pages_done: int = Field(ge=0, description="Number of pages that are done, including pages that failed.")
    pages_total: int | None = Field(
        ge=0, description="Number of pages selected by `page_ranges`; null until the document has been opened."
    )
    percent: int | None = Field(
        ge=0, le=100, description="Share of the pages that are done, in percent; null until `pages_total` is known."
    )
    eta: datetime | None = Field(
        description="Estimated completion time, from the pace of the pages so far; null unless the job is running and "
        "at least one page is done."
    )
    attempts: int = Field(
        ge=0, description="Number of runs that ended in a retryable error. Restarts of a worker do not count."
    )
    created_at: datetime = Field(description="When the job was accepted.")
    started_at: datetime | None = Field(description="When a worker first claimed the job; null before.")
    finished_at: datetime | None = Field(description="When the job reached its final status; null before.")
    expires_at: datetime | None = Field(
        description="When the job and all its data will be deleted: RESULT_TTL after its end; null before its end."
    )
    error: Absent[JobError] = Field(None, description="Why the job failed or was canceled. Absent otherwise.")
    metadata: JsonValue = Field(None, description=METADATA)
    note: Absent[str] = Field(None, description="Why the job is waiting, for people. Only in `GET /jobs/{job_id}`.")


class JobList(Schema):
    """One page of the list of jobs, the newest job first."""

    jobs: list[Job] = Field(description="At most `limit` jobs. The list may be short, or empty, before the last page.")
    next_cursor: str | None = Field(description="The `cursor` of the next page; null on the last page.")


class PageDone(Schema):
    """A page is done. Pages may be done in any order."""

    job_id: JobId
    page: int = Field(ge=1, description="Page number in the document, counted from 1.")
    error: str | None = Field(description="Error code if the page failed; null if it succeeded.")
    pages_done: int = Field(ge=0, description="Number of pages that are done, including pages that failed.")
    pages_total: int = Field(ge=0, description="Number of pages selected by `page_ranges`.")


EVENT_ID = "Id of the event, for the header Last-Event-ID. Absent if the event only repeats the current state."


class StatusEvent(Schema):
    """The job's status changed. The first event of a stream is the job's current state."""

    event: Literal["status"]
    id: Absent[str] = Field(None, description=EVENT_ID)
    data: Json[Job] = Field(description="The job, as JSON on one line.")


class PageEvent(Schema):
    """A page is done."""

    event: Literal["page"]
    id: Absent[str] = Field(None, description=EVENT_ID)
    data: Json[PageDone] = Field(description="The page and the job's progress, as JSON on one line.")


class JobEvent(RootModel[StatusEvent | PageEvent]):
    """One event of the stream."""
