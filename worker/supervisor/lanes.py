"""Lanes: slots of the supervisor. Each claims a slice, has it worked on, and settles what came of it."""

import asyncio
import contextlib
import logging
import time
from collections import Counter

import anyio

from app.egress.client import EgressClient
from app.errors import DocumentError, ServiceError, StorageUnavailable, WorkerError
from app.jobs.codec import SCHEMA
from app.jobs.models import RANK, Slice
from app.jobs.queue import Jobs
from app.logging import REQUEST_ID
from app.redis.client import StoreDown
from app.settings import Settings
from app.storage.blobs import BlobStore
from app.storage.quota import Quota
from worker.ipc.channel import ChildDied
from worker.ipc.messages import YieldSlice
from worker.supervisor.engine_host import EngineHostManager
from worker.supervisor.slices import Crashed, LeaseLost, NoFreeSlot, Preempted, SliceWork, retry_while_store_down
from worker.supervisor.slots import Slots

log = logging.getLogger(__name__)

CRASHES_MAX = 4
"""A slice that was there at so many deaths of the engine host is not tried again."""

FETCHES_MAX = 32
"""Downloads at a time; jobs beyond them stay in the queue and let others pass."""
FETCHES_PER_HOST = 8
"""Of these, from one server: a slow one delays its own documents only."""
FETCH_LOOK = 0.2  # seconds between claims while downloads are limited: the queue may be full of jobs that have to wait

LEFT_TO_OTHERS = 30.0  # seconds
RETRY_PAUSES = (1.0, 5.0)
"""Seconds before the second and the third attempt; with it the attempts end."""

FULL_PAUSE = 10.0  # seconds between looks for room in DATA_DIR
LOOK = 0.1  # seconds between looks for those that wait, while all lanes are taken
TURN = 10.0  # seconds a slice may keep its lane while others wait


class Lanes:
    """The lanes of one engine host."""

    def __init__(
        self,
        jobs: Jobs,
        blobs: BlobStore,
        quota: Quota,
        egress: EgressClient,
        host: EngineHostManager,
        settings: Settings,
        slots: Slots,
        worker: str,
    ) -> None:
        self._jobs = jobs
        self._quota = quota
        self._host = host
        self._slots = slots
        self._work = SliceWork(jobs, blobs, quota, egress, host, settings, slots)
        self._worker = worker
        self._grace = settings.shutdown_timeout
        self._tasks: dict[asyncio.Task[None], str] = {}
        """The lanes at work, with their executions."""
        self._yielding: list[str] = []
        """Jobs of the lanes that make room for others, until the claims that this is for."""

    async def run(self) -> None:
        """Claims for ever. When cancelled it claims no more, gives what is in hand SHUTDOWN_TIMEOUT seconds to end, and
        hands back the rest. The unforeseen death of a lane ends it all.
        """
        claimer = asyncio.create_task(self._claim())
        try:
            while True:
                parts = {claimer, *self._tasks}
                done, _ = await asyncio.wait(parts, timeout=1, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    dropped = self._tasks.pop(task, None) is not None and task.cancelled()
                    if not dropped:
                        task.result()
        finally:
            claimer.cancel()
            await asyncio.gather(claimer, return_exceptions=True)
            try:
                if self._tasks:
                    await asyncio.wait(self._tasks, timeout=self._grace)
            finally:
                for task in self._tasks:
                    task.cancel()
                await asyncio.gather(*self._tasks, return_exceptions=True)

    async def drop(self) -> None:
        """Lets go, at once, of what is in hand of jobs that have ended: by a client's wish, or by another slice."""
        while True:
            try:
                execution = await self._jobs.next_cancellation(self._worker, 5)
            except StoreDown as error:
                log.warning("Redis is unavailable: %s; retrying", error)
                await asyncio.sleep(0.3)
                continue
            for task, running in list(self._tasks.items()):
                if running == execution and execution in self._slots.held:
                    slice_id = self._slots.held[execution].id
                    log.info("stopping %s: another worker has claimed it, or its job has ended", slice_id)
                    task.cancel()
                    await asyncio.wait([task])
                    await self._host.free()

    async def run_one(self, slice_id: str) -> None:
        """Works on one slice, unless somebody else has it."""
        held = await self._jobs.claim(self._host.engine, self._worker, slice_id)
        if held is not None:
            await self._begin(held)

    def _begin(self, held: Slice) -> "asyncio.Task[None]":
        self._slots.begin(held)
        lane = asyncio.create_task(self._lane(held))
        lane.add_done_callback(lambda _: self._slots.end(held))  # also where it is cancelled before its first step
        return lane

    async def _claim(self) -> None:
        while True:
            while self._slots.full:
                if not await self._slots.freed_within(LOOK):
                    await self._make_room()
            held = await self._next()
            self._tasks[self._begin(held)] = held.execution

    async def _make_room(self) -> None:
        """With all lanes taken, has slices handed back between pages for others that wait.

        A slice of a book, which is one of many, makes room at once for a job that was never worked on; any slice does
        once it has had its TURN. None does for a job of lower priority.
        """
        now = time.monotonic()
        if not any(reading.book or now - reading.since > TURN for reading in self._slots.readings.values()):
            return
        with contextlib.suppress(StoreDown, ChildDied):
            line = [one for one in await self._jobs.peek(self._host.engine) if one.job not in self._yielding]
            for waiting in line[len(self._yielding) :]:
                able = [
                    execution
                    for execution, reading in self._slots.readings.items()
                    if reading.job != waiting.job
                    and RANK[reading.priority] >= RANK[waiting.priority]
                    and ((reading.book and waiting.new) or now - reading.since > TURN)
                ]
                chosen = await self._host.call(YieldSlice(able)) if able else None
                if chosen and (reading := self._slots.readings.pop(chosen, None)):
                    self._yielding.append(reading.job)

    async def _next(self) -> Slice:
        queue = self._host.engine
        while True:
            await self._host.ready.wait()
            try:
                await self._have_room()
                fetches = Counter(self._slots.fetching.values())
                fetch = fetches.total() < FETCHES_MAX
                busy = [host for host, count in fetches.items() if count >= FETCHES_PER_HOST]
                held = await self._jobs.claim(queue, self._worker, after=self._yielding, fetch=fetch, busy=busy)
                if held is not None:
                    del self._yielding[:1]
                    return held
                if busy or not fetch:
                    await asyncio.sleep(FETCH_LOOK)
                else:
                    await self._jobs.wait_for_entry(queue, 1)
            except StoreDown as error:
                log.warning("Redis is unavailable: %s; retrying", error)
                await asyncio.sleep(0.3)

    async def _have_room(self) -> None:
        """Returns when DATA_DIR may take more and the engine can work: jobs wait until then."""
        while (refusal := await self._quota.refusal()) is not None:
            log.warning("no jobs are processed: %s", refusal)
            await asyncio.sleep(FULL_PAUSE)
        await self._host.able.wait()

    async def _lane(self, held: Slice) -> None:
        REQUEST_ID.set(held.job.request_id)  # of this task, and of those that it starts
        try:
            await self._run(held)
        except LeaseLost:
            log.warning("%s was lost: another worker has claimed it, or its job has ended", held.id)
        except NoFreeSlot:
            log.debug("returning %s to the queue until a lane is free", held.id)
            await retry_while_store_down(lambda: self._jobs.requeue(held, fetched=True))
        except Preempted:
            log.debug("returning %s to the queue: other documents wait", held.id)
            await retry_while_store_down(lambda: self._jobs.requeue(held, to_ring=True))
        except asyncio.CancelledError:
            with anyio.move_on_after(3):  # beyond it, the next start takes the lease back
                await retry_while_store_down(lambda: self._jobs.requeue(held))
            raise

    async def _run(self, held: Slice) -> None:
        if abs(held.schema - SCHEMA) > 1:
            log.warning(
                "%s has schema %d, this worker reads %d; leaving it to another worker", held.id, held.schema, SCHEMA
            )
            await retry_while_store_down(lambda: self._jobs.requeue(held, pause=LEFT_TO_OTHERS))
            return
        try:
            error = await self._work.outcome(held)
        except Crashed as crash:
            error = await self._after(crash, held)
            if error is None:
                return
        if error is not None and await self._lacks_room(error):
            log.warning("%s waits for room in DATA_DIR: %s", held.id, error)
            await retry_while_store_down(lambda: self._jobs.requeue(held, pause=FULL_PAUSE))
            return
        retryable = error is not None and error.retryable
        if retryable and held.attempts < len(RETRY_PAUSES):
            pause = RETRY_PAUSES[held.attempts]
            log.info("%s: %s; attempt %d starts in %g s", held.id, error, held.attempts + 2, pause)
            await retry_while_store_down(lambda: self._jobs.requeue(held, pause=pause, attempted=True))
            return
        if error is not None:
            log.info("%s failed: %s: %s", held.id, error.code, error.message)
            verdict = error.to_dict()
            if await retry_while_store_down(lambda: self._jobs.finish(held, verdict, attempted=retryable)) == "ended":
                await self._work.forget(held)

    async def _lacks_room(self, error: ServiceError) -> bool:
        """Whether the quota refused room for a download, or a write failed on a full disk."""
        if isinstance(error, StorageUnavailable):
            return True
        return error.retryable and error.code == "storage_unavailable" and await self._quota.disk_full()

    async def _after(self, crash: Crashed, held: Slice) -> ServiceError | None:
        """Tries a slice again that a host died under, until its pages have to be given up; then it ends without them.

        Returns the error that nothing but the job's failure is left for.
        """
        if crash.crashes < CRASHES_MAX:
            await retry_while_store_down(lambda: self._jobs.requeue(held, crashes=crash.crashes))
            return None
        reason = f"The engine host died {crash.crashes} times while processing this document; the last time it {crash}."
        error = WorkerError(reason)
        try:
            if not await self._work.give_up(held, error):
                return error
        except DocumentError as unsound:
            return unsound
        except OSError as failure:
            message = f"Blob storage (DATA_DIR) is unavailable: {failure.strerror}."
            return WorkerError(message, code="storage_unavailable", retryable=True)
        try:
            return await self._work.outcome(held)
        except Crashed:
            return error
