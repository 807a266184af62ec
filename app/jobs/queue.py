"""Every transition of a job, each one Lua script; the record is the truth, RQ's structures follow it.

submit → claim → progress … → finish
             ↖ requeue, reclaim ↙
"""

import time
import uuid
from functools import cache
from importlib.resources import files
from typing import Any, Literal

from redis.commands.core import AsyncScript
from rq.job import Job as RQJob
from rq.job import JobStatus
from rq.scripts import _build_hset_args as rq_hash
from rq.serializers import JSONSerializer

from app.jobs import keys
from app.jobs.record import SCHEMA, Job, Slice, Status, iso
from app.settings import Settings
from app.store import Store, batch

RUN_SLICE = "worker.tasks.run_slice"
"""The one function a queue entry may name."""

LEASE = 10.0  # seconds
BEAT = 3.0  # seconds between renewals
AUDIT_GRACE = 5.0  # seconds an active slice may be neither queued nor leased
EVENTS_KEPT = 10_000
TOMBSTONE = 7 * 24 * 3600  # seconds an expired job is still known as such

Outcome = Literal["created", "replayed", "conflict"]


@cache
def _lua(name: str) -> str:
    return files("app.jobs").joinpath("lua").joinpath(f"{name}.lua").read_text()


class Jobs:
    """The jobs in one store."""

    def __init__(self, store: Store, settings: Settings) -> None:
        self._store = store
        self._result_ttl = settings.result_ttl
        self._record_ttl = settings.result_ttl + TOMBSTONE
        self._scripts: dict[str, AsyncScript] = {}

    async def _run(self, script: str, keys: list[str], args: list[Any]) -> Any:
        if script not in self._scripts:
            self._scripts[script] = self._store.register_script(_lua(script))
        return await self._scripts[script](keys=keys, args=args)

    async def submit(self, job: Job, *, idempotency: str | None, fingerprint: str) -> tuple[Outcome, str, Status]:
        """Accepts `job`, unless its idempotency key (a digest) is known. Returns outcome, the job's id and status."""
        slice_id = f"{job.id}-0"
        hashes: list[list[Any]] = [
            _words(job.to_fields()),
            _words({"schema": SCHEMA, "id": slice_id, "job": job.id, "status": Status.QUEUED.value, "fence": 0}),
            _queue_entry(slice_id, job.engine, self._result_ttl),
        ]
        outcome, job_id, status = await self._run(
            "submit",
            [
                keys.job(job.id),
                keys.slice_(slice_id),
                keys.rq_job(slice_id),
                keys.rq_queue(job.engine),
                keys.RQ_QUEUES,
                keys.active(job.engine),
                keys.idempotency(job.client, idempotency or job.id),
            ],
            [
                job.id,
                slice_id,
                job.created_at,
                "" if idempotency is None else self._result_ttl,
                fingerprint,
                self._record_ttl,
                *(word for words in hashes for word in (len(words), *words)),
            ],
        )
        return outcome, job_id, Status(status or Status.QUEUED)

    async def get(self, job_id: str) -> Job | None:
        fields: Any = await self._store.hgetall(keys.job(job_id))
        return Job.from_fields(fields) if fields else None

    async def wait_for_entry(self, queue: str, timeout: int) -> None:
        """The doorbell: returns when the queue is not empty, changing nothing, or after `timeout` seconds."""
        await self._store.blmove(keys.rq_queue(queue), keys.rq_queue(queue), timeout, "LEFT", "LEFT")

    async def claim(self, queue: str, worker: str, slice_id: str = "") -> Slice | None:
        """Takes and leases the next slice of `queue`, or the one named; None where there is none to take."""
        now, execution = time.time(), uuid.uuid4().hex
        claimed = await self._run(
            "claim",
            [keys.rq_queue(queue), keys.rq_leases(queue), keys.active(queue), keys.EVENTS],
            [now, LEASE, worker, iso(now), execution, EVENTS_KEPT, slice_id, self._record_ttl],
        )
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

    async def set_pages(self, held: Slice, *, total: int, done: int) -> bool:
        """Records how many pages the job has and how many are stored. False where the slice is no longer ours."""
        return await self._progress(held, "pages", total, done)

    async def page_done(self, held: Slice, number: int, error: str = "") -> bool:
        """Counts one stored page. False where the slice is no longer ours."""
        return await self._progress(held, "page", number, error)

    async def _progress(self, held: Slice, kind: str, *values: Any) -> bool:
        job = held.job.id
        args = [held.fence, job, EVENTS_KEPT, kind, *values]
        return bool(await self._run("progress", [keys.job(job), keys.slice_(held.id), keys.EVENTS], args))

    async def finish(self, held: Slice, error: dict[str, str] | None = None, *, attempted: bool = False) -> bool:
        """Ends the slice, finished or with `error`; `attempted` counts this run. False where it is no longer ours."""
        now = time.time()
        status = Status.FINISHED if error is None else Status.FAILED
        failure = error or {"code": "", "message": ""}
        return bool(
            await self._run(
                "finish",
                [
                    *_held_keys(held),
                    keys.rq_registry(status.value, held.job.engine),
                    keys.active(held.job.engine),
                    keys.EVENTS,
                    keys.OUTBOX,
                    keys.outbox(held.job.id),
                    keys.OUTBOX_BELL,
                ],
                [
                    held.id,
                    held.execution,
                    held.fence,
                    status.value,
                    now,
                    iso(now),
                    held.job.id,
                    self._result_ttl,
                    self._record_ttl,
                    failure["code"],
                    failure["message"],
                    int(attempted),
                    EVENTS_KEPT,
                ],
            )
        )

    async def requeue(
        self, held: Slice, *, crashes: int | None = None, pause: float = 0, attempted: bool = False
    ) -> bool:
        """Hands the slice back to the front of the queue, or to its end after `pause` seconds. False if no longer ours.

        `crashes` is how many deaths of the engine host it was there at, where that has changed; `attempted` counts
        this run.
        """
        return bool(
            await self._run(
                "requeue",
                [*_held_keys(held), keys.rq_queue(held.job.engine), keys.delayed(held.job.engine)],
                [
                    held.id,
                    held.execution,
                    held.fence,
                    held.crashes if crashes is None else crashes,
                    int(attempted),
                    time.time() + pause if pause else "",
                ],
            )
        )

    async def reap(self, queue: str, *, owner: str = "", leases: bool = True) -> list[tuple[str, str]]:
        """Queues again what nobody works on; the slices with the reason of each.

        `owner` is a worker whose leases have all ended, whatever their time; without `leases` no other is judged.
        """
        again = await self._run(
            "reap",
            [
                keys.rq_leases(queue),
                keys.rq_queue(queue),
                keys.active(queue),
                keys.missing(queue),
                keys.delayed(queue),
            ],
            [time.time(), AUDIT_GRACE, owner, int(leases)],
        )
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


def _held_keys(held: Slice) -> list[str]:
    return [
        keys.job(held.job.id),
        keys.slice_(held.id),
        keys.rq_leases(held.job.engine),
        keys.rq_execution(held.id, held.execution),
        keys.rq_executions(held.id),
        keys.rq_job(held.id),
    ]


def _queue_entry(slice_id: str, queue: str, ttl: int) -> list[Any]:
    """The slice as an ordinary RQ job, for `rq info` and the dashboards: the words of its hash."""
    entry = RQJob.create(
        RUN_SLICE,
        args=[slice_id],
        kwargs={"schema": SCHEMA},
        id=slice_id,
        connection=_NoConnection(),  # type: ignore[arg-type]
        serializer=JSONSerializer,
        origin=queue,
        timeout=-1,
        result_ttl=ttl,
        failure_ttl=ttl,
        status=JobStatus.QUEUED,
    )
    entry.enqueued_at = entry.created_at
    words = rq_hash(entry)  # type: ignore[no-untyped-call]
    return [word for pair in zip(words[::2], words[1::2], strict=True) if pair[1] != "" for word in pair]


class _NoConnection:
    """RQ wants a connection to create a job; ours is only ever written by the submit script."""


def _words(fields: dict[str, Any]) -> list[Any]:
    return [word for pair in fields.items() for word in pair]


def _pairs(words: list[str]) -> dict[str, str]:
    return dict(zip(words[::2], words[1::2], strict=True))
