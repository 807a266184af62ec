"""Memory that a book of a thousand pages takes over what every process holds at rest, its result streamed included."""

import asyncio
import sys
import time

from benchmarks import documents
from benchmarks.client import Client
from benchmarks.harness import Row, bounded, ours, report, serving
from benchmarks.memory import STORE, Peaks, parts

PAGES = 1000
MOST = 150  # MB
SETTLE = 3.0  # seconds


async def measure() -> list[Row]:
    async with serving(documents.book(PAGES)) as url, ours("pp_ocr") as service:
        client = Client(service.port)
        await asyncio.sleep(SETTLE)
        peaks = Peaks(service, await parts(service))
        async with peaks.watched() as working:
            begun = time.perf_counter()
            job = await _finished(client, url)
            rate = PAGES / (time.perf_counter() - begun)
        async with peaks.watched() as sending:
            result = (await client.json("GET", f"/jobs/{job}/result"))["result"]
        others = {}
        for name in ("md", "zip"):
            async with peaks.watched() as others[name]:
                await client.request("GET", f"/jobs/{job}/result?format={name}")
        client.close()
    good = sum(page["route"] == "text" and len(page["markdown"]) > 500 for page in result["pages"])
    if good != PAGES:
        raise RuntimeError(f"the book was not read as text: {good} of {PAGES} pages are good")
    what = "memory over rest, book of a thousand pages"
    return [
        bounded(f"book of {PAGES:,} text pages, whole job", "pages/s", [rate]),
        *(
            bounded(f"{what}: {kind}", "MB", [most], most=None if kind == STORE else MOST)
            for kind, most in working.items()
        ),
        bounded(f"{what}: API while it sends the result", "MB", [sending["API"]], most=MOST),
        *(bounded(f"{what}: API while it sends it as {name}", "MB", [it["API"]]) for name, it in others.items()),
    ]


async def _finished(client: Client, url: str) -> str:
    """Has the document converted; the job's id."""
    job: str = (await client.json("POST", "/infer", {"pdf_url": url}))["job_id"]
    while True:
        seen = await client.json("GET", f"/jobs/{job}?wait=30")
        if seen["status"] == "finished":
            return job
        if seen["status"] in ("failed", "canceled"):
            raise RuntimeError(f"the job failed: {seen['error']}")


if __name__ == "__main__":
    sys.exit(report({"book1000": measure}, within=900))
