"""What the sandbox of page processes costs: the same pool of two with it and without, in turns."""

import asyncio
import statistics
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

from app.errors import JobError
from app.storage.blobs import JobFolder
from benchmarks import documents
from benchmarks.harness import Row, alternate, compared, folder, report
from benchmarks.memory import MB
from worker.engine_host.page_pool import PagePool
from worker.engine_host.page_processes import Limits

SANDBOXED = "worker.engines.pp_ocr.reader:PPOCRReader"
PLAIN = "benchmarks.simulated.unsandboxed:PPOCRReader"
PROCESSES = 2
PAGES, ROUNDS, SHORT = 120, 11, 60
"""Pages of the book, rounds of each side, documents of a page for each round: one here and one there, in turns."""
LEAST, MOST = 0.97, 1 / 0.97


async def measure() -> list[Row]:
    book, page, scan = documents.book(PAGES), documents.article(1), documents.scan()
    async with folder() as root, _pool(SANDBOXED) as ours, _pool(PLAIN) as plain:

        async def once(pool: PagePool, document: bytes) -> float:
            name = f"{time.monotonic_ns()}"
            begun = time.perf_counter()
            await _read(pool, root / name, document)
            return time.perf_counter() - begun

        def both(document: bytes) -> list[Callable[[], Awaitable[float]]]:
            return [lambda: once(ours, document), lambda: once(plain, document)]

        await alternate(*both(book), rounds=2)  # warms up
        books = await alternate(*both(book), rounds=ROUNDS)
        singles = await alternate(*both(page), rounds=ROUNDS * SHORT)
        pages = [[statistics.median(side[at::ROUNDS]) for at in range(ROUNDS)] for side in singles]
        forks = await alternate(lambda: _fork(ours), lambda: _fork(plain), rounds=ROUNDS)
        await alternate(*both(scan), rounds=2)
        scans = await alternate(*both(scan), rounds=ROUNDS)
        memory = [[await _memory(pool, root / f"{number}", scan)] for number, pool in enumerate((ours, plain))]
    starts = await alternate(lambda: _start(SANDBOXED), lambda: _start(PLAIN), rounds=ROUNDS)
    rates = [[PAGES / seconds for seconds in side] for side in books]
    latencies, seconds, forking, starting = (
        [[1000 * one for one in side] for side in sides] for sides in (pages, scans, forks, starts)
    )
    beside = partial(compared, name="without the sandbox")
    return [
        beside(f"book of {PAGES} text pages, page processes alone", "pages/s", *rates, least=LEAST),
        beside("document of one text page, p50", "ms", *latencies, most=MOST),
        beside("document of one scanned page", "ms", *seconds, most=MOST),
        beside("a new page process, until it takes calls", "ms", *forking),
        beside("start of the fork server with a page process", "ms", *starting),
        beside("memory of a page process after a scan (RSS; models shared)", "MB", *memory),
    ]


@asynccontextmanager
async def _pool(reader: str) -> AsyncIterator[PagePool]:
    pool = PagePool(PROCESSES, reader, Limits(60, 1500, 40_000_000))
    await pool.start()
    try:
        yield pool
    finally:
        await pool.close()


async def _read(pool: PagePool, root: Path, document: bytes) -> None:
    job = _job(root, document)
    numbers = iter(await pool.prepare(job, None, PAGES))

    async def hand() -> None:
        for number in numbers:
            await pool.page(job, number)

    await asyncio.gather(*(hand() for _ in range(PROCESSES)))
    if errors := await pool.assemble(job, "pp_ocr", "1"):
        raise JobError(f"pages that were not read: {errors}")


async def _start(reader: str) -> float:
    begun = time.perf_counter()
    pool = PagePool(1, reader, Limits(60, 1500, 40_000_000))
    await pool.start()
    seconds = time.perf_counter() - begun
    await pool.close()
    return seconds


async def _fork(pool: PagePool) -> float:
    begun = time.perf_counter()
    process = await pool._processes._fork()
    seconds = time.perf_counter() - begun
    await process.channel.close()
    return seconds


async def _memory(pool: PagePool, root: Path, scan: bytes) -> float:
    job = _job(root, scan)
    await pool.prepare(job, None, 1)
    await pool.page(job, 1)
    return float(max(child.process.memory_info().rss for child in pool._idle) / MB)


def _job(root: Path, document: bytes) -> JobFolder:
    job = JobFolder(root)
    job.create()
    job.write(job.source, document)
    return job


if __name__ == "__main__":
    sys.exit(report({"sandbox": measure}, within=600))
