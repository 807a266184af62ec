"""What the sandbox of page processes costs: the same pool of two with it and without, in turns."""

import asyncio
import statistics
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import psutil

from app.blobs import JobFolder, write
from app.errors import JobError
from benchmarks import documents
from benchmarks.harness import Row, alternate, compared, folder, report
from benchmarks.memory import MB
from worker.page_pool import PagePool
from worker.page_processes import Limits

SANDBOXED = "worker.engines.pp_ocr.reader:PPOCRReader"
PLAIN = "benchmarks.simulated.unsandboxed:PPOCRReader"
PROCESSES = 2
PAGES, ROUNDS, SHORT = 120, 11, 60
"""Pages of the book, rounds of each side, documents of a page in each round."""
LEAST, MOST = 0.97, 1 / 0.97


async def measure() -> list[Row]:
    book, page, scan = documents.book(PAGES), documents.article(1), documents.scan()
    async with folder() as root, _pool(SANDBOXED) as ours, _pool(PLAIN) as plain:

        async def once(pool: PagePool, document: bytes) -> float:
            name = f"{time.monotonic_ns()}"
            begun = time.perf_counter()
            await _read(pool, root / name, document)
            return time.perf_counter() - begun

        def both(document: bytes, times: int) -> list[Callable[[], Awaitable[float]]]:
            async def side(pool: PagePool) -> float:
                return statistics.median([await once(pool, document) for _ in range(times)])

            return [lambda: side(ours), lambda: side(plain)]

        await alternate(*both(book, 1), rounds=2)  # warms up
        books = await alternate(*both(book, 1), rounds=ROUNDS)
        pages = await alternate(*both(page, SHORT), rounds=ROUNDS)
        await alternate(*both(scan, 1), rounds=2)
        scans = await alternate(*both(scan, 1), rounds=ROUNDS)
        memory = [[_memory(pool)] for pool in (ours, plain)]
    starts = await alternate(lambda: _start(SANDBOXED), lambda: _start(PLAIN), rounds=ROUNDS)
    rates = [[PAGES / seconds for seconds in side] for side in books]
    latencies, seconds, starting = (
        [[1000 * one for one in side] for side in sides] for sides in (pages, scans, starts)
    )
    beside = {"name": "without the sandbox"}
    return [
        compared(f"book of {PAGES} text pages, page processes alone", "pages/s", *rates, least=LEAST, **beside),
        compared("document of one text page, p50", "ms", *latencies, most=MOST, **beside),
        compared("document of one scanned page", "ms", *seconds, most=MOST, **beside),
        compared("start of a page process", "ms", *starting, **beside),
        compared("memory of a page process afterwards (RSS)", "MB", *memory, **beside),
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
    job = JobFolder(root)
    job.create()
    write(job.source, document)
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


def _memory(pool: PagePool) -> float:
    """Of its fullest process."""
    return max(psutil.Process(child.channel.pid).memory_info().rss for child in pool._idle) / MB


if __name__ == "__main__":
    sys.exit(report({"sandbox": measure}, within=600))
