"""How much work there is, for what scales workers (KEDA, autoscalers, dashboards)."""

from typing import Any

from fastapi import APIRouter

from app.api.dependencies import Shared

router = APIRouter(tags=["health"])


@router.get("/queue")
async def queue(shared: Shared) -> dict[str, Any]:
    """The work of each engine, in slices of at most SLICE_PAGES pages: `waiting`, `running`, both as `work`, and for
    how many seconds the one that waits longest has waited. Engines without a worker are listed, too.
    """
    backlog = await shared.jobs.backlog(sorted(await shared.engines.known()))
    return {
        "engines": {
            engine: {
                "waiting": found.waiting,
                "running": found.running,
                "work": found.waiting + found.running,
                "oldest_seconds": round(found.oldest, 1),
            }
            for engine, found in backlog.items()
        }
    }
