"""What ten workers that beat cost the store while 200,000 slices wait: renewals, sign-on, reaping and the audit."""

import asyncio
import sys
import time

import redis.asyncio

from app.jobs.models import Job, Slice, Status
from app.jobs.queue import HEARTBEAT, Jobs
from app.redis import keys
from app.redis.client import connect
from app.settings import Settings
from benchmarks.harness import Row, bounded, folder, report, store

QUEUE = "null"
JOBS, SLICES = 6_250, 32
WORKERS, LANES = 10, 32
SECONDS = 30.0


async def measure() -> list[Row]:
    async with folder() as data, store(data) as url:
        settings = Settings(redis_url=url, max_queued_jobs=2 * JOBS)
        client = connect(settings)
        jobs = Jobs(client, settings)
        for number in range(JOBS):
            await _submit(jobs, number)
        active = int(await client.zcard(keys.active(QUEUE)))
        rates = []
        async with redis.asyncio.Redis.from_url(url) as watching:
            for workers in (0, WORKERS):
                held = [[await _claim(jobs, worker) for _ in range(LANES)] for worker in range(workers)]
                before, begun = await _cpu(watching), time.perf_counter()
                beats = [asyncio.create_task(_beat(settings, worker, held[worker])) for worker in range(workers)]
                await asyncio.sleep(SECONDS)
                rates.append(100 * (await _cpu(watching) - before) / (time.perf_counter() - begun))
                for beat in beats:
                    beat.cancel()
                await asyncio.gather(*beats, return_exceptions=True)
        left = int(await client.zcard(keys.active(QUEUE)))
        await client.aclose()
    return [
        bounded("active slices", "", [active]),
        bounded(f"of a core of the store, {WORKERS} workers with {LANES} lanes that beat", "%", [rates[1]], most=5),
        bounded("the same at rest", "%", [rates[0]]),
        bounded("slices that the beats have lost", "", [active - left], most=0),
    ]


async def _submit(jobs: Jobs, number: int) -> None:
    """A job that is cut into its slices, all of which wait."""
    job = Job(f"{number:032x}", Status.QUEUED, QUEUE, client=f"client {number % 50}")
    await jobs.submit(job, idempotency=None, fingerprint="")
    held = await jobs.claim(QUEUE, "bench", f"{job.id}-0")
    assert held is not None
    await jobs.set_page_count(held, total=2 * SLICES, slice_pages=2, stored=[])
    await jobs.requeue(held, to_ring=True)


async def _claim(jobs: Jobs, worker: int) -> Slice:
    held = await jobs.claim(QUEUE, f"bench-{worker}")
    assert held is not None
    return held


async def _beat(settings: Settings, worker: int, held: list[Slice]) -> None:
    client = connect(settings)
    jobs = Jobs(client, settings)
    await asyncio.sleep(HEARTBEAT * worker / WORKERS)
    try:
        while True:
            await jobs.renew(QUEUE, held)
            await jobs.sign_on(f"bench-{worker}", QUEUE, {"state": "busy"}, ready=True, unavailable_reason=None)
            await jobs.reap(QUEUE)
            await asyncio.sleep(HEARTBEAT)
    finally:
        await client.aclose()


async def _cpu(watching: "redis.asyncio.Redis") -> float:
    info = await watching.info("cpu")
    return float(info["used_cpu_user"]) + float(info["used_cpu_sys"])


if __name__ == "__main__":
    sys.exit(report({"beats": measure}, within=900))
