"""CPU time of a job with a page scanned at 150 dpi, over all processes of the worker, beside bare RapidOCR on it."""

import asyncio
import sys
import time
from contextlib import AsyncExitStack
from functools import partial

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

WARM_UP = 2


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
        own, other = await alternate(*sides)
    return [compared("page scanned at 150 dpi, CPU", "s", own, other, name="bare RapidOCR", most=1.3)]


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
