"""Following a job: its state first, then what happens, each event once, and what was missed after a break."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any

import pytest

import app.jobs.events
from app.jobs.events import EventReader
from app.jobs.models import Job, JobEvent, PageDone
from app.jobs.queue import Jobs
from app.redis import keys
from app.redis.client import Store, connect
from app.settings import Settings
from support.harness import PATIENCE, until
from support.jobs import claim, new_job, prepared, submit

pytestmark = pytest.mark.anyio


@pytest.fixture
def jobs(store: Store) -> Jobs:
    return Jobs(store, Settings())


@pytest.fixture
async def reader(store_url: str) -> AsyncIterator[EventReader]:
    client = connect(Settings(redis_url=store_url))
    reading = EventReader(client)
    reading.start()
    yield reading
    await reading.stop()
    await client.aclose()


def told(event: JobEvent | Job | None) -> Any:
    if isinstance(event, PageDone):
        return event.page
    return event and event.status.value


async def test_a_job_is_followed_to_its_end(jobs: Jobs, reader: EventReader) -> None:
    job_id = await submit(jobs, new_job())
    await submit(jobs, new_job(2))
    seen: list[Any] = []

    async def follow() -> None:
        async for event in reader.watch(jobs, job_id):
            seen.append(told(event))

    following = asyncio.create_task(follow())
    await until(lambda: seen == ["queued"])
    held, other = await claim(jobs), await claim(jobs)
    await prepared(jobs, held, 2)
    await jobs.page_done(other, 1)
    await jobs.page_done(held, 1)
    await jobs.page_done(held, 2)
    await jobs.finish(held, page_errors=0)
    await asyncio.wait_for(following, PATIENCE)
    assert seen == ["queued", "running", 1, 2, "finished"]
    assert [told(event) async for event in reader.watch(jobs, job_id)] == ["finished"]
    assert [told(event) async for event in reader.watch(jobs, "0" * 32)] == []


@pytest.mark.parametrize("wrong", [-3600, 3600])
async def test_events_come_whatever_our_clock_says(
    jobs: Jobs, reader: EventReader, monkeypatch: pytest.MonkeyPatch, wrong: int
) -> None:
    real = time.time
    monkeypatch.setattr(time, "time", lambda: real() + wrong)
    monkeypatch.setattr(app.jobs.events, "SAFETY_POLL", 0.05)  # how an end without an event is noticed
    job_id = await submit(jobs, new_job())
    held = await claim(jobs)
    async with aclosing(reader.watch(jobs, job_id)) as events:
        assert told(await anext(events)) == "running"
        await jobs.page_done(held, 1)
        await jobs.finish(held, page_errors=0)
        assert [told(event) async for event in events] == [1, "finished"]


async def test_what_was_missed_comes_first(jobs: Jobs, reader: EventReader, store: Store) -> None:
    job_id = await submit(jobs, new_job())
    held = await claim(jobs)
    await prepared(jobs, held, 4)
    for number in (1, 2):
        await jobs.page_done(held, number)
    entries: Any = await store.xrange(keys.EVENTS)
    ids = [entry for entry, _ in entries]
    seen: list[Any] = []

    async def follow() -> None:
        async for event in reader.watch(jobs, job_id, ids[1]):
            seen.append(told(event))

    following = asyncio.create_task(follow())
    await until(lambda: seen == [2])
    for number in (3, 4):
        await jobs.page_done(held, number)
    await jobs.finish(held, page_errors=0)
    await asyncio.wait_for(following, PATIENCE)
    assert seen == [2, 3, 4, "finished"]
    assert [told(event) async for event in reader.watch(jobs, job_id, ids[2])] == [3, 4, "finished"]


async def test_after_too_long_a_break_the_state_comes_first(jobs: Jobs, reader: EventReader, store: Store) -> None:
    job_id = await submit(jobs, new_job())
    held = await claim(jobs)
    await prepared(jobs, held, 1)
    await jobs.page_done(held, 1)
    await jobs.finish(held, page_errors=0)
    await store.xtrim(keys.EVENTS, maxlen=1)
    assert [told(event) async for event in reader.watch(jobs, job_id, "1-0")] == ["finished"]
    await store.delete(keys.EVENTS)
    assert [told(event) async for event in reader.watch(jobs, job_id, "1-0")] == ["finished"]


async def test_silence_and_a_lost_end_are_noticed(
    jobs: Jobs, reader: EventReader, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app.jobs.events, "SAFETY_POLL", 0.05)
    monkeypatch.setattr(app.jobs.events, "HEARTBEAT", 0.1)
    job_id = await submit(jobs, new_job())
    async with aclosing(reader.watch(jobs, job_id)) as events:
        assert told(await anext(events)) == "queued"
        assert told(await anext(events)) is None
        await store.hset(keys.job(job_id), "status", "failed")  # and no event
        while (event := await anext(events)) is None:
            pass
        assert told(event) == "failed"
    assert reader._followers == {}


async def test_a_follower_that_does_not_take_its_events_gets_the_state(
    jobs: Jobs, reader: EventReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app.jobs.events, "BACKLOG", 8)
    job_id = await submit(jobs, new_job())
    held = await claim(jobs)
    await prepared(jobs, held, 32)
    slow = reader.watch(jobs, job_id)
    async with aclosing(slow), aclosing(reader.watch(jobs, job_id)) as quick:
        assert told(await anext(slow)) == told(await anext(quick)) == "running"
        for number in range(1, 21):
            await jobs.page_done(held, number)
            assert told(await anext(quick)) == number
        (followers,) = reader._followers.values()
        assert max(len(follower._events) for follower in followers) <= 8
        caught_up = await anext(slow)
        assert isinstance(caught_up, Job)
        assert caught_up.pages_done == 20
        await jobs.page_done(held, 21)
        assert told(await anext(slow)) == 21
