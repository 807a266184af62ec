"""What is lost from the store, or overwritten in it, costs its own job at most: nothing raises for ever or is stuck.

LOST_KEYS_SEEDS=500 loses more of them.
"""

import os
import random
from collections.abc import Iterable
from typing import Any

import pytest

from app.jobs.models import ENDED, Job, Slice, Status
from app.jobs.queue import Jobs
from app.redis import keys
from app.redis.client import Store, StoreDown
from app.settings import Settings
from app.webhooks.outbox import Outbox

pytestmark = pytest.mark.anyio

QUEUE, WORKER = "pp_ocr", "here-0"
SEEDS = int(os.environ.get("LOST_KEYS_SEEDS", "8"))


@pytest.fixture
def jobs(store: Store) -> Jobs:
    return Jobs(store, Settings(result_ttl=3600, max_queued_jobs=200))


async def get_many(jobs: Jobs, job_ids: Iterable[str]) -> list[Job | None]:
    return [await jobs.get(job_id) for job_id in job_ids]


def job_id(number: int) -> str:
    return f"{number:032x}"


async def submit(jobs: Jobs, *numbers: int, client: str = "anonymous") -> None:
    for number in numbers:
        job = Job(job_id(number), Status.QUEUED, QUEUE, client=client)
        assert (await jobs.submit(job, idempotency=None, fingerprint=""))[0] == "created"


async def audit(jobs: Jobs, store: Store) -> None:
    """The audits of some time, in no time: whatever is nowhere has been so for long enough."""
    for name in (keys.active(QUEUE), keys.missing(QUEUE), ""):
        for member in await store.zrange(name, 0, -1) if name and await store.type(name) == "zset" else ():
            await store.zadd(name, {str(member): 1})
        await store.delete(keys.audited(QUEUE))
        await jobs.reap(QUEUE)


async def work(jobs: Jobs, held: Slice, *, pages: int = 1) -> None:
    """Reads the pages of a slice, as a lane does."""
    if await jobs.set_page_count(held, total=pages, slice_pages=2, stored=[]):
        await jobs.page_done(held, held.number * 2 + 1)
        if await jobs.finish(held) == "last":
            await jobs.finish(held, page_errors=0)


async def finish_all(jobs: Jobs, store: Store) -> list[str]:
    """Works until nothing is left to do; the jobs whose slices were claimed."""
    claimed = []
    for _ in range(5):
        await audit(jobs, store)
        while (held := await jobs.claim(QUEUE, WORKER)) is not None:
            claimed.append(held.job.id)
            await work(jobs, held, pages=held.job.pages_total or 1)
    return claimed


async def nothing_is_left(store: Store, *, rings: bool = True) -> None:
    """Without `rings` some may hold jobs and clients that are gone: the next who takes from them tidies up."""
    for name in (keys.OPEN, keys.active(QUEUE), keys.waiting(QUEUE), keys.delayed(QUEUE), keys.rq_leases(QUEUE)):
        assert await store.zrange(name, 0, -1) == [], name
    assert not rings or await store.keys("waiting:*") == []
    assert await store.lrange(keys.rq_queue(QUEUE), 0, -1) == []


@pytest.mark.parametrize("number", [1, 6], ids=["in RQ's list", "in the rings"])
async def test_a_job_that_is_lost_is_forgotten(jobs: Jobs, store: Store, number: int) -> None:
    await submit(jobs, *range(1, 8))
    await store.delete(keys.job(job_id(number)))
    assert sorted(await finish_all(jobs, store)) == [job_id(other) for other in range(1, 8) if other != number]
    assert await jobs.get(job_id(number)) is None
    assert [name for name in await store.keys("*") if job_id(number) in name] == []
    await nothing_is_left(store)


async def test_a_job_that_is_lost_while_its_pages_are_read(jobs: Jobs, store: Store) -> None:
    await submit(jobs, 1)
    held = await jobs.claim(QUEUE, WORKER)
    assert held is not None
    await store.delete(keys.job(job_id(1)))
    assert await jobs.page_done(held, 1) is None
    assert await jobs.renew(QUEUE, [held]) == {held.execution}
    assert not await jobs.requeue(held)
    assert await jobs.finish(held, page_errors=0) == "lost"
    assert await store.exists(keys.job(job_id(1))) == 0
    await store.zadd(keys.rq_leases(QUEUE), {f"{held.id}:{held.execution}": 1})
    assert await jobs.reap(QUEUE) == []
    await nothing_is_left(store)


async def test_a_slice_that_is_lost_is_made_again(jobs: Jobs, store: Store) -> None:
    await submit(jobs, *range(1, 8))
    held = await jobs.claim(QUEUE, WORKER)
    assert held is not None
    await store.delete(*(keys.slice_(f"{job_id(number)}-0") for number in (1, 2, 7)))
    assert await jobs.finish(held) == "lost"
    await store.zadd(keys.rq_leases(QUEUE), {f"{held.id}:{held.execution}": 1})
    assert sorted(await finish_all(jobs, store)) == [job_id(number) for number in range(1, 8)]
    assert {job and job.status for job in await get_many(jobs, [job_id(number) for number in range(1, 8)])} == {
        Status.FINISHED
    }
    await nothing_is_left(store)


SHARED = [
    keys.active(QUEUE),
    keys.waiting(QUEUE),
    keys.delayed(QUEUE),
    keys.missing(QUEUE),
    keys.turns(QUEUE),
    keys.audited(QUEUE),
    keys.cursor(QUEUE, keys.active(QUEUE)),
    keys.rq_queue(QUEUE),
    keys.rq_leases(QUEUE),
    keys.RQ_QUEUES,
    keys.waiting_slices(job_id(8)),
    keys.waiting_jobs(QUEUE, "normal", "ann"),
    keys.waiting_clients(QUEUE, "normal"),
]


@pytest.mark.parametrize("later", [False, True], ids=["at once", "with more jobs after it"])
@pytest.mark.parametrize("loss", ["deleted", "overwritten"])
@pytest.mark.parametrize("name", [keys.OPEN, *SHARED])
async def test_no_job_is_stuck_for_a_shared_key(jobs: Jobs, store: Store, name: str, loss: str, later: bool) -> None:
    await submit(jobs, *range(1, 9), client="ann")
    await submit(jobs, *range(9, 12), client="bob")
    delayed = await jobs.claim(QUEUE, WORKER)
    assert delayed is not None
    assert await jobs.requeue(delayed, pause=0.001)
    await store.delete(name)
    if loss == "overwritten" and name != keys.OPEN:
        await store.set(name, "junk", ex=600)
    if later:
        await submit(jobs, *range(12, 15), client="ann")
    last = 14 if later else 11
    assert set(await finish_all(jobs, store)) == {job_id(number) for number in range(1, last + 1)}
    found = await get_many(jobs, [job_id(number) for number in range(1, last + 1)])
    assert {job and job.status for job in found} == {Status.FINISHED}
    await nothing_is_left(store)


async def test_a_ring_that_was_begun_again_gets_back_what_it_had(jobs: Jobs, store: Store) -> None:
    """At the next audit, and not only when those that came after the loss are done: more may come all the time."""
    await submit(jobs, *range(1, 12), client="ann")
    for ring in (keys.waiting_jobs(QUEUE, "normal", "ann"), keys.waiting_clients(QUEUE, "normal")):
        before = await store.lrange(ring, 0, -1)
        await store.delete(ring)
        await submit(jobs, 100, client="bob")
        await submit(jobs, 101, client="ann")
        await jobs.cancel(job_id(100))
        await audit(jobs, store)
        assert set(before) <= set(await store.lrange(ring, 0, -1))
        await jobs.cancel(job_id(101))


async def test_the_ring_of_a_job_that_came_late_is_found(jobs: Jobs, store: Store) -> None:
    """Behind more jobs than an audit looks at by their age."""
    await submit(jobs, *range(1, 131))
    await store.delete(keys.waiting_slices(job_id(130)))
    await audit(jobs, store)
    assert await store.lrange(keys.waiting_slices(job_id(130)), 0, -1) == [f"{job_id(130)}-0"]


async def test_the_set_of_open_jobs_is_made_again(jobs: Jobs, store: Store) -> None:
    await submit(jobs, *range(1, 9))
    await store.delete(keys.OPEN)
    await audit(jobs, store)
    assert await store.zcard(keys.OPEN) == 8


async def test_a_job_that_has_lost_its_slice_altogether_ends(jobs: Jobs, store: Store) -> None:
    """Job 1 has lost the slice's record and place; of job 2 the record is there, and nobody knows where it is."""
    await submit(jobs, 1, 2)
    for number in (1, 2):
        slice_id = f"{job_id(number)}-0"
        await store.lrem(keys.rq_queue(QUEUE), 0, slice_id)
        await store.zrem(keys.active(QUEUE), slice_id)
    await store.delete(keys.slice_(f"{job_id(1)}-0"))
    assert await finish_all(jobs, store) == [job_id(2)]
    lost, found = await get_many(jobs, [job_id(1), job_id(2)])
    assert lost is not None
    assert lost.error is not None
    assert (lost.status, lost.error["code"]) == (Status.FAILED, "internal")
    assert found is not None
    assert found.status is Status.FINISHED
    await nothing_is_left(store)


@pytest.mark.parametrize("slices", [False, True], ids=["sets alone", "slices too"])
async def test_jobs_that_all_sets_have_lost_are_found_by_their_records(jobs: Jobs, store: Store, slices: bool) -> None:
    """All are lost before an audit has seen that one of them is."""
    await submit(jobs, *range(1, 9), client="ann")
    await submit(jobs, 9, client="bob")
    held = await jobs.claim(QUEUE, WORKER)
    assert held is not None
    await store.delete(keys.OPEN, keys.active(QUEUE), keys.waiting(QUEUE), keys.rq_queue(QUEUE), keys.rq_leases(QUEUE))
    await store.delete(*await store.keys("jobs*"))
    if slices:
        await store.delete(*(keys.slice_(f"{job_id(number)}-0") for number in range(1, 10)))
    await submit(jobs, 10, client="ann")
    await finish_all(jobs, store)
    found = await get_many(jobs, [job_id(number) for number in range(1, 11)])
    ended = [Status.FAILED if slices else Status.FINISHED] * 9 + [Status.FINISHED]
    assert [job and job.status for job in found] == ended
    await nothing_is_left(store, rings=False)


async def test_jobs_that_a_listing_has_lost_are_listed_again(jobs: Jobs, store: Store) -> None:
    await submit(jobs, *range(1, 4))
    await store.delete(*await store.keys("jobs*"))
    await audit(jobs, store)
    for statuses in ((), (Status.QUEUED,)):
        for engine in (None, QUEUE):
            found, _ = await jobs.list_page("anonymous", statuses=statuses, engine=engine, limit=10)
            assert [job.id for job in found] == [job_id(number) for number in (3, 2, 1)]
    assert all([await store.ttl(name) > 0 for name in await store.keys("jobs*")])


async def test_a_record_that_cannot_be_read_is_one_job_s_error(jobs: Jobs, store: Store) -> None:
    await submit(jobs, *range(1, 6))
    await store.hset(keys.job(job_id(1)), "options", "{")
    await store.hset(keys.job(job_id(2)), mapping={"pages_done": "many", "slices_open": "few", "attempts": "x"})
    await store.hdel(keys.job(job_id(3)), "created_at")
    await store.hset(keys.job(job_id(4)), "metadata", b"\xff\xfe")
    found = await get_many(jobs, [job_id(number) for number in range(1, 6)])
    assert [job is not None for job in found] == [False, False, False, False, True]
    assert set(await finish_all(jobs, store)) == {job_id(5)}
    for number in (1, 2, 3, 4):
        assert await store.hget(keys.job(job_id(number)), "error_code") == "internal"
        assert await store.hget(keys.job(job_id(number)), "status") == "failed"
    await nothing_is_left(store)


async def test_a_job_of_another_kind_is_no_error_of_a_listing(jobs: Jobs, store: Store) -> None:
    await submit(jobs, 1, 2)
    await store.delete(keys.job(job_id(1)))
    await store.set(keys.job(job_id(1)), "junk", ex=600)
    found, last = await jobs.list_page("anonymous", limit=10)
    assert ([job.id for job in found], last) == ([job_id(2)], None)
    assert await jobs.get(job_id(1)) is None
    assert await jobs.cancel(job_id(1)) is False
    assert await finish_all(jobs, store) == [job_id(2)]


@pytest.mark.parametrize("name", [keys.jobs("anonymous"), keys.jobs_by_engine(QUEUE, "queued", "anonymous")])
async def test_a_list_of_jobs_that_is_overwritten_is_begun_again(jobs: Jobs, store: Store, name: str) -> None:
    await submit(jobs, 1)
    await store.set(name, "junk", ex=600)
    await submit(jobs, 2)
    for statuses in ((), (Status.QUEUED,)):
        found, _ = await jobs.list_page("anonymous", statuses=statuses, limit=10)
        assert job_id(2) in [job.id for job in found]
    await finish_all(jobs, store)
    found, _ = await jobs.list_page("anonymous", statuses=[Status.FINISHED], limit=10)
    assert [job.id for job in found] == [job_id(2), job_id(1)]


async def test_the_key_of_a_lost_job_makes_another(jobs: Jobs, store: Store) -> None:
    await jobs.submit(Job(job_id(1), Status.QUEUED, QUEUE), idempotency="key", fingerprint="f")
    await store.delete(keys.job(job_id(1)))
    again = await jobs.submit(Job(job_id(2), Status.QUEUED, QUEUE), idempotency="key", fingerprint="f")
    assert again == ("created", job_id(2), Status.QUEUED)


@pytest.mark.parametrize("loss", ["deleted", "overwritten", "made a list"])
async def test_lost_pages_are_not_counted_twice(jobs: Jobs, store: Store, loss: str) -> None:
    await submit(jobs, 1)
    held = await jobs.claim(QUEUE, WORKER)
    assert held is not None
    assert await jobs.set_page_count(held, total=4, slice_pages=2, stored=[])
    other = await jobs.claim(QUEUE, WORKER)
    assert other is not None
    for one, page in ((held, 1), (held, 2), (other, 3)):
        assert await jobs.page_done(one, page) is not None
    await store.delete(keys.pages(job_id(1)))
    if loss == "overwritten":
        await store.set(keys.pages(job_id(1)), "junk", ex=600)
    elif loss == "made a list":
        await store.rpush(keys.pages(job_id(1)), "junk")
    assert await jobs.requeue(held)
    again = await jobs.claim(QUEUE, WORKER, held.id)
    assert again is not None
    assert await jobs.set_page_count(again, total=4, slice_pages=2, stored=[1, 2])
    found = await jobs.get(job_id(1))
    assert found is not None
    assert found.pages_done in ((3, 4) if loss == "overwritten" else (3,))
    assert await jobs.page_done(other, 4) is not None
    assert await jobs.finish(other) == "ended"
    assert await jobs.finish(again, page_errors=0) == "ended"
    found = await jobs.get(job_id(1))
    assert found is not None
    assert (found.status, found.pages_done) == (Status.FINISHED, 4)
    await nothing_is_left(store)


async def end_with_callback(jobs: Jobs, *numbers: int) -> None:
    for number in numbers:
        job = Job(job_id(number), Status.QUEUED, QUEUE, callback_url=f"http://a.test/{number}")
        await jobs.submit(job, idempotency=None, fingerprint="")
        assert await jobs.cancel(job_id(number))


async def test_callbacks_that_are_owed_outlive_the_outbox(jobs: Jobs, store: Store) -> None:
    await end_with_callback(jobs, 1, 2, 3)
    await store.delete(keys.OUTBOX)
    await audit(jobs, store)
    assert await store.ttl(keys.OUTBOX) > 0
    taken = await Outbox(store, lease=60).take(10)
    assert sorted((one.job, one.url) for one in taken) == [
        (job_id(number), f"http://a.test/{number}") for number in (1, 2, 3)
    ]


async def test_a_lost_outbox_repeats_no_callback(jobs: Jobs, store: Store) -> None:
    """Neither what is settled nor what is being delivered, and what failed waits for its next try."""
    outbox = Outbox(store, lease=60)
    await end_with_callback(jobs, 1, 2, 3, 4)
    delivered, given_up, postponed, on_its_way = sorted(await outbox.take(10), key=lambda one: one.job)
    assert await outbox.delivered(delivered, 200)
    assert await outbox.give_up(given_up, "410")
    assert await outbox.postpone(postponed, 300, "busy")
    due = await store.zrange(keys.OUTBOX, 0, -1, withscores=True)
    await store.delete(keys.OUTBOX)
    await audit(jobs, store)
    assert await outbox.take(10) == []
    assert await store.zrange(keys.OUTBOX, 0, -1, withscores=True) == due
    assert await outbox.delivered(on_its_way, 200)
    await audit(jobs, store)
    assert await store.zrange(keys.OUTBOX, 0, -1) == [postponed.job]


async def test_keys_of_another_application_are_left_alone(jobs: Jobs, store: Store) -> None:
    await store.set(keys.OPEN, "theirs", ex=600)
    with pytest.raises(StoreDown, match="another application"):
        await submit(jobs, 1)
    assert await store.get(keys.OPEN) == "theirs"


@pytest.mark.parametrize("seed", range(SEEDS))
async def test_any_key_may_be_lost_at_any_moment(jobs: Jobs, store: Store, seed: int) -> None:
    """200 keys in all, one after the other, while jobs of one to four slices come and are worked on."""
    chance = random.Random(seed)
    numbers = iter(range(1, 1000))
    held: list[Slice] = []
    submitted: list[str] = []

    async def step() -> None:
        kind = chance.choice(("submit", "claim", "claim", "work", "requeue", "reap", "cancel"))
        if kind == "submit":
            number = next(numbers)
            await submit(jobs, number, client=chance.choice(("ann", "bob")))
            submitted.append(job_id(number))
        elif kind == "claim" and (claimed := await jobs.claim(QUEUE, WORKER)) is not None:
            held.append(claimed)
        elif kind == "work" and held:
            await work(jobs, held.pop(), pages=chance.randint(1, 8))
        elif kind == "requeue" and held:
            await jobs.requeue(held.pop(), pause=chance.choice((0, 0.001)), to_ring=chance.random() < 0.5)
        elif kind == "reap":
            await audit(jobs, store)
        elif kind == "cancel" and submitted:
            await jobs.cancel(chance.choice(submitted))

    for _ in range(25):
        for _ in range(chance.randint(1, 10)):
            await step()
        names: Any = sorted(await store.keys("*"))
        if names:
            await store.delete(chance.choice(names))
    for lease in await store.zrange(keys.rq_leases(QUEUE), 0, -1):
        await store.zadd(keys.rq_leases(QUEUE), {str(lease): 1})
    await finish_all(jobs, store)
    found = [job for job in await get_many(jobs, submitted) if job is not None]
    assert {job.status for job in found} <= ENDED
    assert len(found) >= len(submitted) - 25
    await nothing_is_left(store, rings=False)
