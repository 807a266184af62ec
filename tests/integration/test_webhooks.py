"""Callbacks: from an outbox, by a process of its own, with retries, never in a document's way."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from app.egress.client import EgressClient
from app.jobs.models import Job, Status
from app.jobs.queue import Jobs
from app.redis import keys
from app.redis.client import Store, connect
from app.settings import Settings
from app.storage.blobs import BlobStore
from app.webhooks.outbox import Delivery, Outbox
from app.webhooks.sender import DELAYS, PER_HOST, Sender, retry_after
from support.documents import picture_pdf, text_pdf
from support.harness import Service, Web, running, wait_for

JOB = "a" * 32


def test_the_result_is_posted(service: Service, web: Web) -> None:
    job = service.submit(picture_pdf(), callback_url=f"{web.url}/hook?key=1", metadata='"mine"')
    wait_for(lambda: web.posts)
    path, headers, body = web.posts[0]
    assert path == "/hook?key=1"
    assert headers["content-type"] == "application/json"
    assert headers["webhook-id"] == job
    assert json.loads(body) == service.result(job)
    assert json.loads(body)["metadata"] == "mine"


def test_a_failure_is_posted(service: Service, web: Web) -> None:
    job = service.submit(b"%PDF-1.7 and no more", callback_url=f"{web.url}/hook")
    wait_for(lambda: web.posts)
    body = json.loads(web.posts[0][2])
    assert body["status"] == "failed"
    assert body["error"]["code"] == "document_invalid"
    assert set(body) == {"job_id", "status", "error"}
    assert body["job_id"] == job


@pytest.mark.slow
def test_callbacks_survive_the_death_of_everything(web: Web) -> None:
    web.answers = [503]
    with running(ENGINE="null") as service:
        job = service.submit(text_pdf(), callback_url=f"{web.url}/hook")
        wait_for(lambda: web.posts)
        wait_for(lambda: service.client.get(f"/jobs/{job}").json()["status"] == "finished")
        service.kill_all()
        service.start()
        wait_for(lambda: len(web.posts) == 2)
        assert web.posts[0][1]["webhook-id"] == web.posts[1][1]["webhook-id"] == job


class Bench:
    """A sender at work in this process, on a store with one ended job in its outbox."""

    def __init__(self, store: Store, outbox: Outbox, jobs: Jobs, blobs: BlobStore) -> None:
        self.store = store
        self.outbox = outbox
        self.jobs = jobs
        self.blobs = blobs
        self.folder = blobs.job(JOB)

    async def state(self) -> dict[str, str]:
        fields = await self.store.hgetall(keys.outbox(JOB))
        return {str(name): str(value) for name, value in fields.items()}

    async def until(self, **wanted: str) -> dict[str, str]:
        for _ in range(3000):
            state = await self.state()
            if all(state.get(name) == value for name, value in wanted.items()):
                return state
            await asyncio.sleep(0.02)
        raise AssertionError(f"{state} is not {wanted}")


async def finish_job(jobs: Jobs, blobs: BlobStore, job_id: str, callback: str) -> None:
    """A job with a result, whose callback is due from now on."""
    job = Job(id=job_id, status=Status.QUEUED, engine="null", callback_url=callback)
    await jobs.submit(job, idempotency=None, fingerprint="")
    held = await jobs.claim("null", "here-0")
    assert held is not None
    folder = blobs.job(job_id)
    folder.create()
    folder.write(folder.result, b'{"markdown": "text"}')
    await jobs.finish(held, page_errors=0)


@asynccontextmanager
async def sending(store_url: str, data_dir: Path, callback: str, **settings: object) -> AsyncIterator[Bench]:
    chosen = Settings.model_validate(
        {"redis_url": store_url, "data_dir": data_dir, "callback_allowed_hosts": ["127.0.0.1"], **settings}
    )
    store, egress = connect(chosen), EgressClient(chosen)
    jobs, blobs = Jobs(store, chosen), BlobStore(chosen)
    outbox = Outbox(store, lease=60)
    sender = asyncio.create_task(Sender(outbox, jobs, blobs, egress, chosen).run())
    await finish_job(jobs, blobs, JOB, callback)
    try:
        yield Bench(store, outbox, jobs, blobs)
    finally:
        sender.cancel()
        await asyncio.gather(sender, return_exceptions=True)
        await egress.aclose()
        await store.aclose()


@pytest.mark.anyio
async def test_a_delivery_ends(store_url: str, data_dir: Path, web: Web) -> None:
    async with sending(store_url, data_dir, f"{web.url}/hook") as bench:
        assert (await bench.until(state="delivered"))["attempts"] == "1"
        assert json.loads(web.posts[0][2]) == {
            "job_id": JOB,
            "status": "finished",
            "result": {"markdown": "text", "images": {}},
        }
        assert await bench.store.zcard(keys.OUTBOX) == 0


@pytest.mark.anyio
async def test_a_slow_receiver_delays_nobody(store_url: str, data_dir: Path, web: Web) -> None:
    web.answering.clear()
    other = Web()
    try:
        async with sending(store_url, data_dir, f"{web.url}/hook", webhook_timeout=120) as bench:
            for number in range(PER_HOST + 3):
                await finish_job(bench.jobs, bench.blobs, f"{number:032x}", f"{web.url}/hook")
            await asyncio.to_thread(wait_for, lambda: web.posting >= PER_HOST)
            await finish_job(bench.jobs, bench.blobs, "b" * 32, f"{other.url}/hook")
            await asyncio.to_thread(wait_for, lambda: other.posts)  # those that came before it have been looked at
            assert web.posting == PER_HOST
            web.answering.set()
            await asyncio.to_thread(wait_for, lambda: len(web.posts) == PER_HOST + 4)
            assert web.most_posting == PER_HOST
    finally:
        other.close()


@pytest.mark.anyio
async def test_a_receiver_chooses_when_it_is_tried_again(store_url: str, data_dir: Path, web: Web) -> None:
    web.answers, web.answer_headers = [503], {"Retry-After": "3000"}
    async with sending(store_url, data_dir, f"{web.url}/hook") as bench:
        await bench.until(attempts="1")
        due = float(await bench.store.zscore(keys.OUTBOX, JOB) or 0) - time.time()
        assert 2000 < due <= 3000


@pytest.mark.anyio
async def test_a_large_result_is_linked(store_url: str, data_dir: Path, web: Web) -> None:
    async with sending(store_url, data_dir, f"{web.url}/hook", webhook_max_inline_bytes=5) as bench:
        await bench.until(state="delivered")
        body = json.loads(web.posts[0][2])
        assert body["result"] is None
        assert body["result_url"] == f"/jobs/{JOB}/result"
        assert "WEBHOOK_MAX_INLINE_BYTES" in body["note"]


@pytest.mark.anyio
async def test_a_receiver_that_is_gone_is_given_up(store_url: str, data_dir: Path, web: Web) -> None:
    web.answers = [410]
    async with sending(store_url, data_dir, f"{web.url}/hook") as bench:
        assert "410" in (await bench.until(state="failed"))["last"]


@pytest.mark.anyio
async def test_a_refused_address_is_given_up(store_url: str, data_dir: Path) -> None:
    async with sending(store_url, data_dir, "http://127.0.0.2/hook") as bench:
        assert "CALLBACK_ALLOWED_HOSTS" in (await bench.until(state="failed"))["last"]


@pytest.mark.anyio
@pytest.mark.parametrize("settings", [{}, {"webhook_max_inline_bytes": 5}])
async def test_callbacks_have_a_length_and_no_chunks(
    store_url: str, data_dir: Path, web: Web, settings: dict[str, int]
) -> None:
    async with sending(store_url, data_dir, f"{web.url}/hook", **settings) as bench:
        await bench.until(state="delivered")
    _, headers, body = web.posts[0]
    assert "transfer-encoding" not in headers
    assert int(headers["content-length"]) == len(body) > 0


@pytest.mark.anyio
async def test_a_callback_without_its_result_is_given_up(store_url: str, data_dir: Path, web: Web) -> None:
    web.answers = [500]
    async with sending(store_url, data_dir, f"{web.url}/hook") as bench:
        await bench.until(attempts="1")
        bench.folder.delete()
        await bench.store.zadd(keys.OUTBOX, {JOB: 0})
        assert "No such file" in (await bench.until(state="failed"))["last"]
        assert await bench.store.zcard(keys.OUTBOX) == 0
    assert len(web.posts) == 1


@asynccontextmanager
async def ended(store_url: str) -> AsyncIterator[tuple[Jobs, Outbox, Store]]:
    """A failed job with a callback that nobody sends."""
    settings = Settings(redis_url=store_url)
    store = connect(settings)
    jobs = Jobs(store, settings)
    job = Job(id=JOB, status=Status.QUEUED, engine="null", created_at=time.time(), callback_url="http://a.test/")
    await jobs.submit(job, idempotency=None, fingerprint="")
    await fail(jobs)
    yield jobs, Outbox(store, lease=60), store
    await store.aclose()


async def fail(jobs: Jobs) -> None:
    held = await jobs.claim("null", "here-0")
    assert held is not None
    await jobs.finish(held, {"code": "engine_failed", "message": "No."})


SETTLE: list[Callable[[Outbox, Delivery], Awaitable[bool]]] = [
    lambda outbox, delivery: outbox.delivered(delivery, 200),
    lambda outbox, delivery: outbox.give_up(delivery, "the receiver answered 410"),
    lambda outbox, delivery: outbox.postpone(delivery, 300, "the receiver answered 500"),
    lambda outbox, delivery: outbox.defer(delivery, 300),
]


@pytest.mark.anyio
@pytest.mark.parametrize("settle", SETTLE)
async def test_a_delivery_of_a_former_end_changes_nothing(
    store_url: str, settle: Callable[[Outbox, Delivery], Awaitable[bool]]
) -> None:
    """A delivery is under way when its job is run again and ends a second time: that end's callback is due."""
    async with ended(store_url) as (jobs, outbox, store):
        (late,) = await outbox.take(5)
        assert await jobs.retry(JOB) == "queued"
        await fail(jobs)
        before = await store.hgetall(keys.outbox(JOB))
        assert not await settle(outbox, late)
        assert await store.hgetall(keys.outbox(JOB)) == before
        (second,) = await outbox.take(5)
        assert not await settle(outbox, late)
        assert await settle(outbox, second)
        assert not await settle(outbox, second)  # sent again after a lost answer


@pytest.mark.anyio
@pytest.mark.parametrize("settle", SETTLE)
async def test_a_delivery_of_a_deleted_job_leaves_no_key(
    store_url: str, settle: Callable[[Outbox, Delivery], Awaitable[bool]]
) -> None:
    async with ended(store_url) as (jobs, outbox, store):
        (late,) = await outbox.take(5)
        assert await jobs.expire(JOB, early=True)
        assert not await settle(outbox, late)
        assert await store.exists(keys.outbox(JOB), keys.OUTBOX) == 0


@pytest.mark.anyio
@pytest.mark.parametrize("settle", SETTLE)
async def test_the_outbox_keeps_its_ttl(store_url: str, settle: Callable[[Outbox, Delivery], Awaitable[bool]]) -> None:
    async with ended(store_url) as (_, outbox, store):
        (delivery,) = await outbox.take(5)
        assert await settle(outbox, delivery)
        assert await store.ttl(keys.outbox(JOB)) > 0
        assert await store.exists(keys.OUTBOX) == 0 or await store.ttl(keys.OUTBOX) > 0


@pytest.mark.anyio
async def test_a_lease_that_is_over_settles_nothing(store_url: str) -> None:
    async with ended(store_url) as (_, outbox, store):
        (late,) = await outbox.take(5)
        assert await outbox.take(5) == []
        await store.zadd(keys.OUTBOX, {JOB: 0})  # time passes
        (taken_over,) = await outbox.take(5)
        assert not await outbox.delivered(late, 200)
        assert await outbox.delivered(taken_over, 200)


@pytest.mark.anyio
async def test_deliveries_are_due_by_the_stores_clock(store_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async with ended(store_url) as (_, outbox, store):
        monkeypatch.setattr(time, "time", lambda: 0.0)
        (delivery,) = await outbox.take(5)
        seconds, _ = await store.time()
        assert 55 < float(await store.zscore(keys.OUTBOX, JOB) or 0) - seconds < 65
        assert await outbox.postpone(delivery, 300, "busy")
        assert 295 < float(await store.zscore(keys.OUTBOX, JOB) or 0) - seconds < 305


@pytest.mark.anyio
async def test_a_delivery_has_the_stores_time(
    store_url: str, data_dir: Path, web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Receivers reject callbacks whose timestamp is minutes off."""
    real = time.time
    monkeypatch.setattr(time, "time", lambda: real() + 3600)
    async with sending(store_url, data_dir, f"{web.url}/hook") as bench:
        await bench.until(state="delivered")
    assert abs(int(web.posts[0][1]["webhook-timestamp"]) - real()) < 300


@pytest.mark.slow
@pytest.mark.anyio
async def test_tries_are_spaced_and_come_to_an_end(store_url: str, data_dir: Path, web: Web) -> None:
    web.answers = [500] * (len(DELAYS) + 1)
    async with sending(store_url, data_dir, f"{web.url}/hook") as bench:
        for attempt, delay in enumerate(DELAYS, 1):
            await bench.until(attempts=str(attempt))
            due = float(await bench.store.zscore(keys.OUTBOX, JOB) or 0) - time.time()
            assert 0.7 * delay - 15 < due <= 1.2 * delay
            await bench.store.zadd(keys.OUTBOX, {JOB: 0})  # time passes
        assert (await bench.until(state="failed"))["attempts"] == str(len(DELAYS) + 1)
    assert sum(DELAYS) * 1.2 < Settings().result_ttl


@pytest.mark.anyio
async def test_a_job_that_has_expired_is_not_delivered(store_url: str, data_dir: Path, web: Web) -> None:
    web.answers = [500]
    async with sending(store_url, data_dir, f"{web.url}/hook") as bench:
        await bench.until(attempts="1")
        await bench.store.hset(keys.job(JOB), "expires_at", "1")
        await bench.store.zadd(keys.OUTBOX, {JOB: 0})
        assert "expired" in (await bench.until(state="failed"))["last"]
        await bench.store.delete(keys.outbox(JOB))
        await bench.store.zadd(keys.OUTBOX, {JOB: 0})
        assert await bench.outbox.take(5) == []
        assert await bench.store.zcard(keys.OUTBOX) == 0


def test_what_receivers_ask_for() -> None:
    assert retry_after("120") == 120
    assert retry_after("999999") == 3600
    assert retry_after("Fri, 31 Dec 1999 23:59:59 GMT") is None
    assert retry_after(None) is None
