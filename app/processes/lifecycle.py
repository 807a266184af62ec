"""How our programs run and stop."""

import asyncio
import ctypes
import gc
import signal
import sys
from collections.abc import Coroutine
from typing import Any

import anyio


def freeze_gc() -> None:
    """What is there after start-up stays: full collections need not walk it, 25 ms a time with FastAPI loaded."""
    gc.collect()
    gc.freeze()


PR_SET_DUMPABLE = 4  # linux/prctl.h


def forbid_inspection() -> None:
    """Keeps other processes of the same user from this one's memory, environment and open files (not root's)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)


def run_until_signal(main: Coroutine[Any, Any, None]) -> int:
    """Runs `main` until it ends or SIGINT or SIGTERM cancels it; the exit status."""

    forbid_inspection()

    async def guarded() -> int:
        freeze_gc()
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


async def stop_process(process: asyncio.subprocess.Process, within: float) -> None:
    """Ends a child that is still there: by SIGTERM, and by SIGKILL where that takes more than `within` seconds."""
    if process.returncode is not None:
        return
    process.terminate()
    with anyio.move_on_after(within):
        await process.wait()
        return
    process.kill()
    await process.wait()
