"""What 1,000 waiting clients and 500 event streams on one API get, and how many connections to the store they cost."""

import asyncio
import json
import resource
import sys
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import AsyncExitStack
from typing import Any

import redis.asyncio

from app.jobs.queue import Jobs
from app.redis.client import connect
from app.settings import Settings
from benchmarks.client import Client
from benchmarks.harness import Row, Running, bounded, ours, report

WAITING, STREAMS, JOBS = 1000, 500, 100
CONNECTIONS_MAX = 4
BODY = {"pdf_url": "https://documents.example.com/2026/annual-report.pdf"}
ERROR = {"code": "document_invalid", "message": "It was made for a benchmark."}
DESCRIPTORS = 8192


async def measure() -> list[Row]:
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(DESCRIPTORS, most), most))
    async with AsyncExitStack() as stack:
        service = await stack.enter_async_context(ours(None))
        client = Client(service.port)
        names = [(await client.json("POST", "/infer", BODY))["job_id"] for _ in range(JOBS)]
        client.close()
        before = service.api.num_fds()
        streams = [await _Stream.open(service.port, names[number % JOBS]) for number in range(STREAMS)]
        await asyncio.gather(*(stream.event() for stream in streams))
        clients = [Client(service.port) for _ in range(WAITING)]
        waiting = [
            asyncio.create_task(one.request("GET", f"/jobs/{names[number % JOBS]}/result?wait=30"))
            for number, one in enumerate(clients)
        ]
        await _accepted(service, before + STREAMS + WAITING)
        held = await _connections(service)
        ended = await _end(service, names)
        answers = await asyncio.gather(*waiting, return_exceptions=True)
        last = time.perf_counter() - ended
        told = await asyncio.gather(*(stream.end() for stream in streams))
        held = max(held, await _connections(service))
        for one in clients:
            one.close()
    good = [answer for answer in answers if isinstance(answer, tuple) and answer[0] == 200]
    failed = Counter(answer[0] if isinstance(answer, tuple) else type(answer).__name__ for answer in answers)
    del failed[200]
    what = f"{WAITING:,} clients with ?wait=30 and {STREAMS} event streams: "
    return [
        bounded(f"{what}answers other than 200 {dict(failed) or ''}".rstrip(), "", [WAITING - len(good)], most=0),
        bounded(f"{what}streams that ended without the end", "", [STREAMS - sum(told)], most=0),
        bounded(f"{what}connections to the store", "", [held], most=CONNECTIONS_MAX),
        bounded(f"{what}from the end of the last job to the last answer", "s", [last]),
    ]


class _Stream:
    """Follows a job's events."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def open(cls, port: int, job: str) -> "_Stream":
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(f"GET /jobs/{job}/events HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n".encode())
        return cls(reader, writer)

    async def event(self) -> None:
        await self._reader.readuntil(b"data: ")

    async def end(self) -> bool:
        """Whether the last event was the job's end."""
        data = (await self._reader.read()).decode()
        self._writer.close()
        events = [line.removeprefix("data: ") for line in data.splitlines() if line.startswith("data: ")]
        return bool(events) and json.loads(events[-1])["status"] == "failed"


async def _accepted(service: Running, descriptors: int) -> None:
    """Returns once the API has so many descriptors open, and the CPU it needed to read the requests was spent."""
    spent = -1.0
    while True:
        now = sum(service.api.cpu_times()[:2])
        if service.api.num_fds() >= descriptors and now - spent < 0.05:
            return
        spent = now
        await asyncio.sleep(0.5)


async def _end(service: Running, names: Sequence[str]) -> float:
    """Ends the jobs one after the other; when the last one ended."""
    store = connect(Settings(redis_url=service.store), connections=1)
    jobs = Jobs(store, Settings(redis_url=service.store))
    for _ in names:
        held = await jobs.claim("pp_ocr", "benchmark")
        if held is None or await jobs.finish(held, ERROR) != "ended":
            raise RuntimeError("a job could not be ended")
    await store.aclose()
    return time.perf_counter()


async def _connections(service: Running) -> int:
    """The API's to the store: all but the one that asks."""
    async with redis.asyncio.Redis.from_url(service.store) as store:
        clients: list[Any] = await store.client_list()
    return len(clients) - 1


if __name__ == "__main__":
    sys.exit(report({"waiting": measure}, within=300))
