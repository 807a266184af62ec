"""Jobs after their submission: their state, result, pages and images, for as long as they are kept."""

import asyncio
import base64
import math
import mimetypes
import re
from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import Response, StreamingResponse
from pydantic import BeforeValidator
from starlette.requests import ClientDisconnect

from app.api.dependencies import Caller, Context, JobPath, Shared
from app.api.responses import Answer
from app.api.schemas.jobs import Job as JobState
from app.api.schemas.jobs import JobAccepted, JobList
from app.api.schemas.media import ATTACHMENT, IMAGES, RESULT_FORMATS, RETRY_AFTER
from app.api.schemas.problems import EXPIRED_JOB, STORE_AWAY, UNKNOWN_JOB, problems
from app.api.schemas.results import JobOutcome, JobPage, PendingResult
from app.api.views import job_view
from app.errors import InvalidRequest, NotFound, NotNow, QueueFull
from app.jobs.access import JOB_ID
from app.jobs.models import Job, Status
from app.jobs.principal import Principal
from app.results.reader import Stream
from app.results.rendering import outcome_head

router = APIRouter()

PAGES_MAX = 9_999_999

FOREIGN_CURSOR = "cursor is invalid; use next_cursor of the previous answer."

NO_RESULT = NotNow(
    "The job did not finish and has no md: The document is encrypted and needs a password; send it as `password`.",
    code="document_encrypted",
)
LONG_WAIT = InvalidRequest("query.wait: input should be less than or equal to 30.")
NO_PAGE = NotFound("Page 3 of this job is not available; 0 of its pages are done.")
NO_PAGE_ZERO = InvalidRequest("path.number: input should be greater than or equal to 1.")


def _not_a_number(value: str) -> str:
    """pydantic would take a number as seconds of an epoch."""
    if re.fullmatch(r"[-+]?[\d.]+", value):
        raise ValueError("is not a time like 2026-01-31T12:00:00Z")
    return value


Time = Annotated[datetime, BeforeValidator(_not_a_number)]
Wait = Annotated[
    float,
    Query(
        ge=0,
        le=30,
        description="Seconds to wait for the job's end. The answer is sent as soon as the job ends, and after this "
        "time in any case.",
    ),
]
Format = Annotated[
    Literal["json", "md", "zip"],
    Query(
        description="`json`: everything, images in base64. `md`: the markdown alone. `zip`: an archive of "
        "`document.md`, its images and `result.json`."
    ),
]

Lines = Annotated[
    bool,
    Query(
        description="Include the pages' `dpi`, their `lines` and the `cells` of their tables, if the engine has them. "
        "For JSON only."
    ),
]


@router.get(
    "/jobs",
    operation_id="list_jobs",
    summary="List jobs",
    tags=["jobs"],
    response_model=JobList,
    response_description="One page of the list.",
    responses=problems(InvalidRequest(FOREIGN_CURSOR), STORE_AWAY),
)
async def listing(
    shared: Shared,
    caller: Caller,
    status: Annotated[
        list[Status] | None, Query(description="Only jobs with this status. Repeat it for several.")
    ] = None,
    engine: Annotated[str | None, Query(description="Only jobs of this engine.")] = None,
    created_after: Annotated[
        Time | None, Query(description="Only jobs that were accepted at this time or later.")
    ] = None,
    created_before: Annotated[Time | None, Query(description="Only jobs that were accepted before this time.")] = None,
    limit: Annotated[int, Query(ge=1, le=100, description="Maximum number of jobs in the answer.")] = 20,
    cursor: Annotated[str | None, Query(description="`next_cursor` of the previous page.")] = None,
) -> Answer:
    """Jobs that have not expired, newest first, one page at a time.

    Follow `next_cursor` until it is null. A page may be short or empty before that.
    """
    before = _read_cursor(cursor) if cursor is not None else None
    if created_before is not None:
        bound = (_seconds(created_before), "")
        before = bound if before is None else min(before, bound)
    since = _seconds(created_after) if created_after is not None else 0.0
    found, last = await shared.jobs.list_page(
        caller.client, statuses=status or (), engine=engine, before=before, created_after=since, limit=limit
    )
    return Answer({"jobs": [job_view(job) for job in found], "next_cursor": _cursor(*last) if last else None})


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
    raise InvalidRequest(FOREIGN_CURSOR)


@router.get(
    "/jobs/{job_id}",
    operation_id="get_job",
    summary="Get the state of a job",
    tags=["jobs"],
    response_model=JobState,
    response_description="The job as it is now.",
    responses=problems(UNKNOWN_JOB, EXPIRED_JOB, LONG_WAIT, STORE_AWAY),
)
async def job(job_id: JobPath, shared: Shared, caller: Caller, request: Request, wait: Wait = 0) -> Answer:
    """The job's status, progress and error. With `wait`, the answer is sent as soon as the job has ended."""
    found = await _find_ended(shared, caller, request, job_id, wait)
    queued = found.status is Status.QUEUED
    note = None if found.ended else await shared.engines.waiting_reason(found.engine, queued=queued)
    return Answer(job_view(found, note))


@router.delete(
    "/jobs/{job_id}",
    operation_id="delete_job",
    summary="Cancel or delete a job",
    tags=["jobs"],
    response_model=JobAccepted,
    response_description="The job had not ended. It is canceled now, unless it ended by itself at the same moment.",
    responses={
        204: {"description": "The job had ended. It is deleted now, with all its data."},
        **problems(UNKNOWN_JOB, EXPIRED_JOB, STORE_AWAY),
    },
)
async def delete(job_id: JobPath, shared: Shared, caller: Caller) -> Response:
    """Cancels a job that has not ended. Deletes a job that has ended, with its document, result and images."""
    found = await shared.access.find(job_id, caller)
    if not found.ended:
        await shared.control.cancel(found)
        found = await shared.access.find(job_id, caller)  # it may just have ended by itself: then it stays
        return Answer({"job_id": found.id, "status": found.status.value})
    await shared.control.remove(found)
    return Response(status_code=204)


@router.post(
    "/jobs/{job_id}/retry",
    operation_id="retry_job",
    summary="Run a job again",
    tags=["jobs"],
    status_code=202,
    response_model=JobAccepted,
    response_description="The job is queued again.",
    responses=problems(
        UNKNOWN_JOB,
        EXPIRED_JOB,
        NotNow("Nothing failed in this job: there is nothing to retry."),
        QueueFull(),
        STORE_AWAY,
    ),
)
async def retry(job_id: JobPath, shared: Shared, caller: Caller) -> Answer:
    """Runs a job again that failed, was canceled, or has pages that failed. Pages that succeeded are kept.

    A job cannot run again if it came with `headers` or a `password` and its document was never downloaded: those have
    been deleted.
    """
    found = await shared.access.find(job_id, caller)
    await shared.control.retry(found)
    return Answer({"job_id": found.id, "status": Status.QUEUED.value}, status_code=202)


@router.get(
    "/jobs/{job_id}/result",
    operation_id="get_result",
    summary="Get the result of a job",
    tags=["results"],
    response_model=JobOutcome,
    response_description="The job has ended. As JSON: its result, or why it failed.",
    responses={
        200: {"content": RESULT_FORMATS, "headers": ATTACHMENT},
        202: {"model": PendingResult, "description": "The job has not ended.", "headers": RETRY_AFTER},
        **problems(UNKNOWN_JOB, EXPIRED_JOB, NO_RESULT, LONG_WAIT, STORE_AWAY),
    },
)
async def result(
    job_id: JobPath,
    shared: Shared,
    caller: Caller,
    request: Request,
    wait: Wait = 0,
    format: Format = "json",
    lines: Lines = False,
) -> Response:
    """The result once the job has ended, as JSON, markdown or ZIP. With `wait`, as soon as the job has ended.

    A job that failed or was canceled has no result: the answer is its `error` as JSON, and 409 for other formats.
    """
    found = await _find_ended(shared, caller, request, job_id, wait)
    if not found.ended:
        body = {"job_id": found.id, "status": found.status.value, "result": None}
        return Answer(body, status_code=202, headers={"Retry-After": "1"})
    if found.error is not None:
        if format != "json":
            message = f"The job did not finish and has no {format}: {found.error['message']}"
            raise NotNow(message, code=found.error["code"])
        return Answer(outcome_head(found))
    if format == "md":
        return _streamed(await shared.results.markdown(found), "text/markdown; charset=utf-8")
    if format == "zip":
        disposition = f'attachment; filename="{found.id}.zip"'
        return _streamed(await shared.results.zip(found), "application/zip", {"Content-Disposition": disposition})
    return _streamed(await shared.results.json(found, lines=lines), "application/json")


def _streamed(stream: Stream, media_type: str, headers: Mapping[str, str] | None = None) -> Response:
    length = {} if stream.size is None else {"Content-Length": str(stream.size)}
    return StreamingResponse(stream.pieces, media_type=media_type, headers={**length, **(headers or {})})


@router.get(
    "/jobs/{job_id}/images/{name}",
    operation_id="get_image",
    summary="Get an image of the result",
    tags=["results"],
    response_class=Response,
    response_model=None,
    response_description="The image file.",
    responses={
        200: {"content": IMAGES},
        **problems(UNKNOWN_JOB, NotFound("The job has no image of that name."), EXPIRED_JOB, STORE_AWAY),
    },
)
async def image(
    job_id: JobPath,
    name: Annotated[
        str,
        Path(
            description="Name of the image, as the markdown has it.",
            openapi_examples={"figure": {"value": "p0002_figure_1.png"}},
        ),
    ],
    shared: Shared,
    caller: Caller,
) -> Response:
    """An image that the markdown links to. Images are available as soon as their page is done."""
    data = await shared.results.image(await shared.access.find(job_id, caller), name)
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    return Response(data, media_type=kind, headers={"X-Content-Type-Options": "nosniff"})


@router.get(
    "/jobs/{job_id}/pages/{number}",
    operation_id="get_page",
    summary="Get a page of a job",
    tags=["results"],
    response_model=JobPage,
    response_description="The page.",
    responses=problems(UNKNOWN_JOB, NO_PAGE, EXPIRED_JOB, NO_PAGE_ZERO, STORE_AWAY),
)
async def page(
    job_id: JobPath,
    number: Annotated[int, Path(ge=1, le=PAGES_MAX, description="Page number in the document, counted from 1.")],
    shared: Shared,
    caller: Caller,
    raw: Annotated[bool, Query(description="Include the engine's own output, if the engine has any.")] = False,
    lines: Lines = False,
) -> Answer:
    """One page, as soon as it is done, also while the job is still running.

    Until the job has ended, the page is `provisional`: the final pass over all pages may change it.
    """
    found = await shared.access.find(job_id, caller)
    stored = await shared.results.page(found, number, raw=raw, lines=lines)
    return Answer(stored | ({} if found.ended else {"provisional": True}))


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
