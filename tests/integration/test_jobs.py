"""Transitions of a job, on the real server: each is one script, fenced by the slice's number."""

import asyncio
import re
import time
from collections.abc import AsyncIterator
from datetime import datetime, timezone
from typing import Any

import fakeredis
import pytest
import redis
from rq import Queue
from rq.job import Job as RQJob
from rq.registry import FinishedJobRegistry, StartedJobRegistry
from rq.serializers import JSONSerializer
from rq.utils import utcparse

from app.api.views import eta, percent
from app.engines.registry import EngineRegistry
from app.jobs.codec import SCHEMA
from app.jobs.events import EventReader
from app.jobs.models import Job, Slice, Status
from app.jobs.queue import HEARTBEAT, Jobs
from app.jobs.scripts import RUN_SLICE, Requeued, Waiting
from app.redis import keys
from app.redis.client import Store, connect
from app.settings import TOMBSTONE_TTL, Settings
from support.harness import PATIENCE, until
from support.jobs import WORKER, claim, end, new_job, prepared, submit
from worker.healthcheck import check

pytestmark = pytest.mark.anyio


@pytest.fixture(params=["server", "fakeredis"])
async def store(request: pytest.FixtureRequest, store_url: str) -> AsyncIterator[Store]:
    if request.param == "server":
        client = connect(Settings(redis_url=store_url))
    else:
        client = fakeredis.FakeAsyncRedis(decode_responses=True, version=(7, 0))
    yield client
    await client.aclose()


@pytest.fixture
def jobs(store: Store) -> Jobs:
    return Jobs(store, Settings(result_ttl=3600, max_queued_jobs=200))


async def audit(jobs: Jobs, store: Store) -> list[Requeued]:
    """What is queued again by a call that audits, however recent the last audit is."""
    await store.delete(keys.audited("pp_ocr"))
    return await jobs.reap("pp_ocr")


async def test_submitted_jobs_are_claimed_in_order(jobs: Jobs) -> None:
    for number in (1, 2):
        await submit(jobs, new_job(number, pdf_url="http://a.test/x.pdf", metadata={"n": number}))
    first, second = await claim(jobs), await claim(jobs)
    assert [first.id, second.id] == [f"{1:032x}-0", f"{2:032x}-0"]
    assert first.fence == 1
    assert second.job.metadata == {"n": 2}
    assert second.job.pdf_url == "http://a.test/x.pdf"
    assert await jobs.claim("pp_ocr", WORKER) is None
    job = await jobs.get(f"{1:032x}")
    assert job is not None
    assert job.status is Status.RUNNING
    assert job.started_at is not None


async def test_the_life_of_a_job(jobs: Jobs, store: Store) -> None:
    job_id = await submit(jobs, new_job())
    held = await claim(jobs)
    assert await prepared(jobs, held, 2)
    assert await jobs.page_done(held, 1) == 0
    assert await jobs.page_done(held, 2, "page_failed", 1.5) == 1.5
    assert await jobs.page_done(held, 2, "page_failed", 1.5) == 1.5  # sent again after a lost answer
    assert await jobs.finish(held) == "last"
    assert await jobs.finish(held, page_errors=1) == "ended"
    job = await jobs.get(job_id)
    assert job is not None
    assert (job.status, job.pages_done, job.pages_total, job.attempts) == (Status.FINISHED, 2, 2, 0)
    assert job.expires_at is not None
    assert abs(job.expires_at - time.time() - 3600) < 60
    assert not job.expired
    assert await store.zcard(keys.active("pp_ocr")) == 0
    assert await store.zcard(keys.rq_leases("pp_ocr")) == 0
    assert 3600 < await store.ttl(keys.job(job_id)) <= 3600 + TOMBSTONE_TTL
    entries: Any = await store.xrange(keys.EVENTS)
    events = [fields for _, fields in entries]
    assert [event.get("status") or event["page"] for event in events] == ["running", "1", "2", "finished"]
    assert await store.zcard(keys.OUTBOX) == 0


async def test_a_job_is_due_for_removal_when_it_expires(jobs: Jobs, store: Store) -> None:
    for number in (1, 2, 3):
        await submit(jobs, new_job(number))
    await end(jobs, await claim(jobs))
    await end(jobs, await claim(jobs), {"code": "internal", "message": "Oh."})
    assert await jobs.cancel(new_job(3).id)
    for number in (1, 2, 3):
        job = await job_of(jobs, new_job(number).id)
        assert await store.zscore(keys.EXPIRING, job.id) == pytest.approx(job.expires_at, abs=0.01)


async def test_a_lease_lasts_ten_seconds(jobs: Jobs, store: Store) -> None:
    """Long enough to miss two renewals, short enough that a dead worker's slices do not wait long."""
    await submit(jobs, new_job())
    before = time.time()
    held = await claim(jobs)

    async def until() -> float:
        return float(await store.zscore(keys.rq_leases("pp_ocr"), f"{held.id}:{held.execution}") or 0)

    assert before + 3 * HEARTBEAT < await until() <= time.time() + 10
    await jobs.renew("pp_ocr", [held])
    assert before + 3 * HEARTBEAT < await until() <= time.time() + 10


async def test_a_failure_is_kept_and_counted(jobs: Jobs) -> None:
    job_id = await submit(jobs, new_job())
    error = {"code": "document_invalid", "message": "It is damaged."}
    assert await jobs.finish(await claim(jobs), error, attempted=True) == "ended"
    job = await jobs.get(job_id)
    assert job is not None
    assert (job.status, job.attempts) == (Status.FAILED, 1)
    assert job.error == {"code": "document_invalid", "message": "It is damaged."}


async def test_a_late_worker_cannot_commit(jobs: Jobs) -> None:
    job_id = await submit(jobs, new_job())
    late = await claim(jobs)
    assert await jobs.requeue(late)
    newer = await claim(jobs)
    assert newer.fence == late.fence + 1
    assert not await prepared(jobs, late, 1)
    assert await jobs.page_done(late, 1) is None
    assert await jobs.finish(late) == "lost"
    assert not await jobs.requeue(late)
    await end(jobs, newer)
    assert await jobs.finish(newer) == "lost"
    job = await jobs.get(job_id)
    assert job is not None
    assert job.status is Status.FINISHED


async def test_a_store_that_was_rolled_back_gives_no_fence_twice(jobs: Jobs, store: Store) -> None:
    """Restored from a copy that does not know of the claim: its number is given to another worker, too."""
    job_id = await submit(jobs, new_job())
    names = await store.keys("*")
    before = {name: await store.dump(name) for name in names}
    forgotten = await claim(jobs)
    await store.flushdb()
    for name, value in before.items():
        assert value is not None
        await store.restore(name, 60_000, value)
    newer = await claim(jobs)
    assert newer.fence == forgotten.fence
    assert await jobs.renew("pp_ocr", [forgotten, newer]) == {forgotten.execution}
    assert not await prepared(jobs, forgotten, 1)
    assert await jobs.page_done(forgotten, 1) is None
    assert not await jobs.requeue(forgotten)
    assert await jobs.finish(forgotten, {"code": "internal", "message": "Oh."}) == "lost"
    assert await store.zscore(keys.rq_leases("pp_ocr"), f"{newer.id}:{newer.execution}")
    await end(jobs, newer)
    await store.flushdb()
    assert await jobs.renew("pp_ocr", [newer]) == {newer.execution}
    await jobs.cancel_executions(WORKER, {newer.execution})
    assert await jobs.next_cancellation(WORKER, 1) == newer.execution
    assert await jobs.get(job_id) is None


@pytest.mark.parametrize("wrong", [-3600, 3600])
async def test_only_the_clock_of_the_store_counts(store_url: str, monkeypatch: pytest.MonkeyPatch, wrong: int) -> None:
    store = connect(Settings(redis_url=store_url))
    jobs = Jobs(store, Settings(result_ttl=600))
    real = time.time
    monkeypatch.setattr(time, "time", lambda: real() + wrong)
    for number in (1, 2):
        await submit(jobs, new_job(number))
    held = await claim(jobs)
    lease = f"{held.id}:{held.execution}"
    assert await jobs.renew("pp_ocr", [held]) == set()
    assert 0 < float(await store.zscore(keys.rq_leases("pp_ocr"), lease) or 0) - real() <= 10
    assert await jobs.reap("pp_ocr") == []
    engines = EngineRegistry(store, "auto")
    await jobs.sign_on(WORKER, "pp_ocr", {"pid": 1}, ready=True, unavailable_reason=None)
    assert (await engines.live(), await engines.unavailable_reasons()) == ({"pp_ocr"}, {})
    await jobs.sign_on("host-0123abcd-0", "pp_ocr", {"pid": 1}, ready=True, unavailable_reason=None)
    assert await check(Settings(redis_url=store_url), "host") == (True, "The worker of host is alive.")
    assert (await jobs.backlog(["pp_ocr"]))["pp_ocr"].oldest < 60
    await jobs.requeue(held, pause=60)
    assert 0 < float(await store.zscore(keys.delayed("pp_ocr"), held.id) or 0) - real() <= 60
    ended = await claim(jobs)
    await end(jobs, ended)
    job = await job_of(jobs, ended.job.id)
    assert job.finished_at is not None
    assert abs(job.created_at - real()) < 60
    assert abs(job.finished_at - real()) < 60
    assert not job.expired
    assert await jobs.expired(10) == []
    assert not await jobs.expire(job.id)
    await store.aclose()


@pytest.mark.parametrize(
    "moment", ["2026-02-28T23:59:59", "2028-02-29T00:00:00", "2026-11-30T12:34:56", "2100-03-01T00:00:00"]
)
async def test_times_are_written_as_rq_reads_them(moment: str, monkeypatch: pytest.MonkeyPatch) -> None:
    at = datetime.fromisoformat(moment).replace(tzinfo=timezone.utc).timestamp()
    monkeypatch.setattr(time, "time", lambda: at)  # fakeredis takes this for its TIME
    store = fakeredis.FakeAsyncRedis(decode_responses=True, version=(7, 0))
    await Jobs(store, Settings()).sign_on(WORKER, "pp_ocr", {"pid": 1}, ready=True, unavailable_reason=None)
    written = await store.hget(keys.rq_worker(WORKER), "last_heartbeat") or ""
    assert written == f"{moment}.000000Z"
    assert abs(utcparse(written).timestamp() - at) < 1
    await store.aclose()


async def test_a_slice_handed_back_is_next(jobs: Jobs) -> None:
    for number in (1, 2):
        await submit(jobs, new_job(number))
    first = await claim(jobs)
    assert await jobs.requeue(first, crashes=1)
    again = await claim(jobs)
    assert (again.id, again.crashes) == (first.id, 1)


async def test_a_restarted_worker_takes_its_own_back(jobs: Jobs) -> None:
    for number in (1, 2):
        await submit(jobs, new_job(number))
    mine = await claim(jobs)
    other = await jobs.claim("pp_ocr", WORKER + "0")  # a longer name is another worker
    assert other is not None
    ((again, reason),) = await jobs.reap("pp_ocr", owner=WORKER, leases=False)
    assert (again, reason) == (mine.id, "this worker held it when it last stopped")
    assert await jobs.reap("pp_ocr", owner=WORKER, leases=False) == []
    assert (await claim(jobs)).fence == 2
    await end(jobs, other)


async def test_a_lease_is_renewed_but_never_brought_back(jobs: Jobs, store: Store) -> None:
    await submit(jobs, new_job())
    held = await claim(jobs)
    leases, member = keys.rq_leases("pp_ocr"), f"{held.id}:{held.execution}"
    await store.zadd(leases, {member: 1})
    assert await jobs.renew("pp_ocr", [held]) == set()
    assert float(await store.zscore(leases, member) or 0) > time.time()
    await store.zrem(leases, member)
    assert await jobs.renew("pp_ocr", [held]) == set()  # another's clean-up took it, but nobody else has the slice
    assert await store.zscore(leases, member) is None
    await store.rpush(keys.rq_queue("pp_ocr"), held.id)  # as RQ's own clean-up would
    assert (await claim(jobs)).fence == 2


async def test_stale_entries_are_dropped(jobs: Jobs, store: Store) -> None:
    job_id = await submit(jobs, new_job())
    held = await claim(jobs)
    await end(jobs, held)
    await store.rpush(keys.rq_queue("pp_ocr"), f"{job_id}-0", "unknown-0")
    assert await jobs.claim("pp_ocr", WORKER) is None


@pytest.mark.parametrize("ended", [False, True])
async def test_an_idempotency_key_gives_the_same_job(jobs: Jobs, ended: bool) -> None:
    await jobs.submit(new_job(1), idempotency="key", fingerprint="same")
    if ended:
        await end(jobs, await claim(jobs))
    again = await jobs.submit(new_job(2), idempotency="key", fingerprint="same")
    assert again == ("replayed", new_job(1).id, Status.FINISHED if ended else Status.QUEUED)
    assert (await jobs.submit(new_job(3), idempotency="key", fingerprint="other"))[:2] == ("conflict", new_job(1).id)
    assert await jobs.get(new_job(2).id) is None
    assert await jobs.get(new_job(3).id) is None


async def test_concurrent_submits_with_one_key_make_one_job(jobs: Jobs, store: Store) -> None:
    answers = await asyncio.gather(
        *(jobs.submit(new_job(number), idempotency="key", fingerprint="f") for number in range(1, 101))
    )
    assert sorted(outcome for outcome, _, _ in answers) == ["created"] + ["replayed"] * 99
    assert len({job_id for _, job_id, _ in answers}) == 1
    assert await store.llen(keys.rq_queue("pp_ocr")) == 1


async def test_the_end_puts_a_callback_into_the_outbox(jobs: Jobs, store: Store) -> None:
    job_id = await submit(jobs, new_job(callback_url="http://a.test/hook"))
    assert await store.zcard(keys.OUTBOX) == 0
    await end(jobs, await claim(jobs))
    assert await store.zrange(keys.OUTBOX, 0, -1) == [job_id]
    assert (await store.hgetall(keys.outbox(job_id)))["url"] == "http://a.test/hook"


async def test_the_doorbell_changes_nothing(jobs: Jobs, store: Store) -> None:
    await jobs.wait_for_entry("pp_ocr", 1)
    for number in (1, 2):
        await submit(jobs, new_job(number))
    before = await store.lrange(keys.rq_queue("pp_ocr"), 0, -1)
    await jobs.wait_for_entry("pp_ocr", 1)
    assert await store.lrange(keys.rq_queue("pp_ocr"), 0, -1) == before


async def test_waiting_ends_with_the_job(store_url: str) -> None:
    settings = Settings(redis_url=store_url)
    store, reading = connect(settings), connect(settings)
    jobs, events = Jobs(store, settings), EventReader(reading)
    events.start()
    try:
        job_id = await submit(jobs, new_job())
        assert await events.wait_until_ended("0" * 32, lambda: jobs.get("0" * 32), 5) is None
        unended = await events.wait_until_ended(job_id, lambda: jobs.get(job_id), 0.05)
        assert unended is not None
        assert unended.status is Status.QUEUED
        reads = 0

        async def find() -> Job | None:
            nonlocal reads
            reads += 1
            return await jobs.get(job_id)

        waiting = asyncio.create_task(events.wait_until_ended(job_id, find, PATIENCE))
        await until(lambda: job_id in events._followers)
        held = await claim(jobs)
        await jobs.page_done(held, 1)
        await end(jobs, held)
        ended = await asyncio.wait_for(waiting, PATIENCE)
        assert ended is not None
        assert ended.status is Status.FINISHED
        assert reads == 2, "the record is read again at its end, and not for other events"
        assert events._followers == {}
    finally:
        await events.stop()
        await reading.aclose()
        await store.aclose()


async def test_rq_sees_our_jobs(store_url: str) -> None:
    """Queue entries are ordinary RQ jobs: what RQ's own tools read of them is right at every stage."""
    settings = Settings(redis_url=store_url)
    store = connect(settings)
    jobs = Jobs(store, settings)
    with redis.Redis.from_url(store_url) as connection:
        queue = Queue("pp_ocr", connection=connection, serializer=JSONSerializer)
        job_id = await submit(jobs, new_job())
        entry = f"{job_id}-0"
        assert queue.get_job_ids() == [entry]
        rq_job = RQJob.fetch(entry, connection=connection, serializer=JSONSerializer)
        assert (rq_job.func_name, rq_job.args, rq_job.kwargs) == (RUN_SLICE, [entry], {"schema": SCHEMA})
        assert rq_job.get_status() == "queued"
        held = await claim(jobs)
        assert StartedJobRegistry(queue=queue).get_job_ids(cleanup=False) == [entry]
        rq_job = RQJob.fetch(entry, connection=connection, serializer=JSONSerializer)
        assert (rq_job.get_status(), rq_job.worker_name) == ("started", WORKER)
        assert [execution.id for execution in rq_job.get_executions()] == [held.execution]
        await end(jobs, held)
        assert FinishedJobRegistry(queue=queue).get_job_ids(cleanup=False) == [entry]
        assert RQJob.fetch(entry, connection=connection, serializer=JSONSerializer).get_status() == "finished"
    await store.aclose()


async def test_a_submit_sent_twice_is_one_job(jobs: Jobs, store: Store) -> None:
    """The client library repeats a command whose answer was lost."""
    for _ in range(2):
        assert await jobs.submit(new_job(), idempotency="key", fingerprint="f") == (
            "created",
            new_job().id,
            Status.QUEUED,
        )
    assert await store.llen(keys.rq_queue("pp_ocr")) == 1


async def test_an_expired_lease_is_queued_again_once(jobs: Jobs, store: Store) -> None:
    for number in (1, 2):
        await submit(jobs, new_job(number))
    held = await claim(jobs)
    assert await jobs.reap("pp_ocr") == []
    await store.zadd(keys.rq_leases("pp_ocr"), {f"{held.id}:{held.execution}": time.time() - 1})
    assert await jobs.reap("pp_ocr", leases=False) == []
    reaped = await asyncio.gather(*(jobs.reap("pp_ocr") for _ in range(8)))
    assert [again for again in reaped if again] == [[(held.id, "its lease has expired")]]
    assert await store.lrange(keys.rq_queue("pp_ocr"), 0, -1) == [held.id, f"{2:032x}-0"]
    newer = await claim(jobs)
    assert (newer.id, newer.fence, newer.attempts, newer.crashes) == (held.id, 2, 0, 0)
    assert await jobs.finish(held) == "lost"


async def test_a_slice_that_is_nowhere_is_found(jobs: Jobs, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    job_id = await submit(jobs, new_job())
    await store.zadd(keys.active("pp_ocr"), {f"{job_id}-0": 1, "gone-0": 1})
    await store.lpop(keys.rq_queue("pp_ocr"))  # as a worker of RQ's that dies right after
    assert await audit(jobs, store) == []  # first seen
    assert await store.zrange(keys.missing("pp_ocr"), 0, -1) == [f"{job_id}-0"]  # the other is nobody's
    await store.zadd(keys.missing("pp_ocr"), {f"{job_id}-0": 1})
    assert await jobs.reap("pp_ocr") == []  # somebody has just audited
    assert await audit(jobs, store) == [(f"{job_id}-0", "it was in no queue and held by no worker")]
    assert await audit(jobs, store) == []
    assert await store.zrange(keys.active("pp_ocr"), 0, -1) == [f"{job_id}-0"]
    assert await store.zcard(keys.missing("pp_ocr")) == 0
    assert (await claim(jobs)).fence == 1


async def test_another_attempt_waits_for_its_time(jobs: Jobs, store: Store) -> None:
    await submit(jobs, new_job())
    held = await claim(jobs)
    assert await jobs.requeue(held, pause=60, attempted=True)
    assert await jobs.claim("pp_ocr", WORKER) is None
    assert await jobs.reap("pp_ocr") == []
    await store.zadd(keys.active("pp_ocr"), {held.id: 1})
    assert await audit(jobs, store) == []  # the audit knows where it is
    await store.zadd(keys.delayed("pp_ocr"), {held.id: 1})
    assert await jobs.reap("pp_ocr") == [(held.id, "its pause is over")]
    again = await claim(jobs)
    assert again.attempts == 1
    assert again.job.attempts == 1


async def test_one_slice_can_be_claimed_by_name(jobs: Jobs, store: Store) -> None:
    for number in (1, 2):
        await submit(jobs, new_job(number))
    second = await jobs.claim("pp_ocr", WORKER, f"{2:032x}-0")
    assert second is not None
    assert second.id == f"{2:032x}-0"
    assert await jobs.claim("pp_ocr", WORKER, second.id) is None
    assert await store.lrange(keys.rq_queue("pp_ocr"), 0, -1) == [f"{1:032x}-0"]
    assert await store.zcard(keys.active("pp_ocr")) == 2
    await end(jobs, second)
    assert await jobs.claim("pp_ocr", WORKER, second.id) is None
    assert await jobs.claim("pp_ocr", WORKER, "unknown-0") is None


async def test_every_key_has_an_end(jobs: Jobs, store: Store) -> None:
    for number in (1, 2, 3, 4):
        job = new_job(number, callback_url="http://a.test/hook")
        await jobs.submit(job, idempotency=f"key {number}", fingerprint="f")
    await end(jobs, await claim(jobs))
    await end(jobs, await claim(jobs), {"code": "c", "message": "m"})
    await jobs.requeue(await claim(jobs), pause=60)
    await store.zadd(keys.active("pp_ocr"), {"gone-0": 1})
    await jobs.reap("pp_ocr")
    held = await claim(jobs)
    await jobs.renew("pp_ocr", [held])
    await jobs.sign_on(WORKER, "pp_ocr", {"pid": 1}, ready=True, unavailable_reason=None)
    await jobs.sign_on(WORKER, "pp_ocr", {"pid": 1}, ready=True, unavailable_reason="away")
    await jobs.cancel_executions(WORKER, [held.execution])
    await prepared(jobs, held, 1000)
    await jobs.page_done(held, 1)
    for number in range(5, 20):
        await submit(jobs, new_job(number))
    await jobs.cancel(new_job(6).id)
    await jobs.retry(new_job(6).id)
    await jobs.expire(new_job(1).id, early=True)
    await jobs.cancel(held.job.id)
    for name in map(str, await store.keys("*")):
        key = declared(name)
        assert 0 <= await store.ttl(name) <= key.ttl.total(3600), f"{name} is kept for {key.ttl}"


def declared(name: str) -> keys.Key:
    """What the registry has of a key; the longest template where several fit, as for waiting:{queue}:{priority}."""
    fitting = [
        key
        for key in keys.REGISTRY.values()
        if re.fullmatch(re.sub(r"{\w+}", "[^:]+", key.template.replace("{name}", ".+")), name)
    ]
    return max(fitting, key=lambda key: key.template.count(":"))


async def test_a_stream_that_is_begun_again_has_an_end(jobs: Jobs, store: Store) -> None:
    await submit(jobs, new_job())
    held = await claim(jobs)
    await prepared(jobs, held, 2)
    await store.delete(keys.EVENTS)
    assert await jobs.page_done(held, 1) is not None
    events: Any = await store.xrange(keys.EVENTS)
    assert [fields["page"] for _, fields in events] == ["1"]
    assert await store.ttl(keys.EVENTS) > 0


async def test_an_audit_gives_what_all_share_its_time_again(jobs: Jobs, store: Store) -> None:
    """However long ago it was begun: while there is work it is never empty, and so never begun again."""
    for number in range(1, 10):
        await submit(jobs, new_job(number))
    await claim(jobs)
    shared = [keys.OPEN, keys.EVENTS, keys.RQ_QUEUES]
    shared += [key("pp_ocr") for key in (keys.active, keys.waiting, keys.rq_queue, keys.rq_leases)]
    for name in shared:
        assert await store.expire(name, 60), name
    await audit(jobs, store)
    assert min([await store.ttl(name) for name in shared]) > 3600


async def test_a_job_that_waited_long_is_given_its_time_again(jobs: Jobs, store: Store) -> None:
    """Before a run that may be long, and at its end."""
    job_id = await submit(jobs, new_job())
    slice_id = f"{job_id}-0"
    names = [keys.job(job_id), keys.slice_(slice_id), keys.rq_job(slice_id)]
    await store.hset(keys.job(job_id), "created_at", str(time.time() - 7200))
    for name in (*names, keys.jobs("anonymous")):
        await store.expire(name, 60)
    held = await claim(jobs)
    assert min([await store.ttl(name) for name in names]) > 3600
    for name in names:
        await store.expire(name, 60)
    await end(jobs, held)
    assert min([await store.ttl(name) for name in (*names, keys.jobs("anonymous"))]) > 3600


async def order(jobs: Jobs) -> list[int]:
    """Claims all there is; the numbers of the jobs."""
    claimed = []
    while (held := await jobs.claim("pp_ocr", WORKER)) is not None:
        claimed.append(int(held.job.id, 16))
    return claimed


async def test_the_list_is_kept_short(jobs: Jobs, store: Store) -> None:
    for number in range(1, 21):
        await submit(jobs, new_job(number))
    assert await store.llen(keys.rq_queue("pp_ocr")) == 4
    assert await store.zcard(keys.waiting("pp_ocr")) == 16
    await store.delete(keys.rq_queue("pp_ocr"))  # as `rq empty` would
    assert (await claim(jobs)).job.id == f"{5:032x}"
    assert await order(jobs) == list(range(6, 21))
    assert [key for key in await store.keys("waiting:*")] == []


async def test_higher_priority_comes_first_and_none_starves(jobs: Jobs) -> None:
    for number, priority in enumerate(["low"] * 6 + ["normal"] * 6 + ["high"] * 30, 1):
        await submit(jobs, new_job(number, priority=priority))
    claimed = await order(jobs)
    assert sorted(claimed) == list(range(1, 43))
    after = [["low", "normal", "high"][0 if number <= 6 else 1 if number <= 12 else 2] for number in claimed[4:]]
    assert after.index("high") == 0  # the list was full of low ones before the first came
    assert after[:24].count("high") >= 18
    assert after[:24].count("normal") >= 2
    assert after[:24].count("low") >= 2


async def test_clients_take_turns_and_their_jobs_keep_their_order(jobs: Jobs) -> None:
    for number in range(1, 31):
        await submit(jobs, new_job(number, client="busy"))
    for number in range(31, 34):
        await submit(jobs, new_job(number, client="other"))
    claimed = await order(jobs)
    assert [claimed.index(number) for number in (31, 32, 33)] == [5, 7, 9]
    assert [number for number in claimed if number < 31] == list(range(1, 31))


async def test_a_book_is_cut_into_slices_that_leave_room_for_others(jobs: Jobs, store: Store) -> None:
    book = await submit(jobs, new_job(1))
    first = await claim(jobs)
    assert first.job.slice_pages is None
    assert await prepared(jobs, first, 1000)
    assert await prepared(jobs, first, 1000)  # sent again after a lost answer
    assert await store.lrange(keys.rq_queue("pp_ocr"), 0, -1) == [f"{book}-1"]
    assert await store.zcard(keys.active("pp_ocr")) == 32
    invoice = await submit(jobs, new_job(2, priority="high"))
    assert await jobs.peek("pp_ocr") == [Waiting(book, "normal", False), Waiting(invoice, "high", True)]
    assert await jobs.requeue(first, to_ring=True)
    held = await jobs.claim("pp_ocr", WORKER, after=[book])
    assert held is not None
    assert held.job.id == invoice
    rest = [held.id async for held in claims(jobs)]
    assert rest == [f"{book}-{number}" for number in (1, 0, *range(2, 32))]


async def claims(jobs: Jobs) -> AsyncIterator[Slice]:
    while (held := await jobs.claim("pp_ocr", WORKER)) is not None:
        yield held


async def test_the_last_slice_makes_the_result(jobs: Jobs, store: Store) -> None:
    book = await submit(jobs, new_job(1))
    held = [await claim(jobs)]
    await prepared(jobs, held[0], 70)
    held += [one async for one in claims(jobs)]
    assert [one.id for one in held] == [f"{book}-{number}" for number in range(3)]
    assert held[2].job.slice_pages == 32
    for one, page in ((held[2], 65), (held[1], 33), (held[0], 1)):
        await prepared(jobs, one, 70, (page,))
    assert await jobs.finish(held[1]) == "ended"
    assert await jobs.finish(held[0]) == "ended"
    job = await jobs.get(book)
    assert job is not None
    assert (job.status, job.pages_done, job.pages_total) == (Status.RUNNING, 3, 70)
    assert await jobs.finish(held[2]) == "last"
    assert await jobs.finish(held[2], page_errors=2) == "ended"
    job = await jobs.get(book)
    assert job is not None
    assert job.status is Status.FINISHED
    assert await store.zcard(keys.OPEN) == 0
    assert await store.exists(keys.pages(book)) == 0


async def test_a_slice_that_fails_ends_the_job_and_its_other_slices(jobs: Jobs, store: Store) -> None:
    book = await submit(jobs, new_job(1, callback_url="http://a.test/hook"))
    first = await claim(jobs)
    await prepared(jobs, first, 200)
    second = await claim(jobs)
    await jobs.requeue(await claim(jobs), pause=60)
    assert await jobs.finish(first, {"code": "internal", "message": "Oh."}) == "ended"
    assert not await jobs.page_done(second, 33)
    assert not await jobs.requeue(second)
    assert await jobs.claim("pp_ocr", WORKER) is None
    job = await jobs.get(book)
    assert job is not None
    assert job.status is Status.FAILED
    for name in (keys.active("pp_ocr"), keys.rq_leases("pp_ocr"), keys.delayed("pp_ocr"), keys.waiting("pp_ocr")):
        assert await store.zcard(name) == 0, name
    assert await store.keys("waiting:*") == []
    assert await store.zcard(keys.OUTBOX) == 1


async def test_a_full_queue_takes_no_more(jobs: Jobs, store: Store) -> None:
    for number in range(1, 201):
        await submit(jobs, new_job(number))
    assert (await jobs.submit(new_job(201), idempotency="key", fingerprint="f"))[0] == "full"
    assert await jobs.get(new_job(201).id) is None
    assert await store.exists(keys.idempotency("anonymous", "key")) == 0
    await end(jobs, await claim(jobs))
    assert (await jobs.submit(new_job(201), idempotency="key", fingerprint="f"))[0] == "created"
    assert (await jobs.submit(new_job(202), idempotency="key", fingerprint="f"))[0] == "replayed"


async def test_the_audit_knows_the_sets(jobs: Jobs, store: Store) -> None:
    for number in range(1, 11):
        await submit(jobs, new_job(number))
        await store.zadd(keys.active("pp_ocr"), {f"{number:032x}-0": 1})
    for _ in range(2):
        assert await audit(jobs, store) == []
        assert await store.zcard(keys.missing("pp_ocr")) == 0
    assert await order(jobs) == list(range(1, 11))


async def test_what_is_looked_through_in_one_call_is_bounded(jobs: Jobs, store: Store) -> None:
    """Here it is entries of lost jobs, which an audit removes."""
    active, leases, delayed = keys.active("pp_ocr"), keys.rq_leases("pp_ocr"), keys.delayed("pp_ocr")
    await store.zadd(active, {f"{number:032x}-0": 1 for number in range(2500)})
    await store.zadd(leases, {f"{number:032x}-0:execution": 1 for number in range(2500, 2750)})
    await store.zadd(delayed, {f"{number:032x}-0": 1 for number in range(2750, 3000)})
    await audit(jobs, store)
    left = await store.zcard(active)
    assert 500 < left < 2500
    assert (await store.zcard(leases), await store.zcard(delayed)) == (150, 150)
    await store.set(keys.audited("pp_ocr"), 1, ex=600)  # as after an audit: no worker makes another so soon
    await jobs.reap("pp_ocr")
    assert await store.zcard(active) == left
    for _ in range(20):
        await audit(jobs, store)
    assert await store.exists(active, leases, delayed) == 0


async def job_of(jobs: Jobs, job_id: str) -> Job:
    job = await jobs.get(job_id)
    assert job is not None
    return job


async def test_a_waiting_job_is_canceled(jobs: Jobs, store: Store) -> None:
    for number in range(1, 9):
        await submit(jobs, new_job(number, callback_url="http://a.test/hook"))
    for number in (2, 7):  # one stands in RQ's list, one in the rings
        assert await jobs.cancel(new_job(number).id)
        assert not await jobs.cancel(new_job(number).id)
        assert await store.llen(keys.rq_queue("pp_ocr")) == 4  # the next one has taken its place
    job = await job_of(jobs, new_job(2).id)
    assert (job.status, job.error) == (Status.CANCELED, {"code": "canceled", "message": "The job was canceled."})
    assert await order(jobs) == [1, 3, 4, 5, 6, 8]
    assert sorted(await store.zrange(keys.OUTBOX, 0, -1)) == [new_job(2).id, new_job(7).id]
    assert not await jobs.cancel("unknown")


async def test_a_running_job_is_canceled_at_once(jobs: Jobs, store: Store) -> None:
    book = await submit(jobs, new_job())
    first = await claim(jobs)
    await prepared(jobs, first, 100)
    second = await claim(jobs)
    assert await jobs.cancel(book)
    assert {await jobs.next_cancellation(WORKER, 1) for _ in range(2)} == {first.execution, second.execution}
    assert await jobs.next_cancellation(WORKER, 1) is None
    assert not await jobs.page_done(first, 1)
    assert await jobs.finish(second) == "lost"
    assert (await job_of(jobs, book)).status is Status.CANCELED
    assert await jobs.claim("pp_ocr", WORKER) is None
    assert await jobs.reap("pp_ocr") == []
    assert await store.zcard(keys.active("pp_ocr")) == 0


async def test_what_failed_is_tried_again(jobs: Jobs, store: Store) -> None:
    book = await submit(jobs, new_job(callback_url="http://a.test/hook"))
    late = await claim(jobs)
    await prepared(jobs, late, 40)
    await jobs.page_done(late, 1)
    assert await jobs.retry(book) == "open"
    await jobs.cancel(book)
    assert await jobs.retry(book) == "queued"
    assert await store.zcard(keys.OUTBOX) == 0
    again = await claim(jobs)
    assert again.fence == late.fence + 1  # the late one has not become the holder again
    assert not await jobs.page_done(late, 2)
    assert (again.job.pages_done, again.job.error, again.job.slice_pages) == (0, None, None)
    await prepared(jobs, again, 40, (1,))
    other = await claim(jobs)
    assert other.id == f"{book}-1"
    await end(jobs, other)
    assert await jobs.finish(again, page_errors=2) == "ended"
    job = await job_of(jobs, book)
    assert (job.status, job.page_errors, job.pages_done) == (Status.FINISHED, 2, 1)
    assert await jobs.retry(book) == "queued"
    await end(jobs, await claim(jobs))
    assert await jobs.retry(book) == "good"
    assert await jobs.retry("unknown") == "gone"


async def test_a_tombstone_is_what_stays(jobs: Jobs, store: Store) -> None:
    await jobs.submit(new_job(metadata={"a": 1}), idempotency="key", fingerprint="f")
    held = await claim(jobs)
    assert not await jobs.expire(held.job.id, early=True)
    await end(jobs, held)
    assert await jobs.expired(10) == []
    assert not await jobs.expire(held.job.id)
    assert await jobs.expire(held.job.id, early=True)
    job = await job_of(jobs, held.job.id)
    assert job.expired
    assert job.metadata is None
    assert await jobs.expired(10) == [held.job.id]
    await jobs.forget_expired(held.job.id)
    assert await jobs.expired(10) == []
    assert await jobs.retry(held.job.id) == "gone"
    assert TOMBSTONE_TTL - 60 < await store.ttl(keys.job(held.job.id)) <= TOMBSTONE_TTL
    left = {key for key in await store.keys("*") if new_job().id in key}
    assert left == {keys.job(new_job().id)}
    assert (await jobs.submit(new_job(2), idempotency="key", fingerprint="other"))[0] == "created"


async def test_jobs_are_listed_latest_first(jobs: Jobs, store: Store) -> None:
    for number in range(1, 8):
        await submit(jobs, new_job(number))
        await store.zadd(keys.jobs("anonymous"), {new_job(number).id: 1000.0 + number // 3})  # some at the same time
    listed: list[str] = []
    before = None
    while True:
        found, before = await jobs.list_page("anonymous", before=before, created_after=1001, limit=2)
        listed += [job.id for job in found]
        if before is None:
            break
        assert len(found) == 2
    assert listed == [f"{number:032x}" for number in (7, 6, 5, 4, 3)]
    assert await jobs.list_page("somebody", limit=2) == ([], None)


async def test_listings_follow_the_status(jobs: Jobs) -> None:
    """Jobs 1 to 5 become finished, failed, canceled, running, queued; 6 is of another engine, 7 of another client."""
    for number in range(1, 6):
        await submit(jobs, new_job(number))
    await submit(jobs, Job(new_job(6).id, Status.QUEUED, "paddleocr_vl"))
    await submit(jobs, new_job(7, client="bob"))

    async def listed(*statuses: Status, engine: str | None = None, limit: int = 10, client: str = "anonymous") -> str:
        numbers, before = "", None
        while True:
            found, before = await jobs.list_page(client, statuses=statuses, engine=engine, before=before, limit=limit)
            numbers += "".join(str(int(job.id, 16)) for job in found)
            if before is None:
                return numbers

    assert await listed(Status.QUEUED) == "654321"
    first, second, _ = [await jobs.claim("pp_ocr", WORKER, f"{new_job(number).id}-0") for number in (1, 2, 4)]
    assert first is not None
    assert second is not None
    await end(jobs, first)
    await end(jobs, second, {"code": "internal", "message": "Oh."})
    await jobs.cancel(new_job(3).id)
    for status, its_job in zip(("finished", "failed", "canceled", "running"), "1234", strict=True):
        assert await listed(Status(status)) == await listed(Status(status), engine="pp_ocr") == its_job
        assert await listed(Status(status), engine="paddleocr_vl") == ""
    for limit in (1, 2, 3):
        assert await listed(limit=limit) == await listed(*Status, limit=limit) == "654321"
        assert await listed(Status.QUEUED, limit=limit) == "65"
        assert await listed(Status.FINISHED, Status.RUNNING, Status.FAILED, limit=limit) == "421"
        assert await listed(engine="pp_ocr", limit=limit) == "54321"
    assert await listed(engine="paddleocr_vl") == "6"
    assert await listed(engine="unknown") == ""
    assert await listed(engine="pp_ocr", client="bob") == await listed(Status.QUEUED, client="bob") == "7"
    assert await jobs.retry(new_job(2).id) == "queued"
    assert (await listed(Status.FAILED), await listed(Status.QUEUED)) == ("", "652")
    await jobs.expire(new_job(1).id, early=True)
    assert (await listed(Status.FINISHED), await listed(), await listed(*Status)) == ("", "65432", "65432")


async def test_listings_drop_what_is_gone(jobs: Jobs, store: Store) -> None:
    """At most 100 in one call; a page may be short then, and is not the last."""
    for number in range(1, 126):
        await submit(jobs, new_job(number))
    for number in range(2, 124):
        await store.delete(keys.job(new_job(number).id))
    for number in (124, 125):
        await jobs.cancel(new_job(number).id)
    await store.hset(keys.job(new_job(124).id), "expires_at", "1")
    found, last = await jobs.list_page("anonymous", statuses=[Status.CANCELED], limit=5)
    assert ([job.id for job in found], last) == ([new_job(125).id], None)
    assert await store.zrange(keys.jobs_by_engine("pp_ocr", "canceled", "anonymous"), 0, -1) == [new_job(125).id]
    for name, statuses, left in (
        (keys.jobs_by_engine("pp_ocr", "queued", "anonymous"), [Status.QUEUED], [1]),
        (keys.jobs("anonymous"), [], [1, 125]),
    ):
        found, last = await jobs.list_page("anonymous", statuses=statuses, limit=10)
        assert last is not None
        more, last = await jobs.list_page("anonymous", statuses=statuses, limit=10, before=last)
        assert last is None
        assert [job.id for job in found + more] == [new_job(number).id for number in reversed(left)]
        assert await store.zrange(name, 0, -1) == [new_job(number).id for number in left]


async def test_eta_follows_from_the_pages_done_so_far(jobs: Jobs, store: Store) -> None:
    job_id = await submit(jobs, new_job())
    held = await claim(jobs)
    assert percent(await job_of(jobs, job_id)) is None
    await prepared(jobs, held, 10, (1, 2))
    job = await job_of(jobs, job_id)
    assert (percent(job), eta(job)) == (20, None)
    await store.hset(keys.job(job_id), "pages_since", str(time.time() - 40))
    for number in (3, 4):
        await jobs.page_done(held, number)
    job = await job_of(jobs, job_id)
    assert (percent(job), round(((eta(job) or 0) - time.time()) / 10)) == (40, 12)
    await end(jobs, held)
    assert eta(await job_of(jobs, job_id)) is None


async def test_jobs_that_wait_for_downloads_stand_before_nobody(jobs: Jobs) -> None:
    slow = [
        await submit(jobs, new_job(number, priority="low", pdf_url="http://slow.test/x.pdf")) for number in range(40)
    ]
    upload = await submit(jobs, new_job(100, priority="high"))
    other = await submit(jobs, new_job(101, priority="low", pdf_url="http://other.test/x.pdf"))

    async def next_job(**limits: Any) -> str | None:
        held = await jobs.claim("pp_ocr", WORKER, **limits)
        return held.job.id if held else None

    assert await next_job(fetch=False) == upload
    assert await next_job(fetch=False) is None
    assert await next_job(busy=["slow.test"]) == other
    assert await next_job(busy=["slow.test"]) is None
    assert [await next_job() for _ in slow] == slow
    assert await next_job() is None


async def test_a_downloaded_document_waits_for_no_download(jobs: Jobs) -> None:
    job = await submit(jobs, new_job(1, pdf_url="http://slow.test/x.pdf"))
    await submit(jobs, new_job(2, pdf_url="http://slow.test/x.pdf"))
    assert await jobs.requeue(await claim(jobs), fetched=True)
    held = await jobs.claim("pp_ocr", WORKER, fetch=False)
    assert held is not None
    assert held.job.id == job
    await prepared(jobs, held, 70)  # nor do the other slices
    numbers = [one.number for one in [await jobs.claim("pp_ocr", WORKER, fetch=False) for _ in range(2)] if one]
    assert numbers == [1, 2]
    assert await jobs.claim("pp_ocr", WORKER, fetch=False) is None


async def test_waiting_downloads_make_room_for_nobody(jobs: Jobs) -> None:
    """A lane that is freed would not help them."""
    for number in range(10):
        await submit(jobs, new_job(number, pdf_url="http://slow.test/x.pdf"))
    assert await jobs.peek("pp_ocr") == []
    upload = await submit(jobs, new_job(100))
    assert [waiting.job for waiting in await jobs.peek("pp_ocr")] == [upload]
