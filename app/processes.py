"""How our programs run and stop."""

import asyncio
import gc
import signal
from collections.abc import Coroutine
from typing import Any


def freeze_garbage() -> None:
    """What is there after start-up stays: full collections need not walk it, 25 ms a time with FastAPI loaded."""
    gc.collect()
    gc.freeze()


def run_until_signal(main: Coroutine[Any, Any, None]) -> int:
    """Runs `main` until it ends or SIGINT or SIGTERM cancels it; the exit status."""

    async def guarded() -> int:
        freeze_garbage()
        task = asyncio.ensure_future(main)
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, task.cancel)
        try:
            await task
        except asyncio.CancelledError:
            return 0
        return 1

    return asyncio.run(guarded())
