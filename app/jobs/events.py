"""What happens to jobs, as it happens: one reader of the events stream per process, any number of followers.

Followers wait in memory. They hold no connection to the store, and their queries are sent together.
"""

import asyncio
import contextlib
import logging
import math
import time
from collections import defaultdict, deque
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Iterator
from itertools import islice
from typing import Any, TypeVar

import anyio

from app.jobs.codec import decode_event, read_job
from app.jobs.models import ENDED, Job, JobEvent, StatusChanged
from app.jobs.queue import Jobs
from app.redis import keys
from app.redis.client import Store, StoreDown, batch, epoch
from app.redis.coalesce import BATCH, Coalesced

log = logging.getLogger(__name__)

Found = TypeVar("Found", bound=Job | None)

SAFETY_POLL = 2.0  # seconds; events may be trimmed before a slow reader sees them
HEARTBEAT = 15.0  # seconds without an event, after which a follower is told that there was none
RECENT = 5.0  # seconds before its first follower that reading begins
BACKLOG = 256
"""Events kept for a follower that does not take them. One that falls further behind gets the job's state instead."""
CONNECTIONS = 2
"""Connections an EventReader needs: one blocks on the stream, the other serves everything else."""

_ENDED = frozenset(status.value for status in ENDED)


class Follower:
    """One who follows a job, and its events that are not yet taken: at most BACKLOG of them."""

    def __init__(self, pages: bool) -> None:
        self.pages = pages
        """Whether events of pages are wanted."""
        self.behind = False
        """Events were dropped or may be missing: the job's record has to be read."""
        self._events: deque[JobEvent] = deque()
        self._news = asyncio.Event()

    def put(self, event: JobEvent) -> None:
        if len(self._events) == BACKLOG:
            self._events.clear()
            self.behind = True
        self._events.append(event)
        self._news.set()

    def catch_up(self) -> None:
        """Has the follower read the record, unless it has events to take first."""
        if not self._events:
            self.behind = True
            self._news.set()

    async def news(self, seconds: float) -> bool:
        """Waits for something to take; False where there was nothing for so long."""
        with anyio.move_on_after(seconds):
            await self._news.wait()
        return self._news.is_set()

    def take(self) -> JobEvent | None:
        event = self._events.popleft() if self._events else None
        if not self._events:
            self._news.clear()
        return event

    def may_have_ended(self) -> bool:
        """Takes all there is; whether the job's end is among it, or may have been missed."""
        ended = self.behind or any(map(_is_end, self._events))
        self._events.clear()
        self._news.clear()
        self.behind = False
        return ended


class EventReader:
    """Reads the stream while anybody follows a job, and hands each event to those who follow its job.

    `store` is a client of its own with at least CONNECTIONS connections.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._followers: dict[str, set[Follower]] = defaultdict(set)
        self._followed = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._records: Coalesced[str, tuple[str, float, dict[str, str]]] = Coalesced(self._read_records)
        self._missed: Coalesced[tuple[str, str], list[JobEvent] | None] = Coalesced(self._read_missed)

    def start(self) -> None:
        parts: tuple[Coroutine[Any, Any, None], ...] = (self._read(), self._poll())
        self._tasks = [asyncio.create_task(part) for part in parts]

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    @contextlib.contextmanager
    def follow(self, job_id: str, *, pages: bool = True) -> Iterator[Follower]:
        """A follower of the job from this moment on; older events may come first."""
        follower = Follower(pages)
        self._followers[job_id].add(follower)
        self._followed.set()
        try:
            yield follower
        finally:
            self._followers[job_id].discard(follower)
            if not self._followers[job_id]:
                del self._followers[job_id]
            if not self._followers:
                self._followed.clear()

    async def wait_until_ended(self, job_id: str, find: Callable[[], Awaitable[Found]], seconds: float) -> Found:
        """The job as `find` gives it, once it has ended or `seconds` have passed; at once, if `find` gives None.

        `find` is called at the beginning and when the job may have ended. What it raises ends the wait.
        """
        give_up = time.monotonic() + seconds
        with self.follow(job_id, pages=False) as follower:
            while True:
                job = await find()
                if job is None or job.ended or time.monotonic() >= give_up:
                    return job
                while await follower.news(give_up - time.monotonic()):
                    if follower.may_have_ended():
                        break

    async def watch(
        self, jobs: Jobs, job_id: str, after: str | None = None
    ) -> AsyncGenerator[JobEvent | Job | None, None]:
        """The job's events after the one with the id `after`, up to its end. None where there was none for HEARTBEAT.

        Where those after `after` are no longer all there, none is given, or the caller takes them too slowly, the job
        as it is comes instead of them.
        """
        with self.follow(job_id) as follower:
            missed = None if after is None else await self.since(job_id, after)
            seen = after or "0-0"
            follower.behind = missed is None
            for old in missed or ():
                seen = old.id
                yield old
                if _is_end(old):
                    return
            while True:
                if follower.behind:
                    follower.behind = False
                    seen, now, fields = await self._records.get(job_id)
                    job = read_job(fields, now)
                    if job is None:
                        return
                    yield job
                    if job.ended:
                        return
                elif not await follower.news(HEARTBEAT):
                    yield None
                elif (event := follower.take()) is not None and order(event.id) > order(seen):
                    seen = event.id
                    yield event
                    if _is_end(event):
                        return

    async def since(self, job_id: str, after: str) -> list[JobEvent] | None:
        """The job's events after the one with the id `after`; None where some may have been trimmed."""
        return await self._missed.get((job_id, after))

    async def _read_records(self, job_ids: list[str]) -> list[tuple[str, float, dict[str, str]]]:
        """Each job's hash, with the id of an event that is not newer than it and the store's time."""
        async with batch(self._store, lenient=True) as pipe:
            pipe.xrevrange(keys.EVENTS, count=1)
            pipe.time()
            for job_id in job_ids:
                pipe.hgetall(keys.job(job_id))
        latest, clock, *records = pipe.answers
        return [(latest[0][0] if latest else "0-0", epoch(clock), fields) for fields in records]

    async def _read_missed(self, wanted: list[tuple[str, str]]) -> list[list[JobEvent] | None]:
        """What followed the event given with each job, in one pass over the stream for all of them."""
        first: Any = await self._store.xrange(keys.EVENTS, count=1)
        there = {one for one in wanted if first and order(first[0][0]) <= order(one[1])}
        found: dict[tuple[str, str], list[JobEvent]] = {one: [] for one in there}
        by_job: dict[str, list[tuple[str, str]]] = defaultdict(list)
        for one in there:
            by_job[one[0]].append(one)
        at = min((after for _, after in there), key=order, default=None)
        while at is not None:
            entries: Any = await self._store.xrange(keys.EVENTS, min=f"({at}", count=1000)
            for entry_id, fields in entries:
                if (event := decode_event(entry_id, fields)) is None:
                    continue
                for one in by_job.get(event.job, ()):
                    if order(entry_id) > order(one[1]):
                        found[one].append(event)
            at = entries[-1][0] if len(entries) == 1000 else None
        return [found.get(one) for one in wanted]

    async def _read(self) -> None:
        last, read_at = (0, 0), -math.inf
        while True:
            try:
                if not self._followed.is_set():
                    await self._followed.wait()
                    if time.monotonic() - read_at > RECENT:  # else it goes on from where it was
                        since = epoch(await self._store.time()) - RECENT  # ids have the store's time
                        last = max(last, (int(since * 1000), 0))
                streams: Any = await self._store.xread({keys.EVENTS: f"{last[0]}-{last[1]}"}, count=1000, block=5000)
                read_at = time.monotonic()
            except StoreDown as error:
                log.debug("events are delayed, Redis is unavailable: %s; retrying", error)
                await asyncio.sleep(0.3)
                continue
            for _, entries in streams.items() if isinstance(streams, dict) else streams or ():
                for entry_id, fields in _flat(entries):
                    last = order(entry_id)
                    if (event := decode_event(entry_id, fields)) is None:
                        continue
                    for follower in self._followers.get(event.job, ()):
                        if follower.pages or isinstance(event, StatusChanged):
                            follower.put(event)

    async def _poll(self) -> None:
        """Looks now and then whether a followed job has ended without an event: one query for all followers.

        An end that is still news at the next look was missed.
        """
        before: set[str] = set()
        while True:
            await self._followed.wait()
            await asyncio.sleep(SAFETY_POLL)
            try:
                ended = await self._find_ended(list(self._followers))
            except StoreDown as error:
                log.debug("checking followed jobs failed, Redis is unavailable: %s", error)
                continue
            for job_id in ended & before:
                for follower in self._followers.get(job_id, ()):
                    follower.catch_up()
            before = ended

    async def _find_ended(self, job_ids: list[str]) -> set[str]:
        """Those of the jobs that have ended or are unknown."""
        ended, left = set(), iter(job_ids)
        while some := list(islice(left, BATCH)):
            async with batch(self._store, lenient=True) as pipe:
                for job_id in some:
                    pipe.hget(keys.job(job_id), "status")
            ended |= {
                job_id
                for job_id, status in zip(some, pipe.answers, strict=True)
                if not isinstance(status, str) or status in _ENDED
            }
        return ended


def order(event_id: str) -> tuple[int, int]:
    """An event's id as it sorts."""
    time_part, _, sequence = event_id.partition("-")
    return int(time_part), int(sequence)


def _is_end(event: JobEvent) -> bool:
    return isinstance(event, StatusChanged) and event.status in ENDED


def _flat(entries: Any) -> Iterator[tuple[str, dict[str, str]]]:
    """RESP3 answers wrap a stream's entries in one more list than RESP2's."""
    for entry in entries:
        if entry and isinstance(entry[0], str):
            yield entry[0], entry[1]
        else:
            yield from _flat(entry)
