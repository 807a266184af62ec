"""Every transition of a job, each one Lua script; the record is the truth, RQ's structures follow it.

submit → claim → prepared → page … → finish
             ↖ requeue, reap ↙
"""

import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from app.jobs import keys
from app.jobs.record import Job, Priority, Slice, Status, iso
from app.jobs.scripts import LEASE, Scripts
from app.settings import Settings
from app.store import Store, batch

BEAT = 3.0  # seconds between renewals
AUDIT_GRACE = 5.0  # seconds an active slice may be neither queued nor leased

Outcome = Literal["created", "replayed", "conflict", "full"]


@dataclass(frozen=True)
class Waiting:
    """One that waits for a lane; `new`: its job was never worked on, but perhaps downloaded."""

    job: str
    priority: Priority
    new: bool


@dataclass(frozen=True)
class Backlog:
    """An engine's work, in slices: those that wait and those in hand; `oldest` is when the first that waits came."""

    waiting: int
    running: int
    oldest: float | None


class Jobs:
    """The jobs in one store."""

    def __init__(self, store: Store, settings: Settings) -> None:
        self._store = store
        self._scripts = Scripts(store, settings)
        self._queue_max = settings.queue_max

    async def submit(self, job: Job, *, idempotency: str | None, fingerprint: str) -> tuple[Outcome, str, Status]:
        """Accepts `job`, unless its idempotency key (a digest) is known or QUEUE_MAX jobs are open.

        Returns outcome, the job's id and status.
        """
        now = job.created_at
        fields = [word for pair in job.to_fields().items() for word in pair]
        outcome, job_id, status = await self._scripts.run(
            "submit",
            job.id,
            job.engine,
            now,
            iso(now),
            job.client,
            idempotency or "",
            fingerprint,
            self._queue_max,
            *fields,
        )
        return outcome, job_id, Status(status or Status.QUEUED)

    async def get(self, job_id: str) -> Job | None:
        fields: Any = await self._store.hgetall(keys.job(job_id))
        return Job.from_fields(fields) if fields else None

    async def page_of(
        self, client: str, *, before: tuple[float, str] | None, created_after: float, limit: int
    ) -> list[tuple[float, str]]:
        """Up to `limit` of a client's jobs, latest first, those before the (time, id) given; each as (time, id)."""
        found: list[tuple[float, str]] = []
        start = 0
        while True:
            latest: Any = await self._store.zrevrangebyscore(
                keys.jobs(client),
                "+inf" if before is None else before[0],
                created_after,
                start=start,
                num=limit,
                withscores=True,
            )
            # As many jobs as you like may have come at one time: those up to the given one are passed over.
            found += [(score, name) for name, score in latest if before is None or (score, name) < before]
            if len(found) >= limit or len(latest) < limit:
                return found[:limit]
            start += limit

    async def get_many(self, job_ids: Sequence[str]) -> list[Job | None]:
        async with batch(self._store) as pipe:
            for job_id in job_ids:
                pipe.hgetall(keys.job(job_id))
        return [Job.from_fields(fields) if fields else None for fields in pipe.answers]

    async def cancel(self, job_id: str) -> bool:
        """Ends the job as canceled, and has its workers let go of it. False where it had ended already."""
        now = time.time()
        return bool(await self._scripts.run("cancel", job_id, now, iso(now), "The job was canceled."))

    async def retry(self, job_id: str) -> Literal["queued", "open", "good", "full", "gone"]:
        """Opens an ended job again. `open`: it has not ended; `good`: nothing of it failed."""
        now = time.time()
        outcome: Literal["queued", "open", "good", "full", "gone"] = await self._scripts.run(
            "retry", job_id, now, iso(now), self._queue_max
        )
        return outcome

    async def bury(self, job_id: str, *, early: bool = False) -> bool:
        """Leaves a tombstone of an ended job whose time has come, or `early`. False where it has not ended or come.

        Its blobs are to be removed by the caller, who then says that it is `buried`.
        """
        return bool(await self._scripts.run("bury", job_id, time.time(), int(early)))

    async def buried(self, job_id: str) -> None:
        await self._store.zrem(keys.EXPIRING, job_id)

    async def expired(self, limit: int) -> list[str]:
        """Up to `limit` jobs whose time has come and whose blobs may be there."""
        found: Any = await self._store.zrangebyscore(keys.EXPIRING, "-inf", time.time(), start=0, num=limit)
        return list(found)

    async def dropped(self, worker: str, timeout: int) -> str | None:
        """The next execution that `worker` is to let go of; None where there is none for `timeout` seconds."""
        answer: Any = await self._store.blpop([keys.dropped(worker)], timeout)
        return answer[1] if answer else None

    async def wait_for_entry(self, queue: str, timeout: int) -> None:
        """The doorbell: returns when the queue is not empty, changing nothing, or after `timeout` seconds."""
        await self._store.blmove(keys.rq_queue(queue), keys.rq_queue(queue), timeout, "LEFT", "LEFT")

    async def claim(self, queue: str, worker: str, slice_id: str = "", *, after: Sequence[str] = ()) -> Slice | None:
        """Takes and leases the next slice of `queue`, or the one named; None where there is none to take.

        Slices of the jobs `after` come after all others.
        """
        now, execution = time.time(), uuid.uuid4().hex
        claimed = await self._scripts.run("claim", queue, now, iso(now), worker, execution, slice_id, *after)
        if not claimed:
            return None
        claimed_id, slice_fields, job_fields = claimed
        held = _pairs(slice_fields)
        return Slice(
            id=claimed_id,
            schema=int(held.get("schema", 0)),
            fence=int(held["fence"]),
            execution=execution,
            attempts=int(held.get("attempts", 0)),
            crashes=int(held.get("crashes", 0)),
            job=Job.from_fields(_pairs(job_fields)),
        )

    async def prepared(self, held: Slice, *, total: int, slice_pages: int, stored: list[int]) -> bool:
        """Tells how many pages the job has, and which of this slice are stored already.

        The first time a document of more than `slice_pages` gets its other slices. False where the slice is no longer
        ours.
        """
        now = time.time()
        return bool(await self._scripts.run("prepared", *_fence(held), now, iso(now), total, slice_pages, *stored))

    async def page_done(self, held: Slice, number: int, error: str = "", seconds: float = 0.0) -> float | None:
        """Counts one stored page, which took `seconds`.

        Returns the seconds that the job's pages took so far; None where the slice is no longer ours.
        """
        spent = await self._scripts.run("page", *_fence(held), number, error, seconds)
        return None if spent is None else float(spent)

    async def backlog(self, queues: Sequence[str]) -> dict[str, Backlog]:
        """The work of each queue. What waits for another attempt counts as waiting, but is not the oldest."""
        async with batch(self._store) as pipe:
            for queue in queues:
                pipe.zcard(keys.active(queue))
                pipe.zcard(keys.rq_leases(queue))
                pipe.zrange(keys.waiting(queue), 0, 0, withscores=True)
                pipe.lrange(keys.rq_queue(queue), 0, -1)
        answers: Any = pipe.answers
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
            found[queue] = Backlog(open_ - running, running, min(since, default=None))
        return found

    async def line(self, queue: str) -> list[Waiting]:
        """Those that would have the next free lanes."""
        return [Waiting(job, priority, bool(new)) for job, priority, new in await self._scripts.run("line", queue)]

    async def finish(
        self,
        held: Slice,
        error: dict[str, str] | None = None,
        *,
        attempted: bool = False,
        page_errors: int | None = None,
    ) -> Literal["ended", "last", "lost"]:
        """Ends the slice, and the job where it is the last one or failed with `error`; `attempted` counts this run.

        The result is there where the number of its `page_errors` is given. Else the last slice is not ended but told
        so. `lost`: the slice is no longer ours.
        """
        now = time.time()
        failure = error or {"code": "", "message": ""}
        ended: Literal["ended", "last", "lost"] = await self._scripts.run(
            "finish",
            *_fence(held),
            now,
            iso(now),
            int(attempted),
            int(page_errors is not None),
            page_errors or 0,
            failure["code"],
            failure["message"],
        )
        return ended

    async def requeue(
        self,
        held: Slice,
        *,
        crashes: int | None = None,
        pause: float = 0,
        attempted: bool = False,
        to_ring: bool = False,
    ) -> bool:
        """Hands the slice back: to the front of the queue, or there after `pause` seconds, or `to_ring`, where it waits
        its turn. False if no longer ours.

        `crashes` is how many deaths of the engine host it was there at, where that has changed; `attempted` counts
        this run.
        """
        now = time.time()
        where: str | float = "ring" if to_ring else now + pause if pause else "front"
        crashes = held.crashes if crashes is None else crashes
        return bool(await self._scripts.run("requeue", *_fence(held), now, iso(now), crashes, int(attempted), where))

    async def reap(self, queue: str, *, owner: str = "", leases: bool = True) -> list[tuple[str, str]]:
        """Queues again what nobody works on; the slices with the reason of each.

        `owner` is a worker whose leases have all ended, whatever their time; without `leases` no other is judged.
        """
        now = time.time()
        again = await self._scripts.run("reap", queue, now, iso(now), AUDIT_GRACE, owner, int(leases))
        return [(slice_id, reason) for slice_id, reason in again]

    async def renew(self, held: list[Slice]) -> None:
        """Renews leases. One that was taken away does not come back."""
        now = time.time()
        async with batch(self._store) as pipe:
            for one in held:
                execution = keys.rq_execution(one.id, one.execution)
                pipe.zadd(keys.rq_leases(one.job.engine), {f"{one.id}:{one.execution}": now + LEASE}, xx=True)
                pipe.hset(execution, "last_heartbeat", now)
                pipe.expire(execution, 60)


def _fence(held: Slice) -> tuple[str, int, str]:
    """What fenced scripts begin with: the slice, the number of its claim, its queue."""
    return held.id, held.fence, held.job.engine


def _pairs(words: list[str]) -> dict[str, str]:
    return dict(zip(words[::2], words[1::2], strict=True))
