"""python -m worker.healthcheck: does a worker of this host still beat? For the health checks of containers.

It ends with 1 only where the store says that none does: a restart mends neither a store nor a VLM server that is away.
"""

import asyncio
import re
import socket
import sys
from datetime import datetime
from typing import Any

from app.redis import keys
from app.redis.client import StoreDown, batch, connect, epoch
from app.settings import Settings, settings_or_exit

SILENT = 30.0  # seconds; ten beats


async def check(settings: Settings, host: str) -> tuple[bool, str]:
    """Whether the workers of `host` are alive, and a message for people."""
    try:
        async with connect(settings) as store:
            names: Any = await store.smembers(keys.RQ_WORKERS)
            ours = [name for name in names if re.fullmatch(re.escape(keys.rq_worker(host)) + r"-[0-9a-f]{8}-\d+", name)]
            async with batch(store) as pipe:
                pipe.time()
                for name in ours:
                    pipe.hget(name, "last_heartbeat")
    except StoreDown as error:
        return True, f"Redis is unavailable: {error}. The state of the worker is unknown."
    clock, *beats = pipe.answers
    ages = [epoch(clock) - _epoch(beat) for beat in beats if beat]
    if not ages:
        return False, f"No worker of {host} is registered."
    if (age := min(ages)) > SILENT:
        return False, f"The last heartbeat of the worker of {host} is {age:.0f} s old."
    return True, f"The worker of {host} is alive."


def _epoch(beat: str) -> float:
    return datetime.fromisoformat(beat.replace("Z", "+00:00")).timestamp()


def main() -> int:
    well, message = asyncio.run(check(settings_or_exit(), socket.gethostname()))
    print(message)
    return 0 if well else 1


if __name__ == "__main__":
    sys.exit(main())
