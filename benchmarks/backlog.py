"""What 10,000 waiting jobs cost the API's answers, beside the same API without any; what each takes in the store."""

import asyncio
import json
import random
import statistics
import sys
import time
from collections.abc import Awaitable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import partial
from typing import Any

import redis.asyncio

from app.redis import keys
from benchmarks.client import Client
from benchmarks.harness import ROOT, Row, Running, alternate, bounded, compared, environment, ours, process, report

BACKLOG = 10_000
REQUESTS = 300
BODY = {"pdf_url": "https://documents.example.com/2026/annual-report.pdf"}
WITHIN = 120.0  # seconds
JOB_MAX = 4096  # bytes


@dataclass(frozen=True)
class Answers:
    """Milliseconds that half of the answers stayed under, by request."""

    submit: float
    status: float
    cancel: float


async def measure() -> list[Row]:
    async with AsyncExitStack() as stack:
        full, empty = [await stack.enter_async_context(ours(None, MAX_QUEUED_JOBS="20000")) for _ in range(2)]
        size = await _fill(full)
        sides = [partial(_answers, service, await _jobs(service)) for service in (full, empty)]
        for side in sides:  # warms up
            await side()
        own, other = await alternate(*sides)
        waiting = len(await _jobs(full))
    if waiting != BACKLOG:
        raise RuntimeError(f"{waiting} jobs were waiting at the end, not {BACKLOG}")
    rows = []
    for what, name, most in (("submit", "submit", 1.5), ("GET /jobs/{id}", "status", 1.5), ("cancel", "cancel", None)):
        milliseconds = [[getattr(one, name) for one in side] for side in (own, other)]
        what = f"{what} with {BACKLOG:,} jobs waiting, p50"
        rows.append(compared(what, "ms", *milliseconds, name="with none", most=most))
    return [*rows, bounded("a waiting job in the store", "bytes", [size], most=JOB_MAX)]


async def _fill(service: Running) -> float:
    """Lets BACKLOG jobs wait; bytes of the store's memory that each came to."""
    client = Client(service.port)
    await _cancel(client, await _submit(client))  # the scripts and the keys that all share are there from now on
    client.close()
    async with redis.asyncio.Redis.from_url(service.store) as store:
        before = (await store.info("memory"))["used_memory"]
        options = ["--port", str(service.port), "--requests", str(BACKLOG), "POST", "/infer", json.dumps(BODY)]
        async with process(sys.executable, "-m", "benchmarks.client", *options, cwd=ROOT, env=environment()) as load:
            await asyncio.wait_for(load.communicate(), WITHIN)
        if load.returncode != 0:
            raise RuntimeError("the load generator failed; its last lines say why")
        after = (await store.info("memory"))["used_memory"]
    return float(after - before) / BACKLOG


async def _jobs(service: Running) -> list[str]:
    async with redis.asyncio.Redis.from_url(service.store, decode_responses=True) as store:
        jobs: Any = await store.zrange(keys.OPEN, 0, -1)
        return list(jobs)


async def _answers(service: Running, waiting: Sequence[str]) -> Answers:
    """Of one client. Each job it submits is canceled again, so that as many wait as before."""
    client, dice = Client(service.port), random.Random(1)
    times: tuple[list[float], ...] = [], [], []
    submits, statuses, cancels = times
    for _ in range(REQUESTS):
        job = await _timed(_submit(client), submits)
        seen = await _timed(client.json("GET", f"/jobs/{dice.choice(waiting) if waiting else job}"), statuses)
        if seen["status"] != "queued":
            raise RuntimeError(f"the job is {seen['status']}, not waiting")
        await _timed(_cancel(client, job), cancels)
    client.close()
    return Answers(*(1000 * statistics.median(some) for some in times))


async def _timed(answer: Awaitable[Any], times: list[float]) -> Any:
    begun = time.perf_counter()
    try:
        return await answer
    finally:
        times.append(time.perf_counter() - begun)


async def _submit(client: Client) -> str:
    job: str = (await client.json("POST", "/infer", BODY))["job_id"]
    return job


async def _cancel(client: Client, job: str) -> None:
    await client.json("DELETE", f"/jobs/{job}")


if __name__ == "__main__":
    sys.exit(report({"backlog": measure}, within=300))
