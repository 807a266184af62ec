"""Is the GPU kept busy? The engine paddleocr_vl with a simulated VLM server and the real pipeline.

    ENGINE=paddleocr_vl ./run.sh test --collect-only -q        # once: installs what this needs
    .venv-paddle-test/bin/python -m benchmarks.vlm_saturation [PART…]

The VLM server takes a second for each request, 256 of them at a time; the layout model finds five blocks on each page,
of which four are sent. Beside ours run the same pipeline in a process with 16 threads, one `predict` over a document as
PaddleX batches it, and PaddleX's own server.
"""

import argparse
import asyncio
import base64
import json
import random
import statistics
import sys
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import psutil
import yaml

from app.processes.die_with_parent import die_with_parent
from app.processes.ports import free_port
from benchmarks.client import Client
from benchmarks.harness import Row, alternate, bounded, compared, environment, folder, ours, outcome, process, report
from benchmarks.simulated import layout
from benchmarks.simulated.pages import pdf

DELAY, CAPACITY = 1, 256
JOBS, THREADS = 48, 16
OFFICIAL_JOBS = 8
"""Of a round with PaddleX's server, which does one after the other."""
WAITING = 16
IN_FLIGHT = 32
PAGES = 60
SHARE = 8
CROWD = 2_000
WARM = 500
"""Pages, until the slope of a process's memory counts."""
RECYCLED, RECYCLED_AFTER = 500, 100
ROUNDS = 5
QUEUE = "20000"


def one_page_documents(count: int) -> list[bytes]:
    return [pdf((595 + number, 842)) for number in range(count)]


class VLM:
    """The simulated server, in a process of its own."""

    def __init__(self, url: str, log: Path) -> None:
        self.url = url
        self._log = log

    def events(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self._log.read_text().splitlines()]

    def in_flight(self) -> int:
        events = self.events()
        return int(events[-1]["in_flight"]) if events else 0


@asynccontextmanager
async def vlm_server(data: Path, delay: float = DELAY) -> AsyncIterator[VLM]:
    port = free_port()
    log = data / f"vlm-{port}.log"
    with log.open("w") as file:
        command = [sys.executable, "-m", "benchmarks.simulated.vlm", str(port), str(delay), str(CAPACITY)]
        server = await asyncio.create_subprocess_exec(*die_with_parent(*command), stdout=file, env=environment())
    try:
        await _answering(port, "/v1/models")
        yield VLM(f"http://127.0.0.1:{port}/v1", log)
    finally:
        server.terminate()
        await server.wait()


async def _answering(port: int, path: str) -> None:
    client = Client(port)
    for _ in range(1200):
        try:
            if (await client.request("GET", path))[0] == 200:
                client.close()
                return
        except OSError:
            await asyncio.sleep(0.05)
    raise RuntimeError(f"nothing answers at port {port}")


@asynccontextmanager
async def service(model: Path, vlm: VLM, **settings: str) -> AsyncIterator[tuple[Client, psutil.Process]]:
    """Ours, and a client of it; and its worker's process."""
    chosen = {
        "LAYOUT_ENGINE": "onnxruntime",
        "LAYOUT_MODEL_DIR": str(model),
        "VL_SERVER_URL": vlm.url,
        "MAX_QUEUED_JOBS": QUEUE,
        **settings,
    }
    async with ours("paddleocr_vl", **chosen) as running:
        client = Client(running.port)
        try:
            assert running.worker is not None
            yield client, running.worker
        finally:
            client.close()


class Reference:
    """The pipeline in a process of its own."""

    def __init__(self, child: asyncio.subprocess.Process) -> None:
        self._child = child

    async def seconds(self, threads: int, documents: list[Path]) -> float:
        assert self._child.stdin is not None
        assert self._child.stdout is not None
        work = {"threads": threads, "documents": [str(path) for path in documents]}
        self._child.stdin.write(json.dumps(work).encode() + b"\n")
        return float(await self._child.stdout.readline())


@asynccontextmanager
async def reference(model: Path, vlm: VLM, warm_up: Path) -> AsyncIterator[Reference]:
    command = [sys.executable, "-m", "benchmarks.simulated.reference", str(model), vlm.url]
    pipe = asyncio.subprocess.PIPE
    quiet = asyncio.subprocess.DEVNULL
    async with process(*command, cwd=model, env=environment(), stdin=pipe, stderr=quiet) as child:
        side = Reference(child)
        await side.seconds(1, [warm_up])  # by one thread: sixteen at once may start two event loops
        yield side


@asynccontextmanager
async def official_server(model: Path, vlm: VLM, data: Path) -> AsyncIterator[Client]:
    """`paddlex --serve` with the same pipeline."""
    from paddlex.inference import load_pipeline_config

    config = load_pipeline_config("PaddleOCR-VL-1.6")
    config["SubModules"]["LayoutDetection"] |= {"model_dir": str(model), "engine": "onnxruntime"}
    config["SubModules"]["VLRecognition"]["genai_config"] = {"backend": "vllm-server", "server_url": vlm.url}
    yaml.SafeDumper.add_multi_representer(dict, yaml.SafeDumper.represent_dict)
    (data / "pipeline.yaml").write_text(yaml.safe_dump(config))
    port = free_port()
    command = [str(Path(sys.executable).with_name("paddlex")), "--serve", "--pipeline", str(data / "pipeline.yaml")]
    command += ["--host", "127.0.0.1", "--port", str(port), "--device", "cpu"]
    quiet = asyncio.subprocess.DEVNULL
    async with process(*command, cwd=data, env=environment(), stderr=quiet):
        await _answering(port, "/health")
        yield Client(port)


async def throughput() -> list[Row]:
    documents = one_page_documents(JOBS)
    async with AsyncExitStack() as stack:
        data = await stack.enter_async_context(folder())
        model = layout.build(data / "layout")
        vlm = await stack.enter_async_context(vlm_server(data))
        paths = [data / f"{number}.pdf" for number in range(JOBS)]
        for path, document in zip(paths, documents, strict=True):
            path.write_bytes(document)
        in_process = await stack.enter_async_context(reference(model, vlm, paths[0]))
        official = await stack.enter_async_context(official_server(model, vlm, data))
        client, _ = await stack.enter_async_context(service(model, vlm))

        async def by_us() -> float:
            began = time.perf_counter()
            for job in [await client.upload(document) for document in documents]:
                await outcome(client, job)
            return JOBS / (time.perf_counter() - began)

        async def in_threads() -> float:
            return JOBS / await in_process.seconds(THREADS, paths)

        async def by_paddlex() -> float:
            began = time.perf_counter()
            for document in documents[:OFFICIAL_JOBS]:
                body = {"file": base64.b64encode(document).decode(), "fileType": 0, "visualize": False}
                await official.json("POST", "/layout-parsing", body)
            return OFFICIAL_JOBS / (time.perf_counter() - began)

        await asyncio.gather(by_us(), in_threads(), by_paddlex())
        figures = await alternate(by_us, in_threads, by_paddlex, rounds=ROUNDS)
    what = f"{JOBS} one-page jobs, {DELAY} s per VLM request"
    return [
        compared(what, "jobs/s", figures[0], figures[1], name=f"in-process with {THREADS} threads", least=0.8),
        compared(what, "jobs/s", figures[0], figures[2], name="paddlex --serve", least=5),
    ]


async def in_flight() -> list[Row]:
    documents = one_page_documents(3 * JOBS)
    seen: list[int] = []
    async with AsyncExitStack() as stack:
        data = await stack.enter_async_context(folder())
        model = layout.build(data / "layout")
        vlm = await stack.enter_async_context(vlm_server(data))
        client, _ = await stack.enter_async_context(service(model, vlm))
        await outcome(client, await client.upload(documents[0]))
        jobs = [await client.upload(document) for document in documents]
        await asyncio.sleep(2 * DELAY)  # until the first answers are there
        while not await _few_wait(client):
            seen.append(vlm.in_flight())
            await asyncio.sleep(0.1)
        for job in jobs:
            await outcome(client, job)
    what = f"VLM requests in flight while at least {WAITING} one-page jobs wait ({len(seen)} looks)"
    return [bounded(what, "", seen, least=IN_FLIGHT)]


async def long_document() -> list[Row]:
    widths = [700 + 2 * number for number in range(PAGES)]  # none of the others' pages is so wide
    document = pdf(*((width, 842) for width in widths))
    crowd = one_page_documents(JOBS)
    async with AsyncExitStack() as stack:
        data = await stack.enter_async_context(folder())
        model = layout.build(data / "layout")
        vlm = await stack.enter_async_context(vlm_server(data))
        path = data / "long.pdf"
        path.write_bytes(document)
        warm_up = data / "short.pdf"
        warm_up.write_bytes(crowd[0])
        in_process = await stack.enter_async_context(reference(model, vlm, warm_up))
        client, _ = await stack.enter_async_context(service(model, vlm))
        await outcome(client, await client.upload(crowd[0]))

        async def by_us() -> float:
            began = time.perf_counter()
            await outcome(client, await client.upload(document))
            return PAGES / (time.perf_counter() - began)

        async def by_predict() -> float:
            return PAGES / await in_process.seconds(1, [path])

        alone, beside = await alternate(by_us, by_predict, rounds=ROUNDS)
        first_served, tenth_asked = await _first_page(client, vlm, document, widths)
        most = await _most_in_company(client, vlm, document, widths, 3 * crowd)
    return [
        compared(f"one document of {PAGES} pages", "pages/s", alone, beside, name="one predict", least=0.9),
        Row(
            "its first page is served before its tenth page's first VLM request",
            f"after {first_served:.2f} s",
            f"after {tenth_asked:.2f} s",
            "",
            "before",
            first_served < tenth_asked,
        ),
        bounded(f"its pages in flight while {WAITING} jobs or more wait, most seen", "", [most], most=SHARE),
    ]


async def _until(true: Callable[[], Coroutine[Any, Any, bool]]) -> None:
    for _ in range(60_000):
        if await true():
            return
        await asyncio.sleep(0.01)


async def _is_there(client: Client, path: str) -> bool:
    return (await client.request("GET", path))[0] == 200


async def _few_wait(client: Client) -> bool:
    return len((await client.json("GET", "/jobs?status=queued&limit=100"))["jobs"]) < WAITING


async def _first_page(client: Client, vlm: VLM, document: bytes, widths: list[int]) -> tuple[float, float]:
    """Seconds until the first page could be fetched, and until the VLM was asked for the tenth."""
    before = len(vlm.events())
    began = time.monotonic()
    job = await client.upload(document)
    await _until(lambda: _is_there(client, f"/jobs/{job}/pages/1"))
    served = time.monotonic() - began
    await outcome(client, job)
    pages = page_requests(vlm.events()[before:], widths)
    return served, min(at for page, at, _ in pages if page == 10) - began


async def _most_in_company(client: Client, vlm: VLM, document: bytes, widths: list[int], crowd: list[bytes]) -> int:
    """The most pages of the document that had requests at the VLM while the others waited, once those were there for as
    long as a request takes: what it had begun alone it may end.
    """
    before = len(vlm.events())
    job = await client.upload(document)
    await _until(lambda: _is_there(client, f"/jobs/{job}/pages/1"))
    jobs = [await client.upload(one) for one in crowd]
    came = time.monotonic()
    await _until(lambda: _few_wait(client))
    until = time.monotonic()
    for one in [job, *jobs]:
        await outcome(client, one)
    spans = page_requests(vlm.events()[before:], widths)
    moments = [began for _, began, _ in spans if came + 2 * DELAY < began < until]
    return max((len({page for page, began, ended in spans if began <= at < ended}) for at in moments), default=0)


def page_requests(events: list[dict[str, Any]], widths: list[int]) -> list[tuple[int, float, float]]:
    """Number of the page, beginning and end of each request for a text block, which tells its page by its width."""
    text = layout.BLOCKS["text"]
    expected = {round(2 * width * (text[2] - text[0])): number for number, width in enumerate(widths, 1)}
    near = {width + off: number for width, number in expected.items() for off in (-1, 0, 1)}
    open_: dict[int, float] = {}
    found = []
    for event in events:
        if (number := near.get(event["width"])) is None:
            continue
        if event["event"] == "began":
            open_[number] = event["at"]
        elif number in open_:
            found.append((number, open_.pop(number), event["at"]))
    return found


async def crowd() -> list[Row]:
    sizes = [(300 + 7 * (number % 50), 400 + 9 * (number // 50)) for number in range(CROWD)]
    random.Random(1).shuffle(sizes)  # or memory would grow with them
    memory: list[tuple[int, float]] = []
    wrong = 0
    async with AsyncExitStack() as stack:
        data = await stack.enter_async_context(folder())
        model = layout.build(data / "layout")
        vlm = await stack.enter_async_context(vlm_server(data, delay=0.1))
        settings = {"ENGINE_MAX_PAGES": "1000000", "ENGINE_MAX_MEMORY_MB": "100000"}
        client, worker = await stack.enter_async_context(service(model, vlm, **settings))
        host = next(child for child in worker.children() if "worker.engine_host" in child.cmdline())
        jobs = [await client.upload(pdf(size)) for size in sizes]
        for done, (job, size) in enumerate(zip(jobs, sizes, strict=True), 1):
            (page,) = (await outcome(client, job))["pages"]
            wrong += not is_of(page, *size)
            if done % 50 == 0:
                memory.append((done, host.memory_info().rss / 2**20))
    slope = _slope([(done, mib) for done, mib in memory if done >= WARM])
    recycled = await _recycled()
    return [
        bounded(f"{CROWD:,} pages of distinct sizes at once: results of another document", "", [wrong], most=0),
        bounded(f"engine host, memory by 1,000 pages after the first {WARM}", "MB", [slope], most=20),
        bounded(
            f"failed of {RECYCLED} jobs, the engine host replaced every {RECYCLED_AFTER} pages", "", [recycled], most=0
        ),
    ]


def is_of(page: dict[str, Any], width: int, height: int) -> bool:
    """Whether all of the page is that of a document of this size in points: pixels, boxes, and what the VLM saw."""
    if (page["width"], page["height"]) != (2 * width, 2 * height):
        return False
    for block, corners in zip(page["blocks"], layout.BLOCKS.values(), strict=True):
        expected = [corners[0] * 2 * width, corners[1] * 2 * height, corners[2] * 2 * width, corners[3] * 2 * height]
        if any(abs(found - wanted) > 2 for found, wanted in zip(block["bbox"], expected, strict=True)):
            return False
        if block["label"] in ("doc_title", "text"):
            left, top, right, bottom = block["bbox"]
            if f"{right - left} by {bottom - top}" not in block["content"]:
                return False
    return True


async def _recycled() -> int:
    """Of RECYCLED jobs, how many failed."""
    async with AsyncExitStack() as stack:
        data = await stack.enter_async_context(folder())
        model = layout.build(data / "layout")
        vlm = await stack.enter_async_context(vlm_server(data, delay=0.1))
        client, _ = await stack.enter_async_context(service(model, vlm, ENGINE_MAX_PAGES=str(RECYCLED_AFTER)))
        jobs = [await client.upload(document) for document in one_page_documents(RECYCLED)]
        failed = 0
        for job in jobs:
            try:
                failed += bool((await outcome(client, job))["page_errors"])
            except RuntimeError:
                failed += 1
        return failed


def _slope(points: list[tuple[int, float]]) -> float:
    """MB by 1,000 pages, by least squares."""
    return statistics.linear_regression([x for x, _ in points], [y for _, y in points]).slope * 1000


PARTS: dict[str, Callable[[], Coroutine[Any, Any, list[Row]]]] = {
    "throughput": throughput,
    "in_flight": in_flight,
    "long_document": long_document,
    "crowd": crowd,
}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("parts", nargs="*", metavar="PART", help=", ".join(PARTS))
    chosen = parser.parse_args().parts or list(PARTS)
    sys.exit(report({name: PARTS[name] for name in chosen}, within=3600))
