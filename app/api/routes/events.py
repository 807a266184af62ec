"""GET /jobs/{id}/events: what happens to a job, as server-sent events."""

import re
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Header
from fastapi.responses import Response
from fastapi.sse import KEEPALIVE_COMMENT, EventSourceResponse, format_sse_event

from app.api.dependencies import Caller, Context, JobPath, Shared
from app.api.schemas.media import EVENTS
from app.api.schemas.problems import EXPIRED_JOB, STORE_AWAY, UNKNOWN_JOB, problems
from app.api.views import JobView, PageView, job_view, page_view
from app.jobs.models import Job, PageDone
from app.strict_json import encode

router = APIRouter(tags=["jobs"])

EVENT_ID = re.compile(r"\d{1,15}-\d{1,15}")


@router.get(
    "/jobs/{job_id}/events",
    operation_id="stream_events",
    summary="Follow a job by server-sent events",
    response_class=Response,
    response_model=None,
    response_description="A stream of events, each as the schema says. It ends when the job has ended.",
    responses={
        200: {"content": EVENTS},
        204: {"description": "The stream was followed to its end before."},
        **problems(UNKNOWN_JOB, EXPIRED_JOB, STORE_AWAY),
    },
)
async def events(
    job_id: JobPath,
    shared: Shared,
    caller: Caller,
    last_event_id: Annotated[
        str | None,
        Header(
            description="Id of the last event that was received: the stream continues after it. Browsers send it when "
            "they reconnect.",
            openapi_examples={"id": {"value": "1796045828717-0"}},
        ),
    ] = None,
) -> Response:
    """Events of a job until it ends. A `status` event has the job's state, a `page` event a page that is done.

    Without Last-Event-ID, the first event is the job's current state. A client that reconnects after the last event
    gets 204, which tells browsers to stop. Comments are sent as a sign of life when nothing happens for 15 seconds.
    """
    found = await shared.access.find(job_id, caller)
    after = last_event_id if last_event_id and EVENT_ID.fullmatch(last_event_id) else None
    if found.ended and after is not None and await shared.events.since(found.id, after) == []:
        return Response(status_code=204)  # tells a browser to stop asking
    return EventSourceResponse(
        _stream(shared, found, after), headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    )


async def _stream(shared: Context, job: Job, after: str | None) -> AsyncIterator[bytes]:
    async for event in shared.events.watch(shared.jobs, job.id, after):
        if event is None:
            yield KEEPALIVE_COMMENT
        elif isinstance(event, Job):
            yield _status(event)
        elif isinstance(event, PageDone):
            yield _sse("page", page_view(event), event.id)
        else:
            current = await shared.jobs.get(job.id)
            if current is not None:
                yield _status(current, event.id)


def _status(job: Job, event_id: str | None = None) -> bytes:
    return _sse("status", job_view(job), event_id)


def _sse(kind: str, data: JobView | PageView, event_id: str | None) -> bytes:
    return format_sse_event(event=kind, data_str=encode(data).decode(), id=event_id)
