"""How long a child process has taken, by a clock that stands still while the child could not have worked.

The wall clock alone blames a page for what is no fault of its own: a machine that was suspended, a container that was
paused, other programs that had the CPU. So time is counted in looks, a fraction of a second apart. Between two looks
counts the CPU that the child has used; where it used none, the wall clock, unless it was ready to run and others ran.
A gap far longer than the pause between two looks was a pause of our own and is left out.
"""

import asyncio
import time
from collections.abc import Coroutine
from typing import Any, TypeVar

import psutil

T = TypeVar("T")

LOOK = 0.05
"""Seconds between looks at a child that works."""

STEP_MAX = 4 * LOOK
"""Seconds that count between two looks at most."""


class ChildClock:
    """The time of one call to a child, in seconds: `wall` by the wall clock without pauses, `own` without the time in
    which others had the CPU. `cpu` is what it has used, `idle` for how long it has not: neither used nor waited for it.
    """

    def __init__(self, process: psutil.Process) -> None:
        self.wall = 0.0
        self.own = 0.0
        self.cpu = 0.0
        self.idle = 0.0
        self.memory_mb = 0
        """Resident, in MiB, at the last look."""
        self._process = process
        self._looked = time.monotonic()
        self._cpu: float | None = None
        """The CPU used in all its life until the last look; most calls end before the first."""

    def look(self) -> None:
        step = self._step()
        used, runnable = self._read()
        works = used > 0 or runnable
        self.wall += step
        self.cpu += used
        self.own += used if works else step
        self.idle = 0.0 if works else self.idle + step

    def stop(self) -> None:
        """The call has ended: adds what has passed since the last look."""
        step = self._step()
        self.wall += step
        self.own += step

    def past(self, limit: float) -> bool:
        """Whether the child has had `limit` seconds. A child of many threads uses more CPU than passes on the wall."""
        return min(self.own, self.wall) > limit

    def _step(self) -> float:
        before, self._looked = self._looked, time.monotonic()
        return min(self._looked - before, STEP_MAX)

    def _read(self) -> tuple[float, bool]:
        """The CPU used since the last look, and whether the child is ready to run; of the first look, nothing."""
        try:
            with self._process.oneshot():
                times = self._process.cpu_times()
                runnable = self._process.status() == psutil.STATUS_RUNNING
                self.memory_mb = int(self._process.memory_info().rss) >> 20
        except psutil.Error:  # it has just ended
            return 0.0, False
        before, self._cpu = self._cpu, times.user + times.system
        return (0.0, False) if before is None else (self._cpu - before, runnable)


async def answer_within(seconds: float, pid: int, call: Coroutine[Any, Any, T]) -> T:
    """The answer to a call to the child `pid`. Raises TimeoutError when the child has had `seconds` by its clock."""
    task = asyncio.ensure_future(call)
    try:
        if (await asyncio.wait({task}, timeout=LOOK))[0]:
            return task.result()
        try:
            clock = ChildClock(psutil.Process(pid))
        except psutil.NoSuchProcess:  # it has just ended, as the call will tell
            return await task
        while not (await asyncio.wait({task}, timeout=LOOK))[0]:
            clock.look()
            if clock.past(seconds):
                raise TimeoutError
        return task.result()
    finally:
        if not task.done():
            task.cancel()
            await asyncio.wait({task})
