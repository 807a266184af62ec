"""How much work there is, for what scales workers (KEDA, autoscalers, dashboards)."""

import time
from typing import Any

from fastapi import APIRouter

from app.api.context import Shared

router = APIRouter(tags=["health"])


@router.get("/queue")
async def queue(shared: Shared) -> dict[str, Any]:
    """The work of each engine, in slices of at most SLICE_PAGES pages: `waiting`, `running`, both as `work`, and for
    how many seconds the one that waits longest has waited. Engines without a worker are listed, too.
    """
    backlog = await shared.jobs.backlog(sorted(await shared.engines.known()))
    now = time.time()
    return {
        "engines": {
            engine: {
                "waiting": found.waiting,
                "running": found.running,
                "work": found.waiting + found.running,
                "oldest_seconds": 0.0 if found.oldest is None else round(max(now - found.oldest, 0.0), 1),
            }
            for engine, found in backlog.items()
        }
    }
