"""Every transition of a job, each one Lua script; the record is the truth, RQ's structures follow it.

submit → claim → set_page_count → page … → finish
             ↖ requeue, reap ↙
"""

import logging
import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.engines.options import OPTIONS
from app.jobs.codec import decode_job, decode_slice, encode_job, read_job
from app.jobs.models import Job, Slice, Status
from app.jobs.scripts import (
    Cancel,
    CancelExecutions,
    Claim,
    ClaimToken,
    CountPage,
    EngineState,
    Expire,
    Finish,
    FinishOutcome,
    Listing,
    ListJobs,
    Peek,
    Position,
    Reap,
    Renew,
    Requeue,
    Requeued,
    Retry,
    RetryOutcome,
    SetPageCount,
    SignOn,
    Submit,
    Submitted,
    Waiting,
    job_scripts,
)
from app.redis import keys
from app.redis.client import Store, batch, epoch
from app.redis.coalesce import Coalesced
from app.settings import Settings

log = logging.getLogger(__name__)

HEARTBEAT = 3.0  # seconds between renewals
AUDIT_GRACE = 5.0  # seconds an active slice may be neither queued nor leased

UNREADABLE = "The record of this job in Redis is damaged; submit the document again."


@dataclass(frozen=True)
class Backlog:
    """An engine's slices: those that wait and those in hand. The first that waits came `oldest` seconds ago."""

    waiting: int
    running: int
    oldest: float


class Jobs:
    """The jobs in one store."""

    def __init__(self, store: Store, settings: Settings) -> None:
        self._store = store
        self._scripts = job_scripts(store, settings)
        self._queue_max = settings.max_queued_jobs
        self._records: Coalesced[str, tuple[dict[str, str], float]] = Coalesced(self._read_records)

    async def submit(self, job: Job, *, idempotency: str | None, fingerprint: str) -> Submitted:
        """Accepts `job`, unless its idempotency key (a digest) is known or MAX_QUEUED_JOBS jobs are open."""
        return await self._scripts.run(Submit(encode_job(job), idempotency, fingerprint, self._queue_max))

    async def get(self, job_id: str) -> Job | None:
        """The job; None where there is none. Concurrent calls share their queries."""
        return read_job(*await self._records.get(job_id))

    async def list_page(
        self,
        client: str,
        *,
        statuses: Collection[Status] = (),
        engine: str | None = None,
        before: tuple[float, str] | None = None,
        created_after: float = 0.0,
        limit: int,
    ) -> tuple[list[Job], tuple[float, str] | None]:
        """Up to `limit` of a client's jobs, latest first: with one of `statuses` (any, if empty), of `engine`, and
        before the (time, id) given. The cost follows `limit`, however many jobs there are.

        Returns them and, where there are more, the (time, id) to go on from. One call removes at most 100 stale
        entries: a page may be short and not the last.
        """
        sets = _listings(client, statuses, engine)
        position = None if before is None else Position(*before)
        listed = await self._scripts.run(ListJobs(sets, position, created_after, limit))
        found = [read_job(record, listed.now) for record in listed.records]
        last = None if listed.last is None else (listed.last.time, listed.last.id)
        return [job for job in found if job is not None], last

    async def _read_records(self, job_ids: Sequence[str]) -> list[tuple[dict[str, str], float]]:
        """The hash of each, with the store's time."""
        async with batch(self._store, lenient=True) as pipe:
            pipe.time()
            for job_id in job_ids:
                pipe.hgetall(keys.job(job_id))
        clock, *records = pipe.answers
        return [(fields, epoch(clock)) for fields in records]

    async def cancel(self, job_id: str) -> bool:
        """Ends the job as canceled, and has its workers let go of it. False where it had ended already."""
        return await self._scripts.run(Cancel(job_id, "The job was canceled."))

    async def retry(self, job_id: str) -> RetryOutcome:
        """Opens an ended job again. `open`: it has not ended; `good`: nothing of it failed."""
        return await self._scripts.run(Retry(job_id, self._queue_max))

    async def expire(self, job_id: str, *, early: bool = False) -> bool:
        """Leaves a tombstone of an ended job whose time has come, or `early`. False where it has not ended or come.

        Its blobs are to be removed by the caller, who then says that it is forgotten by `forget_expired`.
        """
        return await self._scripts.run(Expire(job_id, early))

    async def forget_expired(self, job_id: str) -> None:
        await self._store.zrem(keys.EXPIRING, job_id)

    async def ended_with_secrets(self, limit: int) -> list[str]:
        """Up to `limit` ended jobs whose headers and password are to be forgotten."""
        found: Any = await self._store.srandmember(keys.ENDED_SECRETS, limit)
        return list(found)

    async def secrets_forgotten(self, job_ids: Sequence[str]) -> None:
        await self._store.srem(keys.ENDED_SECRETS, *job_ids)

    async def expired(self, limit: int) -> list[str]:
        """Up to `limit` jobs whose time has come and whose blobs may be there."""
        now = epoch(await self._store.time())
        found: Any = await self._store.zrangebyscore(keys.EXPIRING, "-inf", now, start=0, num=limit)
        return list(found)

    async def next_cancellation(self, worker: str, timeout: int) -> str | None:
        """The next execution that `worker` is to let go of; None where there is none for `timeout` seconds."""
        answer: Any = await self._store.blpop([keys.cancellations(worker)], timeout)
        return answer[1] if answer else None

    async def cancel_executions(self, worker: str, executions: Collection[str]) -> None:
        """Has `worker` let go of these executions."""
        if executions:
            await self._scripts.run(CancelExecutions(worker, list(executions)))

    async def wait_for_entry(self, queue: str, timeout: int) -> None:
        """The doorbell: returns when the queue is not empty, changing nothing, or after `timeout` seconds."""
        await self._store.blmove(keys.rq_queue(queue), keys.rq_queue(queue), timeout, "LEFT", "LEFT")

    async def claim(
        self,
        queue: str,
        worker: str,
        slice_id: str = "",
        *,
        after: Sequence[str] = (),
        fetch: bool = True,
        busy: Sequence[str] = (),
    ) -> Slice | None:
        """Takes and leases the next slice of `queue`, or the one named; None where there is none to take.

        Slices of the jobs `after` come after all others. Without `fetch`, jobs whose document is yet to be downloaded
        are left where they are; so are those whose document is at one of the servers `busy`.
        """
        while True:
            execution = uuid.uuid4().hex
            claim = Claim(queue, worker, execution, slice_id or None, list(after), fetch, list(busy))
            claimed = await self._scripts.run(claim)
            if claimed is None:
                return None
            try:
                return decode_slice(claimed.id, claimed.slice, decode_job(claimed.job, claimed.now))
            except (KeyError, TypeError, ValueError) as error:
                log.error("%s: the record of its job cannot be read: %r", claimed.id, error)
                token = ClaimToken(claimed.id, int(claimed.slice["fence"]), execution)
                unreadable = {"code": "internal", "message": UNREADABLE}
                await self._scripts.run(Finish(token, queue, attempted=False, page_errors=None, error=unreadable))

    async def set_page_count(self, held: Slice, *, total: int, slice_pages: int, stored: list[int]) -> bool:
        """Tells how many pages the job has, and which of this slice are stored already.

        The first time a document of more than `slice_pages` gets its other slices. False where the slice is no longer
        ours.
        """
        return await self._scripts.run(
            SetPageCount(ClaimToken.of(held), held.job.engine, total, slice_pages, list(stored))
        )

    async def page_done(self, held: Slice, number: int, error: str = "", seconds: float = 0.0) -> float | None:
        """Counts one stored page, which took `seconds`.

        Returns the seconds that the job's pages took so far; None where the slice is no longer ours.
        """
        return await self._scripts.run(CountPage(ClaimToken.of(held), number, error or None, seconds))

    async def backlog(self, queues: Sequence[str]) -> dict[str, Backlog]:
        """The work of each queue. What waits for another attempt counts as waiting, but is not the oldest."""
        async with batch(self._store) as pipe:
            pipe.time()
            for queue in queues:
                pipe.zcard(keys.active(queue))
                pipe.zcard(keys.rq_leases(queue))
                pipe.zrange(keys.waiting(queue), 0, 0, withscores=True)
                pipe.lrange(keys.rq_queue(queue), 0, -1)
        clock, *answers = pipe.answers
        heads = answers[3::4]
        async with batch(self._store) as pipe:
            for queue, head in zip(queues, heads, strict=True):
                for slice_id in head:
                    pipe.zscore(keys.active(queue), slice_id)
        came = iter(pipe.answers)
        found = {}
        for index, queue in enumerate(queues):
            open_, leased, first, head = answers[4 * index : 4 * index + 4]
            since = [score for score in (next(came) for _ in head) if score is not None] + [at for _, at in first]
            running = min(leased, open_)
            now = epoch(clock)
            found[queue] = Backlog(open_ - running, running, max(now - min(since, default=now), 0.0))
        return found

    async def peek(self, queue: str) -> list[Waiting]:
        """Those that would have the next free lanes."""
        return await self._scripts.run(Peek(queue))

    async def finish(
        self,
        held: Slice,
        error: dict[str, str] | None = None,
        *,
        attempted: bool = False,
        page_errors: int | None = None,
    ) -> FinishOutcome:
        """Ends the slice, and the job where it is the last one or failed with `error`; `attempted` counts this run.

        The result is there where the number of its `page_errors` is given. Else the last slice is not ended but told
        so. `lost`: the slice is no longer ours.
        """
        return await self._scripts.run(Finish(ClaimToken.of(held), held.job.engine, attempted, page_errors, error))

    async def requeue(
        self,
        held: Slice,
        *,
        crashes: int | None = None,
        pause: float = 0,
        attempted: bool = False,
        to_ring: bool = False,
        fetched: bool = False,
    ) -> bool:
        """Hands the slice back: to the front of the queue, or there after `pause` seconds, or `to_ring`, where it waits
        its turn. `fetched`: its document has been downloaded. False if no longer ours.

        `crashes` is how many deaths of the engine host it was there at, where that has changed; `attempted` counts
        this run.
        """
        return await self._scripts.run(
            Requeue(
                ClaimToken.of(held),
                held.job.engine,
                place="ring" if to_ring else "delayed" if pause else "front",
                pause=pause,
                crashes=held.crashes if crashes is None else crashes,
                attempted=attempted,
                fetched=fetched,
            )
        )

    async def reap(self, queue: str, *, owner: str = "", leases: bool = True) -> list[Requeued]:
        """Queues again what nobody works on.

        `owner` is a worker whose leases have all ended, whatever their time; without `leases` no other is judged.
        """
        return await self._scripts.run(Reap(queue, AUDIT_GRACE, owner or None, leases))

    async def renew(self, queue: str, held: Sequence[Slice]) -> set[str]:
        """Renews leases. One that was taken away does not come back.

        Returns the executions of the slices that are no longer ours: ended, given to another worker, or forgotten.
        """
        return await self._scripts.run(Renew(queue, [ClaimToken.of(one) for one in held]))

    async def sign_on(
        self, worker: str, engine: str, fields: Mapping[str, str | int], *, ready: bool, unavailable_reason: str | None
    ) -> None:
        """Says that `worker` lives, and whether its engine is `ready` or why it cannot work.

        `fields` go into RQ's record of the worker.
        """
        words = {name: str(value) for name, value in fields.items()}
        state: EngineState | None = "unavailable" if unavailable_reason is not None else "able" if ready else None
        await self._scripts.run(SignOn(worker, engine, state, unavailable_reason, words))

    async def sign_off(self, worker: str, engine: str) -> None:
        name = keys.rq_worker(worker)
        async with batch(self._store) as pipe:
            pipe.delete(name)
            pipe.srem(keys.RQ_WORKERS, name)
            pipe.srem(keys.rq_queue_workers(engine), name)


def _listings(client: str, statuses: Collection[Status], engine: str | None) -> list[Listing]:
    """The sorted sets that hold the jobs asked for between them."""
    if not statuses and engine is None:
        return [Listing(keys.jobs(client))]
    names = [status.value for status in Status if not statuses or status in statuses]
    engines = OPTIONS if engine is None else [engine]
    return [Listing(keys.jobs_by_engine(engine, name, client), name) for engine in engines for name in names]
