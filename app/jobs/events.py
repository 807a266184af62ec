"""What happens to jobs, as it happens: one reader of the events stream per process, any number of followers."""

import asyncio
import contextlib
import logging
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator
from typing import Any, TypeAlias

import anyio

from app.jobs import keys
from app.jobs.queue import Jobs
from app.jobs.record import ENDED, Job, Status
from app.store import Down, Store, epoch

log = logging.getLogger(__name__)

Event: TypeAlias = dict[str, str]
"""{"id", "job", "type": "status", "status"} or {"id", "job", "type": "page", "page", "error", "done", "total"}."""

SAFETY_POLL = 2.0  # seconds; events may be trimmed before a slow reader sees them
HEARTBEAT = 15.0  # seconds without an event, after which a follower is told that there was none
RECENT = 5.0  # seconds before its first follower that reading begins


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

    async def watch(self, jobs: Jobs, job_id: str, after: str | None = None) -> AsyncIterator[Event | Job | None]:
        """The job's events after the one with the id `after`, up to its end. None where there was none for HEARTBEAT.

        Where those after `after` are no longer all there, or none is given, the job as it is comes first.
        """
        with self.follow(job_id) as events:
            missed = None if after is None else await self.since(job_id, after)
            seen = after or "0-0"
            if missed is None:
                seen = await self._last()
                job = await jobs.get(job_id)
                if job is None:
                    return
                yield job
                if job.ended:
                    return
            for old in missed or ():
                seen = old["id"]
                yield old
                if _is_end(old):
                    return
            silent_since = time.monotonic()
            while True:
                event: Event | None = None
                with anyio.move_on_after(SAFETY_POLL):
                    event = await events.get()
                if event is None:
                    job = await jobs.get(job_id)
                    if job is None or job.ended:  # its last event was trimmed before it was read
                        if job is not None:
                            yield job
                        return
                    if time.monotonic() - silent_since >= HEARTBEAT:
                        silent_since = time.monotonic()
                        yield None
                elif order(event["id"]) > order(seen):
                    silent_since, seen = time.monotonic(), event["id"]
                    yield event
                    if _is_end(event):
                        return

    async def since(self, job_id: str, after: str) -> list[Event] | None:
        """The job's events after the one with the id `after`; None where some may have been trimmed."""
        first: Any = await self._store.xrange(keys.EVENTS, count=1)
        if not first or order(first[0][0]) > order(after):
            return None
        found: list[Event] = []
        while True:
            entries: Any = await self._store.xrange(keys.EVENTS, min=f"({after}", count=1000)
            found += [event | {"id": entry} for entry, event in entries if event["job"] == job_id]
            if len(entries) < 1000:
                return found
            after = entries[-1][0]

    async def _last(self) -> str:
        entries: Any = await self._store.xrevrange(keys.EVENTS, count=1)
        return entries[0][0] if entries else "0-0"

    async def _status_event(self, events: "asyncio.Queue[Event]") -> None:
        while (await events.get())["type"] != "status":
            pass

    async def _read(self) -> None:
        last = (0, 0)
        while True:
            await self._followed.wait()
            try:
                now = epoch(await self._store.time())  # the ids of events are times of the store's clock
                last = max(last, (int((now - RECENT) * 1000), 0))
                streams: Any = await self._store.xread({keys.EVENTS: f"{last[0]}-{last[1]}"}, count=1000, block=5000)
            except Down as error:
                log.debug("the events stream is away: %s", error)
                await asyncio.sleep(0.3)
                continue
            for _, entries in streams.items() if isinstance(streams, dict) else streams or ():
                for entry, event in _flat(entries):
                    last = order(entry)
                    for queue in self._followers.get(event["job"], ()):
                        queue.put_nowait(event | {"id": entry})


def order(event_id: str) -> tuple[int, int]:
    """An event's id as it sorts."""
    time_part, _, sequence = event_id.partition("-")
    return int(time_part), int(sequence)


def _is_end(event: Event) -> bool:
    return event["type"] == "status" and Status(event["status"]) in ENDED


def _flat(entries: Any) -> Iterator[tuple[str, Event]]:
    """RESP3 answers wrap a stream's entries in one more list than RESP2's."""
    for entry in entries:
        if entry and isinstance(entry[0], str):
            yield entry[0], entry[1]
        else:
            yield from _flat(entry)
