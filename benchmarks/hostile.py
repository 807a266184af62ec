"""How long good documents take from submit to result beside hostile ones, and alone.

The hostile ones have a page that takes minutes; there are more of them than page processes. The first good document
finds every page process taken, the second one finds the hostile ones set aside. A document pays for that once, by up to
half a second, so one that takes less by itself shows more than it is slowed by.
"""

import asyncio
import sys
import time
from contextlib import AsyncExitStack
from functools import partial

from benchmarks import documents
from benchmarks.client import Client
from benchmarks.harness import Row, alternate, compared, convert, ours, report, serving

HOSTILE = 4
PAGES = 200
"""Of the good book."""
WARM_UP = 2
ROUNDS = 3
ENDLESS = "3600"
"""Seconds that a page may take, so that none of the hostile documents ends early on a busy machine."""
SETTLED = 2.0
"""Seconds that the hostile documents have been at it when the good one comes."""
LOOK_EVERY = 0.05  # seconds
OPENED_WITHIN = 60.0  # seconds


async def measure() -> list[Row]:
    good = {f"book of {PAGES} text pages": documents.book(PAGES), "a page scanned at 150 dpi": documents.scan()}
    hostile = documents.endless()
    rows = []
    async with ours("pp_ocr", PAGE_TIMEOUT=ENDLESS, DOCUMENT_TIMEOUT=ENDLESS) as service:
        client = Client(service.port)
        for what, document in good.items():
            async with AsyncExitStack() as stack:
                url = await stack.enter_async_context(serving(document))
                sides = partial(_beside, client, url, hostile), partial(_alone, client, url)
                beside, alone = await alternate(*sides, rounds=ROUNDS)
                rows.append((what, beside, alone))
    return [
        compared(
            f"{what}, {which} beside {HOSTILE} hostile documents",
            "s",
            [times[k] for times in beside],
            [times[k] for times in alone],
            name="alone",
            most=2,
        )
        for what, beside, alone in rows
        for k, which in enumerate(("first", "second"))
    ]


async def _alone(client: Client, url: str) -> tuple[float, float]:
    for _ in range(WARM_UP):  # page processes that were lost to hostile documents are there again
        await convert(client, url)
    return await _seconds(client, url), await _seconds(client, url)


async def _beside(client: Client, url: str, hostile: bytes) -> tuple[float, float]:
    jobs = [await client.upload(hostile) for _ in range(HOSTILE)]
    try:
        for job in jobs:
            await _opened(client, job)
        await asyncio.sleep(SETTLED)
        seconds = await _seconds(client, url), await _seconds(client, url)
        running = [job for job in jobs if (await _job(client, job))["status"] == "running"]
        if len(running) < HOSTILE:
            raise RuntimeError(
                f"only {len(running)} hostile documents were still being read when the good one was done"
            )
        return seconds
    finally:
        for job in jobs:
            await client.request("DELETE", f"/jobs/{job}")


async def _opened(client: Client, job: str) -> None:
    """Returns when the document was opened, and its page is next."""
    give_up = time.monotonic() + OPENED_WITHIN
    while time.monotonic() < give_up:
        if (await _job(client, job))["pages_total"] is not None:
            return
        await asyncio.sleep(LOOK_EVERY)
    raise RuntimeError(f"a hostile document was not opened within {OPENED_WITHIN:g} s")


async def _seconds(client: Client, url: str) -> float:
    begun = time.perf_counter()
    await convert(client, url)
    return time.perf_counter() - begun


async def _job(client: Client, job: str) -> dict[str, object]:
    found: dict[str, object] = await client.json("GET", f"/jobs/{job}")
    return found


if __name__ == "__main__":
    sys.exit(report({"hostile": measure}, within=900))
