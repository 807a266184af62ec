"""Clients that wait: one API, far more clients than connections to the store."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import anyio
import pytest
import redis

from app.jobs.queue import Jobs
from app.redis.client import connect
from app.settings import Settings
from support.harness import PATIENCE, Api, api_alone, wait_for
from support.in_process import scope, serving
from support.jobs import claim, new_job, prepared, submit

pytestmark = pytest.mark.anyio

STORE_CONNECTIONS = 4
"""That the API may have, however many clients wait."""


@pytest.fixture
def api(data_dir: Path, store_url: str) -> Iterator[Api]:
    with api_alone(data_dir, store_url) as running:
        yield running


@pytest.fixture
async def jobs(store_url: str) -> AsyncIterator[Jobs]:
    store = connect(Settings(redis_url=store_url), connections=1)
    yield Jobs(store, Settings())
    await store.aclose()


class Waiting:
    """A request that is sent; its answer is yet to come."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def get(cls, api: Api, path: str) -> "Waiting":
        reader, writer = await asyncio.open_connection("127.0.0.1", api.port)
        writer.write(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n".encode())
        await writer.drain()
        return cls(reader, writer)

    async def event(self) -> None:
        """Returns when the first event has come."""
        await self._reader.readuntil(b"data: ")

    async def answer(self) -> tuple[int, str]:
        data = (await self._reader.read()).decode()
        self.leave()
        return int(data.split()[1]) if data.startswith("HTTP") else 200, data

    def leave(self) -> None:
        self._writer.close()


def connections(store_url: str) -> int:
    """The API's to the store: all but this one and that of `jobs`."""
    with redis.Redis.from_url(store_url) as store:
        return len(store.client_list()) - 2


async def test_many_wait_on_few_connections(api: Api, jobs: Jobs, store_url: str) -> None:
    ids = [await submit(jobs, new_job(number)) for number in range(20)]
    waiting = await asyncio.gather(*(Waiting.get(api, f"/jobs/{ids[i % 20]}/result?wait=30") for i in range(150)))
    streams = await asyncio.gather(*(Waiting.get(api, f"/jobs/{ids[i % 20]}/events") for i in range(50)))
    for stream in streams:
        await stream.event()
    assert connections(store_url) <= STORE_CONNECTIONS
    for _ in ids:
        held = await claim(jobs)
        await prepared(jobs, held, 1)
        error = {"code": "document_invalid", "message": "It was made for a test."}
        assert await jobs.finish(held, error) == "ended"
    for one in waiting:
        status, answer = await one.answer()
        assert status == 200, answer
        assert json.loads(answer.partition("\r\n\r\n")[2])["status"] == "failed"
    for stream in streams:
        status, answer = await stream.answer()
        last = [line for line in answer.splitlines() if line.startswith("data: ")][-1]
        assert json.loads(last.removeprefix("data: "))["status"] == "failed"
    assert connections(store_url) <= STORE_CONNECTIONS


async def test_a_client_that_goes_away_ends_its_wait(api: Api, jobs: Jobs, store_url: str) -> None:
    job = await submit(jobs, new_job())
    before = api.process.num_fds()
    waiting = [await Waiting.get(api, f"/jobs/{job}?wait=30") for _ in range(60)]
    waiting += [await Waiting.get(api, f"/jobs/{job}/events") for _ in range(10)]
    for stream in waiting[60:]:
        await stream.event()
    for one in waiting:
        one.leave()
    with redis.Redis.from_url(store_url) as store:

        def reading() -> bool:
            return any(one["cmd"] == "xread" and "b" in one["flags"] for one in store.client_list())

        # Nothing reads the events once nobody waits for any.
        await asyncio.to_thread(wait_for, lambda: not reading())
    await asyncio.to_thread(wait_for, lambda: api.process.num_fds() <= before + STORE_CONNECTIONS)


async def test_a_wait_is_cancelled_when_its_client_goes(
    monkeypatch: pytest.MonkeyPatch, store_url: str, data_dir: Path
) -> None:
    begun, ended = asyncio.Event(), asyncio.Event()

    async def wait_for_ever(*_: Any) -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    async def send(message: Any) -> None:
        """Nobody is there."""

    async with serving(monkeypatch, store_url, data_dir) as api:
        monkeypatch.setattr(api.app.state.context.events, "wait_until_ended", wait_for_ever)
        messages: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        messages.put_nowait({"type": "http.request", "body": b"", "more_body": False})
        job = await submit(api.app.state.context.jobs, new_job())
        request = scope("GET", f"/jobs/{job}/result") | {"query_string": b"wait=30"}
        answering = asyncio.create_task(api.app(request, messages.get, send))
        with anyio.fail_after(PATIENCE):
            await begun.wait()
            assert not answering.done()
            messages.put_nowait({"type": "http.disconnect"})
            await answering
        assert ended.is_set()
