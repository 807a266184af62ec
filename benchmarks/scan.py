"""A page scanned at 150 dpi: what a job with it costs beside bare RapidOCR, and what a second page process brings.

The cost is CPU time over all processes of the worker, and the most memory that a page process ever had.
"""

import asyncio
import contextlib
import sys
import time
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path

import psutil

from benchmarks import documents
from benchmarks.client import Client
from benchmarks.harness import (
    ROOT,
    Row,
    alternate,
    compared,
    convert,
    cpu_seconds,
    environment,
    folder,
    ours,
    process,
    report,
    serving,
)
from benchmarks.memory import LOOK, PAGES, of_worker

WARM_UP = 2
SCANS = 12
"""Pages of the scan that is read by one page process and by two."""


async def measure() -> list[Row]:
    scan = documents.scan()
    async with AsyncExitStack() as stack:
        path = await stack.enter_async_context(folder()) / "scan.pdf"
        path.write_bytes(scan)
        url = await stack.enter_async_context(serving(scan))
        service = await stack.enter_async_context(ours("pp_ocr", PAGE_PROCESSES="1"))
        env = environment(OMP_NUM_THREADS="1")
        command = [sys.executable, "-m", "benchmarks.scan", str(path)]
        bare = await stack.enter_async_context(process(*command, cwd=ROOT, env=env, stdin=asyncio.subprocess.PIPE))
        assert service.worker is not None
        sides = partial(_job, service.worker, Client(service.port), url), partial(_bare, bare)
        for side in sides:
            for _ in range(WARM_UP):
                await side()
        most = [0.0]
        watching = asyncio.create_task(_watch(service.worker, most))
        own, other = await alternate(*sides)
        watching.cancel()
        memory = [most[0], _peak(psutil.Process(bare.pid))]
    return [
        compared("page scanned at 150 dpi, CPU", "s", own, other, name="bare RapidOCR", most=1.05),
        compared("its most memory (RSS)", "MB", memory[:1], memory[1:], name="bare RapidOCR", most=1.2),
        await _scaling(),
    ]


async def _scaling() -> Row:
    """Pages a second of two page processes beside those of one, over a document of SCANS pages."""
    async with AsyncExitStack() as stack:
        url = await stack.enter_async_context(serving(documents.scan(SCANS)))
        sides = []
        for count in (2, 1):
            service = await stack.enter_async_context(ours("pp_ocr", PAGE_PROCESSES=str(count), OMP_NUM_THREADS="1"))
            sides.append(partial(_rate, Client(service.port), url))
        for side in sides:
            await side()
        two, one = await alternate(*sides, rounds=3)
    return compared(f"{SCANS} such pages, two page processes", "pages/s", two, one, name="one", least=1.7)


async def _rate(client: Client, url: str) -> float:
    begun = time.perf_counter()
    await convert(client, url)
    return SCANS / (time.perf_counter() - begun)


async def _watch(worker: psutil.Process, most: list[float]) -> None:
    """Keeps the most memory that a page process had; each lives as long as its document."""
    while True:
        for one, kind in of_worker(worker).items():
            with contextlib.suppress(OSError, StopIteration):  # it has just ended
                most[0] = max(most[0], _peak(one) if kind == PAGES else 0.0)
        await asyncio.sleep(LOOK)


def _peak(process: psutil.Process) -> float:
    """The most resident memory the process ever had, in MB."""
    status = Path(f"/proc/{process.pid}/status").read_text()
    return int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM"))) * 1024 / 1e6


async def _job(worker: psutil.Process, client: Client, url: str) -> float:
    before = cpu_seconds(worker)
    result = await convert(client, url)
    after = cpu_seconds(worker)
    page = result["pages"][0]
    if page["route"] != "ocr" or len(page["markdown"]) < 1000:
        raise RuntimeError(f"the scan was not read: route {page['route']}, markdown {page['markdown'][:100]!r}")
    return after - before


async def _bare(process: asyncio.subprocess.Process) -> float:
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(b"\n")
    return float(await asyncio.wait_for(process.stdout.readline(), 120))


def bare(path: str) -> None:
    """Reads the page at each line of input with RapidOCR alone and prints the seconds of CPU that this took."""
    import numpy as np
    import pypdfium2 as pdfium
    from rapidocr import RapidOCR

    ocr = RapidOCR(
        params={
            "Global.use_cls": False,
            "Global.log_level": "error",
            "EngineConfig.onnxruntime.intra_op_num_threads": 1,
            "Rec.rec_batch_num": 1,
            "Det.limit_type": "max",
            "Det.limit_side_len": 960,
        }
    )
    for _ in sys.stdin:
        begun = time.process_time()
        with pdfium.PdfDocument(path) as document:
            raster = document[0].render(scale=150 / 72).to_numpy()
            texts = getattr(ocr(np.ascontiguousarray(raster[:, :, :3])), "txts", None) or ()
        if len(texts) < 20:
            raise RuntimeError("RapidOCR found no text on the page")
        print(time.process_time() - begun, flush=True)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        bare(sys.argv[1])
    else:
        sys.exit(report({"scan": measure}, within=600))
