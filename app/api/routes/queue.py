"""How much work there is, for what scales workers (KEDA, autoscalers, dashboards)."""

from fastapi import APIRouter

from app.api.dependencies import Shared
from app.api.responses import Answer
from app.api.schemas.problems import STORE_AWAY, problems
from app.api.schemas.service import Queue

router = APIRouter(tags=["service"])


@router.get(
    "/queue",
    operation_id="get_queue",
    summary="Get the load of the engines",
    response_model=Queue,
    response_description="The work of every engine.",
    responses=problems(STORE_AWAY),
)
async def queue(shared: Shared) -> Answer:
    """How much work waits and runs, for autoscalers and dashboards.

    Work is counted in slices: a slice is a range of at most SLICE_PAGES pages of one job.
    """
    backlog = await shared.jobs.backlog(sorted(await shared.engines.known()))
    engines = {
        engine: {
            "waiting": found.waiting,
            "running": found.running,
            "work": found.waiting + found.running,
            "oldest_seconds": round(found.oldest, 1),
        }
        for engine, found in backlog.items()
    }
    return Answer({"engines": engines})
