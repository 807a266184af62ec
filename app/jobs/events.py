"""What happens to jobs, as it happens: one reader of the events stream per process, any number of followers."""

import asyncio
import contextlib
import logging
import time
from collections import defaultdict
from collections.abc import Iterator
from typing import Any, TypeAlias

import anyio

from app.jobs import keys
from app.jobs.queue import Jobs
from app.jobs.record import Job
from app.store import Down, Store

log = logging.getLogger(__name__)

Event: TypeAlias = "dict[str, str]"
"""{"job", "type": "status", "status"} or {"job", "type": "page", "page", "error"}."""

SAFETY_POLL = 2.0  # seconds; events may be trimmed before a slow reader sees them
RECENT = 5.0  # seconds before its first follower that reading begins: more than clocks differ


class EventReader:
    """Reads the stream while anybody follows a job, and hands each event to those who follow its job."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._followers: dict[str, set[asyncio.Queue[Event]]] = defaultdict(set)
        self._followed = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._read())

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    @contextlib.contextmanager
    def follow(self, job_id: str) -> Iterator["asyncio.Queue[Event]"]:
        """A queue of the job's events from this moment on; older ones may come first."""
        queue: asyncio.Queue[Event] = asyncio.Queue()
        self._followers[job_id].add(queue)
        self._followed.set()
        try:
            yield queue
        finally:
            self._followers[job_id].discard(queue)
            if not self._followers[job_id]:
                del self._followers[job_id]
            if not self._followers:
                self._followed.clear()

    async def wait_until_ended(self, jobs: Jobs, job_id: str, seconds: float) -> Job | None:
        """The job as it is once it has ended or `seconds` have passed; None where there is no such job."""
        give_up = time.monotonic() + seconds
        with self.follow(job_id) as events:
            while True:
                job = await jobs.get(job_id)
                left = give_up - time.monotonic()
                if job is None or job.ended or left <= 0:
                    return job
                with anyio.move_on_after(min(left, SAFETY_POLL)):
                    await self._status_event(events)

    async def _status_event(self, events: "asyncio.Queue[Event]") -> None:
        while (await events.get())["type"] != "status":
            pass

    async def _read(self) -> None:
        last = (0, 0)
        while True:
            await self._followed.wait()
            last = max(last, (int((time.time() - RECENT) * 1000), 0))
            try:
                streams: Any = await self._store.xread({keys.EVENTS: f"{last[0]}-{last[1]}"}, count=1000, block=5000)
            except Down as error:
                log.debug("the events stream is away: %s", error)
                await asyncio.sleep(0.3)
                continue
            for _, entries in streams.items() if isinstance(streams, dict) else streams or ():
                for entry, event in _flat(entries):
                    time_part, _, sequence = entry.partition("-")
                    last = int(time_part), int(sequence)
                    for queue in self._followers.get(event["job"], ()):
                        queue.put_nowait(event)


def _flat(entries: Any) -> Iterator[tuple[str, Event]]:
    """RESP3 answers wrap a stream's entries in one more list than RESP2's."""
    for entry in entries:
        if entry and isinstance(entry[0], str):
            yield entry[0], entry[1]
        else:
            yield from _flat(entry)
