"""The functions that a queue entry may name: for RQ's own workers, which can run our entries one at a time.

rq worker --burst --serializer rq.serializers.JSONSerializer --url unix:///…/redis.sock pp_ocr
"""

import asyncio

from app.logging import configure
from app.settings import load_settings
from worker.supervisor.supervisor import Supervisor


def run_slice(slice_id: str, schema: int) -> None:
    """Works on a slice with an engine host of its own. The record decides: what somebody else has or ended is left."""
    settings = load_settings()
    configure(settings)
    asyncio.run(Supervisor(settings).run_one(slice_id))
