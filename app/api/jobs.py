"""Jobs after their submission: their state, result, pages and images, for as long as they are kept."""

import asyncio
import json
import mimetypes
import re
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from fastapi.responses import FileResponse, JSONResponse, Response, StreamingResponse

from app.api.context import Context, Shared
from app.errors import Gone, NotFound
from app.jobs.record import Job, Status
from app.results import outcome_head, outcome_json, result_markdown, result_zip

router = APIRouter(tags=["jobs"])

JOB_ID = re.compile(r"[0-9a-f]{32}")
IMAGE_NAME = re.compile(r"\w[\w.-]*")

Wait = Annotated[float, Query(ge=0, le=30, description="Seconds to wait for the job's end before answering.")]
Format = Annotated[
    Literal["json", "md", "zip"], Query(description="The result as JSON, as markdown, or as a ZIP with its images.")
]


@router.get("/jobs/{job_id}")
async def job(job_id: str, shared: Shared, wait: Wait = 0) -> dict[str, Any]:
    """The job's state; with `wait`, as soon as it has ended."""
    found = await _find(shared, job_id, wait)
    public = found.to_public()
    if found.status is Status.QUEUED and found.engine not in await shared.engines.live():
        public["note"] = f"Waiting for a worker with the engine {found.engine}; none is alive."
    return public


@router.get("/jobs/{job_id}/result", response_model=None)
async def result(job_id: str, shared: Shared, wait: Wait = 0, format: Format = "json") -> Response:
    """The result: 202 while the job goes on; 200 with `result`, or with `error` where it failed."""
    found = await _find(shared, job_id, wait)
    if not found.ended:
        body = {"job_id": found.id, "status": found.status.value, "result": None}
        return JSONResponse(body, status_code=202, headers={"Retry-After": "1"})
    if found.error is not None:
        return JSONResponse(outcome_head(found))
    folder = shared.blobs.job(found.id)
    if not folder.result.exists():
        raise Gone("The job has finished, but its result is no longer in the blob store.")
    if format == "md":
        markdown = await asyncio.to_thread(result_markdown, folder)
        return Response(markdown, media_type="text/markdown")
    if format == "zip":
        disposition = f'attachment; filename="{found.id}.zip"'
        return StreamingResponse(
            result_zip(folder), media_type="application/zip", headers={"Content-Disposition": disposition}
        )
    return StreamingResponse(outcome_json(found, folder), media_type="application/json")


@router.get("/jobs/{job_id}/images/{name}", response_model=None)
async def image(job_id: str, name: str, shared: Shared) -> FileResponse:
    """One picture of the result, as it is."""
    found = await _find(shared, job_id)
    path = shared.blobs.job(found.id).image(name)
    if IMAGE_NAME.fullmatch(name) is None or not path.is_file():
        raise NotFound("The job has no image of that name.")
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    return FileResponse(path, media_type=kind, headers={"X-Content-Type-Options": "nosniff"})


@router.get("/jobs/{job_id}/pages/{number}")
async def page(job_id: str, number: int, shared: Shared) -> dict[str, Any]:
    """One page, as soon as it is done; `provisional` while the job goes on, because the whole may still change it."""
    found = await _find(shared, job_id)
    try:
        data = await asyncio.to_thread(shared.blobs.job(found.id).page(number).read_bytes)
    except FileNotFoundError:
        done = f"{found.pages_done} of {found.pages_total if found.pages_total is not None else 'its'} pages are done"
        raise NotFound(f"Page {number} of this job is not there; {done}.") from None
    stored: dict[str, Any] = json.loads(data)
    stored.pop("raw", None)
    return stored | ({} if found.ended else {"provisional": True})


async def _find(shared: Context, job_id: str, wait: float = 0) -> Job:
    """The job, after it has ended or `wait` seconds have passed. Raises NotFound, Gone."""
    found = None
    if JOB_ID.fullmatch(job_id):
        found = await (shared.events.wait_until_ended(shared.jobs, job_id, wait) if wait else shared.jobs.get(job_id))
    if found is None:
        raise NotFound("There is no such job.")
    if found.expired:
        raise Gone("The job and its result have expired; RESULT_TTL says how long they are kept.")
    return found
