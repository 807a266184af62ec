"""Jobs after their submission: their state, result, pages and images, for as long as they are kept."""

import asyncio
import base64
import math
import mimetypes
from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import Response, StreamingResponse
from starlette.requests import ClientDisconnect

from app.api.dependencies import Caller, Context, Shared
from app.api.responses import Answer
from app.errors import InvalidRequest, NotNow
from app.jobs.access import JOB_ID
from app.jobs.models import Job, Status
from app.jobs.principal import Principal
from app.results.reader import Stream
from app.results.rendering import outcome_head

router = APIRouter(tags=["jobs"])

PAGES_MAX = 9_999_999

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
async def job(job_id: str, shared: Shared, caller: Caller, request: Request, wait: Wait = 0) -> dict[str, Any]:
    """The job's state; with `wait`, as soon as it has ended."""
    found = await _find_ended(shared, caller, request, job_id, wait)
    public = found.to_public()
    queued = found.status is Status.QUEUED
    if not found.ended and (note := await shared.engines.waiting_reason(found.engine, queued=queued)) is not None:
        public["note"] = note
    return public


@router.delete("/jobs/{job_id}", responses={204: {"description": "An ended job, now removed."}})
async def delete(job_id: str, shared: Shared, caller: Caller) -> Response:
    """Cancels a job that has not ended; removes one that has, with all that is stored of it."""
    found = await shared.access.find(job_id, caller)
    if not found.ended:
        await shared.control.cancel(found)
        found = await shared.access.find(job_id, caller)  # it may just have ended by itself: then it stays
        return Answer({"job_id": found.id, "status": found.status.value})
    await shared.control.remove(found)
    return Response(status_code=204)


@router.post("/jobs/{job_id}/retry", status_code=202)
async def retry(job_id: str, shared: Shared, caller: Caller) -> dict[str, str]:
    """Runs an ended job again for what failed in it; its good pages stay."""
    found = await shared.access.find(job_id, caller)
    await shared.control.retry(found)
    return {"job_id": found.id, "status": Status.QUEUED.value}


@router.get("/jobs/{job_id}/result", response_model=None)
async def result(
    job_id: str, shared: Shared, caller: Caller, request: Request, wait: Wait = 0, format: Format = "json"
) -> Response:
    """The result: 202 while the job is in progress, then 200 with `result`.

    Of a job that failed or was canceled there is only JSON, 200 with its `error`; other formats are 409.
    """
    found = await _find_ended(shared, caller, request, job_id, wait)
    if not found.ended:
        body = {"job_id": found.id, "status": found.status.value, "result": None}
        return Answer(body, status_code=202, headers={"Retry-After": "1"})
    if found.error is not None:
        if format != "json":
            message = f"The job was not finished, so there is no {format} of it: {found.error['message']}"
            raise NotNow(message, code=found.error["code"])
        return Answer(outcome_head(found))
    if format == "md":
        return _streamed(await shared.results.markdown(found), "text/markdown; charset=utf-8")
    if format == "zip":
        disposition = f'attachment; filename="{found.id}.zip"'
        return _streamed(await shared.results.zip(found), "application/zip", {"Content-Disposition": disposition})
    return _streamed(await shared.results.json(found), "application/json")


def _streamed(stream: Stream, media_type: str, headers: Mapping[str, str] | None = None) -> Response:
    length = {} if stream.size is None else {"Content-Length": str(stream.size)}
    return StreamingResponse(stream.pieces, media_type=media_type, headers={**length, **(headers or {})})


@router.get("/jobs/{job_id}/images/{name}", response_model=None)
async def image(job_id: str, name: str, shared: Shared, caller: Caller) -> Response:
    """One picture of the result, as it is."""
    data = await shared.results.image(await shared.access.find(job_id, caller), name)
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    return Response(data, media_type=kind, headers={"X-Content-Type-Options": "nosniff"})


@router.get("/jobs/{job_id}/pages/{number}")
async def page(
    job_id: str,
    number: Annotated[int, Path(ge=1, le=PAGES_MAX)],
    shared: Shared,
    caller: Caller,
    raw: bool = False,
) -> dict[str, Any]:
    """One page, as soon as it is done; `provisional` while the job goes on, because the whole may still change it.

    With `raw`, what the engine itself wrote comes along, where it keeps that (paddleocr_vl).
    """
    found = await shared.access.find(job_id, caller)
    stored = await shared.results.page(found, number, raw=raw)
    return stored | ({} if found.ended else {"provisional": True})


async def _find_ended(shared: Context, caller: Principal, request: Request, job_id: str, seconds: float) -> Job:
    """The job, once it has ended or `seconds` have passed. Raises NotFound, Gone."""
    if not seconds:
        return await shared.access.find(job_id, caller)
    waiting = asyncio.create_task(shared.access.find_ended(job_id, caller, seconds))
    gone = asyncio.create_task(_disconnected(request))
    try:
        await asyncio.wait({waiting, gone}, return_when=asyncio.FIRST_COMPLETED)
        if not waiting.done():
            raise ClientDisconnect
        return waiting.result()
    finally:
        for task in (waiting, gone):
            task.cancel()
        await asyncio.gather(waiting, gone, return_exceptions=True)


async def _disconnected(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
