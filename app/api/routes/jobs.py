"""Jobs after their submission: their state, result, pages and images, for as long as they are kept."""

import asyncio
import base64
import json
import math
import mimetypes
import re
from datetime import datetime, timezone
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import Response, StreamingResponse

from app.api.dependencies import Caller, Context, Shared
from app.api.responses import Answer
from app.errors import Gone, InvalidRequest, NotFound, NotNow, QueueFull
from app.jobs.models import Job, Status
from app.jobs.secrets import forget
from app.results.models import Outcome, forget_failed_pages, outcome_head, result_markdown, result_zip

router = APIRouter(tags=["jobs"])

JOB_ID = re.compile(r"[0-9a-f]{32}")
IMAGE_NAME = re.compile(r"\w[\w.-]{0,199}", re.ASCII)
PAGES_MAX = 9_999_999

GONE = "The job and its result have expired or were removed; RESULT_TTL says how long they are kept."

Wait = Annotated[float, Query(ge=0, le=30, description="Seconds to wait for the job's end before answering.")]
Format = Annotated[
    Literal["json", "md", "zip"], Query(description="The result as JSON, as markdown, or as a ZIP with its images.")
]


@router.get("/jobs")
async def listing(
    shared: Shared,
    caller: Caller,
    status: Annotated[list[Status] | None, Query(description="Only jobs in one of these states.")] = None,
    engine: Annotated[str | None, Query(description="Only jobs of this engine.")] = None,
    created_after: Annotated[datetime | None, Query(description="Only jobs that came at this time or later.")] = None,
    created_before: Annotated[datetime | None, Query(description="Only jobs that came before this time.")] = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
    cursor: Annotated[str | None, Query(description="`next_cursor` of the answer before.")] = None,
) -> dict[str, Any]:
    """Jobs that have not expired, latest first. `next_cursor` leads on; it is null at the end.

    A page may be short, or empty, and still lead on: jobs that have just expired are left out.
    """
    before = _read_cursor(cursor) if cursor is not None else None
    if created_before is not None:
        bound = (_seconds(created_before), "")
        before = bound if before is None else min(before, bound)
    since = _seconds(created_after) if created_after is not None else 0.0
    found, last = await shared.jobs.list_page(
        caller.client, statuses=status or (), engine=engine, before=before, created_after=since, limit=limit
    )
    return {"jobs": [job.to_public() for job in found], "next_cursor": _cursor(*last) if last else None}


def _cursor(created_at: float, job_id: str) -> str:
    return base64.urlsafe_b64encode(f"{created_at!r}~{job_id}".encode()).decode()


def _seconds(at: datetime) -> float:
    """Epoch seconds; a time without a zone is UTC."""
    return ((at if at.tzinfo else at.replace(tzinfo=timezone.utc)) - _EPOCH).total_seconds()


_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


def _read_cursor(cursor: str) -> tuple[float, str]:
    try:
        created_at, _, job_id = base64.urlsafe_b64decode(cursor.encode()).decode().partition("~")
        if math.isfinite(at := float(created_at)) and JOB_ID.fullmatch(job_id):
            return at, job_id
    except ValueError:
        pass
    raise InvalidRequest("cursor is not one of ours: take next_cursor from the answer before.")


@router.get("/jobs/{job_id}")
async def job(job_id: str, shared: Shared, request: Request, wait: Wait = 0) -> dict[str, Any]:
    """The job's state; with `wait`, as soon as it has ended."""
    found = await _find_ended(shared, request, job_id, wait)
    public = found.to_public()
    if found.status is Status.QUEUED and found.engine not in await shared.engines.live():
        public["note"] = f"Waiting for a worker with the engine {found.engine}; none is alive."
    elif not found.ended and (unavailable_reason := (await shared.engines.unavailable_reasons()).get(found.engine)):
        public["note"] = f"Waiting: {unavailable_reason}"
    return public


@router.delete("/jobs/{job_id}", responses={204: {"description": "An ended job, now removed."}})
async def delete(job_id: str, shared: Shared) -> Response:
    """Cancels a job that has not ended; removes one that has, with all that is stored of it."""
    found = await find_job(shared, job_id)
    if not found.ended:
        if await shared.jobs.cancel(found.id):
            await asyncio.to_thread(forget, shared.blobs.job(found.id))
        found = await find_job(shared, job_id)  # it may just have ended by itself: then it stays
        return Answer({"job_id": found.id, "status": found.status.value})
    if await shared.jobs.expire(found.id, early=True):
        await asyncio.to_thread(shared.blobs.job(found.id).delete)
        await shared.jobs.forget_expired(found.id)
    return Response(status_code=204)


@router.post("/jobs/{job_id}/retry", status_code=202)
async def retry(job_id: str, shared: Shared) -> dict[str, str]:
    """Runs an ended job again for what failed in it; its good pages stay."""
    found = await find_job(shared, job_id)
    source = shared.blobs.job(found.id).source
    if found.ended and found.has_secrets and not await asyncio.to_thread(source.exists):
        raise NotNow("The headers and the password of this job are forgotten: submit the document again.")
    if found.ended and (found.status is not Status.FINISHED or found.page_errors):
        await asyncio.to_thread(forget_failed_pages, shared.blobs.job(found.id))
    outcome = await shared.jobs.retry(found.id)
    if outcome == "open":
        raise NotNow("The job has not ended: there is nothing to retry yet.")
    if outcome == "good":
        raise NotNow("Nothing failed in this job: there is nothing to retry.")
    if outcome == "full":
        raise QueueFull
    if outcome == "gone":
        raise Gone(GONE)
    return {"job_id": found.id, "status": Status.QUEUED.value}


@router.get("/jobs/{job_id}/result", response_model=None)
async def result(job_id: str, shared: Shared, request: Request, wait: Wait = 0, format: Format = "json") -> Response:
    """The result: 202 while the job is in progress, then 200 with `result`.

    Of a job that failed or was canceled there is only JSON, 200 with its `error`; other formats are 409.
    """
    found = await _find_ended(shared, request, job_id, wait)
    if not found.ended:
        body = {"job_id": found.id, "status": found.status.value, "result": None}
        return Answer(body, status_code=202, headers={"Retry-After": "1"})
    if found.error is not None:
        if format != "json":
            message = f"The job was not finished, so there is no {format} of it: {found.error['message']}"
            raise NotNow(message, code=found.error["code"])
        return Answer(outcome_head(found))
    folder = shared.blobs.job(found.id)
    try:
        await asyncio.to_thread(folder.size, folder.result)
    except FileNotFoundError:
        raise Gone("The job has finished, but its result is no longer in the blob store.") from None
    if format == "md":
        markdown = await asyncio.to_thread(result_markdown, folder)
        return Response(markdown, media_type="text/markdown")
    if format == "zip":
        disposition = f'attachment; filename="{found.id}.zip"'
        pieces = shared.streams.of(result_zip(folder, found.finished_at or found.created_at))
        return StreamingResponse(pieces, media_type="application/zip", headers={"Content-Disposition": disposition})
    outcome = await asyncio.to_thread(Outcome, found, folder)
    return StreamingResponse(
        shared.streams.of(iter(outcome)),
        media_type="application/json",
        headers={"Content-Length": str(len(outcome))},
    )


@router.get("/jobs/{job_id}/images/{name}", response_model=None)
async def image(job_id: str, name: str, shared: Shared) -> Response:
    """One picture of the result, as it is."""
    found = await find_job(shared, job_id)
    folder = shared.blobs.job(found.id)
    try:
        if IMAGE_NAME.fullmatch(name) is None:
            raise FileNotFoundError
        data = await asyncio.to_thread(folder.read, folder.image(name))
    except FileNotFoundError:
        raise NotFound("The job has no image of that name.") from None
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    return Response(data, media_type=kind, headers={"X-Content-Type-Options": "nosniff"})


@router.get("/jobs/{job_id}/pages/{number}")
async def page(
    job_id: str, number: Annotated[int, Path(ge=1, le=PAGES_MAX)], shared: Shared, raw: bool = False
) -> dict[str, Any]:
    """One page, as soon as it is done; `provisional` while the job goes on, because the whole may still change it.

    With `raw`, what the engine itself wrote comes along, where it keeps that (paddleocr_vl).
    """
    found = await find_job(shared, job_id)
    folder = shared.blobs.job(found.id)
    try:
        data = await asyncio.to_thread(folder.read, folder.page(number))
    except FileNotFoundError:
        done = f"{found.pages_done} of {found.pages_total if found.pages_total is not None else 'its'} pages are done"
        raise NotFound(f"Page {number} of this job is not there; {done}.") from None
    stored: dict[str, Any] = json.loads(data)
    if not raw:
        stored.pop("raw", None)
    return stored | ({} if found.ended else {"provisional": True})


async def find_job(shared: Context, job_id: str) -> Job:
    """The job. Raises NotFound, Gone."""
    return _known(await shared.jobs.get(job_id) if JOB_ID.fullmatch(job_id) else None)


async def _find_ended(shared: Context, request: Request, job_id: str, seconds: float) -> Job:
    """The job, once it has ended or `seconds` have passed. Raises NotFound, Gone."""
    if not seconds or JOB_ID.fullmatch(job_id) is None:
        return await find_job(shared, job_id)
    waiting = asyncio.create_task(shared.events.wait_until_ended(shared.jobs, job_id, seconds))
    gone = asyncio.create_task(_disconnected(request))
    try:
        await asyncio.wait({waiting, gone}, return_when=asyncio.FIRST_COMPLETED)
        return _known(
            waiting.result() if waiting.done() else None
        )  # where the client has gone, nobody reads the answer
    finally:
        for task in (waiting, gone):
            task.cancel()
        await asyncio.gather(waiting, gone, return_exceptions=True)


async def _disconnected(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


def _known(found: Job | None) -> Job:
    if found is None:
        raise NotFound("There is no such job.")
    if found.expired:
        raise Gone(GONE)
    return found
