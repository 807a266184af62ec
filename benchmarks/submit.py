"""How fast documents are accepted from 16 clients: by the API alone, and while the workers do what was accepted."""

import asyncio
import json
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial

from benchmarks import documents
from benchmarks.client import Client
from benchmarks.harness import (
    ROOT,
    Row,
    Running,
    alternate,
    compared,
    convert,
    convert_floor,
    environment,
    floor,
    ours,
    percentile,
    process,
    report,
    serving,
)

CLIENTS = 16
ALONE = 2000
WORKING = 1000


@dataclass(frozen=True)
class Burst:
    """Submits a second, milliseconds that all but one percent of them stayed under, and jobs done a second."""

    rate: float
    p99: float
    done: float


async def measure() -> list[Row]:
    rows = []
    async with serving(documents.article(1)) as url:
        async with ours(None, MAX_QUEUED_JOBS="1000000") as service, floor(worker=False) as least:
            sides = partial(_burst, service, url, ALONE), partial(_burst, least, url, ALONE)
            rows += _rows("the API alone", *await _alternate(*sides))
        async with ours("null", MAX_QUEUED_JOBS="1000000") as service, floor(worker=True) as least:
            sides = partial(_burst, service, url, WORKING, convert), partial(_burst, least, url, WORKING, convert_floor)
            own, other = await _alternate(*sides)
    rows += _rows("workers at work", own, other)
    return [
        *rows,
        compared("jobs of a page to their end", "/s", [one.done for one in own], [one.done for one in other]),
    ]


async def _alternate(*sides: Callable[[], Awaitable[Burst]]) -> list[list[Burst]]:
    for side in sides:  # warms up
        await side()
    return await alternate(*sides)


def _rows(when: str, own: list[Burst], other: list[Burst]) -> list[Row]:
    rate, p99 = f"submits by {CLIENTS} clients, {when}", f"p99 of a submit, {when}"
    return [
        compared(rate, "/s", [one.rate for one in own], [one.rate for one in other], least=0.5),
        compared(p99, "ms", [one.p99 for one in own], [one.p99 for one in other], most=2),
    ]


async def _burst(
    service: Running, url: str, requests: int, drain: Callable[[Client, str], Awaitable[object]] | None = None
) -> Burst:
    """Submits from a process of its own; `drain` does one more job, which ends when the others have."""
    options = ["--port", str(service.port), "--clients", str(CLIENTS), "--requests", str(requests)]
    command = [sys.executable, "-m", "benchmarks.client", *options, "POST", "/infer", json.dumps({"pdf_url": url})]
    begun = time.perf_counter()
    async with process(*command, cwd=ROOT, env=environment()) as generator:
        output, _ = await asyncio.wait_for(generator.communicate(), 120)
    if generator.returncode != 0:
        raise RuntimeError("the load generator failed; its last lines say why")
    if drain is not None:
        await drain(Client(service.port), url)
    done = requests / (time.perf_counter() - begun)
    figures = json.loads(output)
    return Burst(requests / figures["seconds"], 1000 * percentile(figures["latencies"], 99), done)


if __name__ == "__main__":
    sys.exit(report({"submit": measure}, within=600))
