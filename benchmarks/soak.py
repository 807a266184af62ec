"""Whether anything grows over 20,000 jobs (or SOAK_JOBS), and what is left of them once they have expired."""

import asyncio
import os
import re
import statistics
import sys
import time
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import psutil
import redis.asyncio

from app.redis import keys
from benchmarks import documents
from benchmarks.client import Client
from benchmarks.harness import Row, Running, bounded, ours, outcome, report, serving
from benchmarks.memory import PAGES, STORE, of_worker, parts, rss

JOBS = int(os.environ.get("SOAK_JOBS", "20000"))
STEPS = 20
SETTLED = 2
"""Steps before the first that counts: caches fill, pools grow to what is needed."""
LOOKS = 10
"""Looks at the page processes in each step."""
CLIENTS = 16
CALLED = 10  # one in so many jobs has a callback
TTL = 60  # seconds, the least that RESULT_TTL takes
SWEPT_WITHIN = TTL + 60 + 120  # seconds; sweepers come every 60
NEVER = "1000000000"
JOB = re.compile(r"[0-9a-f]{32}")


async def measure() -> list[Row]:
    settings = {"ENGINE_MAX_PAGES": NEVER, "ENGINE_MAX_MEMORY_MB": NEVER, "RESULT_TTL": str(TTL)}
    document = documents.article(1)
    async with serving(document) as url, called() as (callback, calls), ours("null", **settings) as service:
        memory = Memory(service.worker, await parts(service))
        begun = time.perf_counter()
        await _work(service.port, document, url, callback, memory)
        rate = JOBS / (time.perf_counter() - begun)
        rest = await _rest(service)
    return [
        bounded(f"{JOBS:,} jobs of {CLIENTS} clients", "/s", [rate]),
        *memory.rows(),
        bounded("callbacks that did not come", "", [len(range(0, JOBS, CALLED)) - len(calls)], most=0),
        *rest,
    ]


class Memory:
    """MB that the processes held in each step, by what they are; the most of those that are many."""

    def __init__(self, worker: psutil.Process | None, processes: dict[psutil.Process, str]) -> None:
        assert worker is not None
        self._worker = worker
        self._processes = processes
        self._steps: dict[str, list[float]] = defaultdict(list)
        self._most = 0.0

    def look(self) -> None:
        lasting = {process: kind for process, kind in self._processes.items() if kind != PAGES}
        self._processes = lasting | of_worker(self._worker)
        for process, kind in self._processes.items():
            if kind == PAGES:
                self._most = max(self._most, rss(process))

    def step(self) -> str:
        """Ends a step; what it came to, in words."""
        step: dict[str, float] = defaultdict(float)
        for process, kind in self._processes.items():
            step[kind] = max(step[kind], rss(process))
        # Each ends with its document: what the fullest held shows what they inherit.
        step[PAGES], self._most = self._most, 0.0
        for kind, size in step.items():
            self._steps[kind].append(size)
        return ", ".join(f"{kind} {size:.1f}" for kind, size in step.items())

    def rows(self) -> list[Row]:
        """The store has no bar: its records stay until they expire, and their tombstones for seven days."""
        rows = []
        for kind, sizes in self._steps.items():
            counted = sizes[SETTLED - 1 :]
            jobs = [JOBS / STEPS / 1000 * step for step in range(len(counted))]
            slope = statistics.linear_regression(jobs, counted).slope
            rows.append(bounded(f"growth over 1,000 jobs: {kind}", "MB", [slope], most=None if kind == STORE else 1))
        return rows


async def _work(port: int, document: bytes, url: str, callback: str, memory: Memory) -> None:
    """Half of the jobs are uploads, half are downloads."""
    begun, done, turns = time.perf_counter(), 0, iter(range(JOBS))

    async def one() -> None:
        nonlocal done
        client = Client(port)
        for number in turns:
            if number % 2:
                job = await client.upload(document)
            else:
                body = {"pdf_url": url} | ({} if number % CALLED else {"callback_url": callback})
                job = (await client.json("POST", "/infer", body))["job_id"]
            await outcome(client, job)
            done += 1
            if done % (JOBS // STEPS // LOOKS) == 0:
                memory.look()
            if done % (JOBS // STEPS) == 0:
                rate = done / (time.perf_counter() - begun)
                print(f"soak: {done:,} jobs, {rate:.0f}/s; MB: {memory.step()}", file=sys.stderr, flush=True)
        client.close()

    await asyncio.gather(*(one() for _ in range(CLIENTS)))


@asynccontextmanager
async def called() -> AsyncIterator[tuple[str, set[bytes]]]:
    """A receiver of callbacks. Yields its URL, and the ids of the jobs it has heard of."""
    heard: set[bytes] = set()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            (length,) = re.findall(rb"(?mi)^content-length: *(\d+)", head)
            await reader.readexactly(int(length))
            heard.update(re.findall(rb"(?mi)^webhook-id: *(\w+)", head))
            writer.write(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
            await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/callback", heard
    finally:
        server.close()


async def _rest(service: Running) -> list[Row]:
    """What is there once all jobs have expired and a sweeper has come."""
    blobs = service.data / "blobs"
    async with redis.asyncio.Redis.from_url(service.store, decode_responses=True) as store:
        give_up = time.monotonic() + SWEPT_WITHIN
        while time.monotonic() < give_up and (  # noqa: ASYNC110 - it goes on in other processes
            await store.zcard(keys.EXPIRING) or any(blobs.iterdir())
        ):
            await asyncio.sleep(1)
        names = sorted([name async for name in store.scan_iter(count=1000)])
        lasting = [name for name in names if await store.ttl(name) == -1]
        tombstones = {name for name in names if name == keys.job(name[-32:])}
        others = [name for name in names if JOB.search(name) and name not in tombstones]
        shared = [name for name in names if not JOB.search(name)]
        entries = [entry for name in shared for entry in await _entries(store, name) if JOB.search(entry)]
        size = (await store.memory_usage(min(tombstones)) or 0) if tombstones else 0
    folders = [path.name for path in blobs.iterdir()]
    print(f"soak: left besides tombstones are {', '.join(shared)}", file=sys.stderr)
    for what in (lasting, others, entries, folders):
        if what:
            print(f"soak: should not be there: {what[:20]}", file=sys.stderr)
    return [
        bounded("keys without a TTL, of all", "", [len(lasting)], most=0),
        bounded("keys of expired jobs, tombstones apart", "", [len(others)], most=0),
        bounded("entries of expired jobs in keys that all share, events apart", "", [len(entries)], most=0),
        bounded("folders of blobs of expired jobs", "", [len(folders)], most=0),
        Row("tombstones", f"{len(tombstones):,}", "", "", f"{JOBS:,}", len(tombstones) == JOBS),
        bounded("a tombstone in the store", "bytes", [size]),
    ]


async def _entries(store: Any, name: str) -> list[str]:
    """What is in a collection; of the stream of events nothing, as it is bounded by itself."""
    kind = await store.type(name)
    if kind == "zset":
        return list(await store.zrange(name, 0, -1))
    if kind == "set":
        return list(await store.smembers(name))
    return list(await store.lrange(name, 0, -1)) if kind == "list" else []


if __name__ == "__main__":
    sys.exit(report({"soak": measure}, within=3600))
