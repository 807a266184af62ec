"""How fast waiting jobs are processed: one-page documents by our worker, compared with the floor's empty jobs."""

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial

import psutil
import redis.asyncio

from app.redis import keys
from benchmarks import documents
from benchmarks.client import Client
from benchmarks.harness import Row, Running, alternate, compared, cpu_seconds, floor, ours, report

JOBS = 500
CLIENTS = 16
LOOK = 0.01  # seconds between looks whether they are done
WITHIN = 120.0  # seconds


@dataclass(frozen=True)
class Drain:
    """Jobs a second, and milliseconds of CPU that worker and store spent on each."""

    rate: float
    cpu: float


async def measure() -> list[Row]:
    document = documents.article(1)

    async def upload(client: Client) -> None:
        await client.upload(document)

    async def empty(client: Client) -> None:
        await client.json("POST", "/infer", {"pdf_url": "http://127.0.0.1/document.pdf"})

    async with ours("null") as service, floor(worker=True) as least:
        sides = partial(_drain, service, "null", upload), partial(_drain, least, "default", empty)
        for side in sides:  # warms up
            await side()
        own, other = await alternate(*sides)
    rates = [[one.rate for one in side] for side in (own, other)]
    cpu = [[one.cpu for one in side] for side in (own, other)]
    return [
        compared(f"{JOBS} waiting one-page jobs processed", "/s", *rates, least=0.5),
        compared("CPU of each, worker and store", "ms", *cpu),
    ]


async def _drain(service: Running, queue: str, submit: Callable[[Client], Awaitable[None]]) -> Drain:
    """Works off JOBS jobs that were submitted while the worker stood still, so that nothing of that is in the figures.

    Both sides have RQ's registries, which tell of every job that ended.
    """
    assert service.worker is not None
    async with redis.asyncio.Redis.from_url(service.store) as store:
        processes = service.worker, psutil.Process((await store.info("server"))["process_id"])
        before = await store.zcard(keys.rq_registry("finished", queue))
        service.worker.suspend()
        try:
            await _submit(service.port, submit)
            used = sum(map(cpu_seconds, processes))
        finally:
            service.worker.resume()
        begun = time.perf_counter()
        while await store.zcard(keys.rq_registry("finished", queue)) < before + JOBS:
            if time.perf_counter() - begun > WITHIN or await store.zcard(keys.rq_registry("failed", queue)):
                raise RuntimeError(f"the {JOBS} jobs were not all done")
            await asyncio.sleep(LOOK)
        seconds = time.perf_counter() - begun
        used = sum(map(cpu_seconds, processes)) - used
    return Drain(JOBS / seconds, 1000 * used / JOBS)


async def _submit(port: int, submit: Callable[[Client], Awaitable[None]]) -> None:
    clients = [Client(port) for _ in range(CLIENTS)]
    turns = iter(range(JOBS))

    async def one(client: Client) -> None:
        for _ in turns:
            await submit(client)

    await asyncio.gather(*map(one, clients))
    for client in clients:
        client.close()


if __name__ == "__main__":
    sys.exit(report({"drain": measure}, within=300))
