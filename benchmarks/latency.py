"""From submit to result for one client. Ours downloads, opens, reads, stores and commits a page and is waited for with
?wait; the floor runs an empty job and is polled every 20 ms.
"""

import sys
import time
from collections.abc import Awaitable, Callable
from functools import partial

from benchmarks import documents
from benchmarks.client import Client
from benchmarks.harness import (
    Row,
    alternate,
    compared,
    convert,
    convert_floor,
    floor,
    ours,
    percentile,
    report,
    serving,
)

DOCUMENTS = 100


async def measure() -> list[Row]:
    async with serving(documents.article(1)) as url, ours("null") as service, floor(worker=True) as least:
        sides = (
            partial(_times, convert, Client(service.port), url),
            partial(_times, convert_floor, Client(least.port), url),
        )
        for side in sides:
            await side(10)
        own, other = await alternate(*sides)
    rows = []
    for percent, most in ((50, 1.5), (99, None)):
        milliseconds = [[1000 * percentile(times, percent) for times in side] for side in (own, other)]
        rows.append(compared(f"submit to result, one client, p{percent}", "ms", *milliseconds, most=most))
    return rows


async def _times(
    take: Callable[[Client, str], Awaitable[object]], client: Client, url: str, count: int = DOCUMENTS
) -> list[float]:
    times = []
    for _ in range(count):
        begun = time.perf_counter()
        await take(client, url)
        times.append(time.perf_counter() - begun)
    return times


if __name__ == "__main__":
    sys.exit(report({"latency": measure}, within=300))
