"""What the benchmarks share: services as processes on free ports and folders of their own, rounds, and the report."""

import asyncio
import contextlib
import math
import os
import platform
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from importlib.metadata import distributions, version
from pathlib import Path
from typing import Any, TypeVar

import psutil

from app.processes.die_with_parent import die_with_parent
from app.processes.ports import free_port
from app.redis.client import store_url
from app.redis.server import RedisServer, find_server
from app.settings import Settings
from benchmarks.client import Client

ROOT = Path(__file__).parents[1]
CORES = 2
"""Everything measured, and what measures it, runs on so many cores."""
ROUNDS = 5
FLOOR_POLL = 0.02  # seconds
READY_WITHIN = 60.0  # seconds
STOP_WITHIN = 15.0  # seconds
PACKAGES = ("fastapi", "uvicorn", "redis", "rq", "pypdfium2", "rapidocr", "onnxruntime", "paddleocr", "paddlex")

T = TypeVar("T")


# Processes


def environment(**settings: str) -> dict[str, str]:
    """The environment of a service: ours without any setting of the product but those given."""
    known = {name.upper() for name in Settings.model_fields} | {"OCR_ENGINE"}
    plain = {name: value for name, value in os.environ.items() if name.upper() not in known}
    return plain | {"PYTHONPATH": str(ROOT), "LOG_LEVEL": "warning"} | settings


@asynccontextmanager
async def process(
    *command: str,
    cwd: Path,
    env: dict[str, str],
    stdin: int = subprocess.DEVNULL,
    stderr: int | None = None,
) -> AsyncIterator[asyncio.subprocess.Process]:
    """A process for the time of the block, tied to this one; its standard output is ours to read."""
    child = await asyncio.create_subprocess_exec(
        *die_with_parent(*command),
        cwd=cwd,
        env=env,
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=stderr,
        start_new_session=True,
    )
    try:
        yield child
    finally:
        if child.returncode is None:
            child.terminate()
            try:
                await asyncio.wait_for(child.wait(), STOP_WITHIN)
            except asyncio.TimeoutError:
                child.kill()
                await child.wait()


@asynccontextmanager
async def folder() -> AsyncIterator[Path]:
    with tempfile.TemporaryDirectory(prefix="ocr-bench-", ignore_cleanup_errors=True) as name:
        yield Path(name)


@asynccontextmanager
async def store(data: Path) -> AsyncIterator[str]:
    """A store with the service's own options. Yields its URL."""
    settings = Settings(data_dir=data, redis_url=None)
    keeper = RedisServer(settings)
    await keeper.start()
    try:
        yield store_url(settings)
    finally:
        await keeper.stop()


def uvicorn(application: str, port: int) -> list[str]:
    """As app/cli/serve.py starts it."""
    options = ["--host", "127.0.0.1", "--port", str(port), "--no-access-log", "--log-level", "warning"]
    return [sys.executable, "-m", "uvicorn", application, *options]


async def answers(port: int, path: str) -> None:
    """Returns once GET `path` is answered with 200."""
    give_up = time.monotonic() + READY_WITHIN
    while time.monotonic() < give_up:
        client = Client(port)
        try:
            if (await client.request("GET", path))[0] == 200:
                return
        except OSError:
            pass
        finally:
            client.close()
        await asyncio.sleep(0.005)
    raise RuntimeError(f"GET {path} was not answered with 200 within {READY_WITHIN:g} s")


@dataclass(frozen=True)
class Running:
    """A service that takes documents. `worker` is the root of the worker's processes, `store` the URL of its store."""

    port: int
    api: psutil.Process
    worker: psutil.Process | None
    store: str
    data: Path


@asynccontextmanager
async def ours(engine: str | None, **settings: str) -> AsyncIterator[Running]:
    """The service, with a worker where an engine is named."""
    async with AsyncExitStack() as stack:
        data = await stack.enter_async_context(folder())
        url = await stack.enter_async_context(store(data))
        port = free_port()
        env = environment(
            DATA_DIR=str(data),
            REDIS_URL=url,
            PORT=str(port),
            FETCH_ALLOWED_HOSTS="127.0.0.1",
            CALLBACK_ALLOWED_HOSTS="127.0.0.1",
            PAGE_PROCESSES=str(CORES),
            **({"ENGINE": engine} if engine else {}),
        )
        env |= settings
        api = await stack.enter_async_context(process(*uvicorn("app.main:app", port), cwd=data, env=env))
        worker = None
        if engine:
            worker = await stack.enter_async_context(process(sys.executable, "-m", "worker", cwd=data, env=env))
        await answers(port, "/health/ready" if engine else "/health")
        yield Running(port, psutil.Process(api.pid), psutil.Process(worker.pid) if worker else None, url, data)


@asynccontextmanager
async def floor(*, worker: bool) -> AsyncIterator[Running]:
    """The floor, with or without its worker."""
    async with AsyncExitStack() as stack:
        data = await stack.enter_async_context(folder())
        url = await stack.enter_async_context(store(data))
        port = free_port()
        env = environment(REDIS_URL=url)
        api = await stack.enter_async_context(process(*uvicorn("benchmarks.floor:app", port), cwd=data, env=env))
        working = None
        if worker:
            command = [sys.executable, "-m", "benchmarks.floor"]
            working = await stack.enter_async_context(process(*command, cwd=data, env=env))
        await answers(port, "/health")
        yield Running(port, psutil.Process(api.pid), psutil.Process(working.pid) if working else None, url, data)


@asynccontextmanager
async def serving(document: bytes) -> AsyncIterator[str]:
    """A web server of this machine with one document. Yields its URL."""
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/pdf\r\nContent-Length: {len(document)}\r\n"

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(head.encode() + b"Connection: close\r\n\r\n" + document)
            await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/document.pdf"
    finally:
        server.close()


async def convert(client: Client, url: str) -> Any:
    """Has our service convert the document at `url`; its result."""
    return await outcome(client, (await client.json("POST", "/infer", {"pdf_url": url}))["job_id"])


async def outcome(client: Client, job: str) -> Any:
    """The result of a job of our service, once it is there."""
    while True:
        answer = await client.json("GET", f"/jobs/{job}/result?wait=30")
        if answer["status"] == "finished":
            return answer["result"]
        if answer["status"] in ("failed", "canceled"):
            raise RuntimeError(f"the job failed: {answer['error']}")


async def convert_floor(client: Client, url: str) -> None:
    """Has the floor do its empty job."""
    job = await client.json("POST", "/infer", {"pdf_url": url})
    path = f"/jobs/{job['job_id']}/result"
    while (status := (await client.json("GET", path))["status"]) != "finished":
        if status == "failed":
            raise RuntimeError("the floor's job failed")
        await asyncio.sleep(FLOOR_POLL)


# Figures


def cpu_seconds(root: psutil.Process) -> float:
    """Seconds of CPU that a process, its descendants and those of them that have ended have used."""
    used = 0.0
    for process in [*reversed(root.children(recursive=True)), root]:  # what ends meanwhile is in its parent's figure
        with contextlib.suppress(psutil.NoSuchProcess):
            used += sum(process.cpu_times()[:4])
    return used


def percentile(values: Sequence[float], percent: float) -> float:
    """The smallest value that so many percent of all do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(len(ordered) * percent / 100) - 1)]


async def alternate(*sides: Callable[[], Awaitable[T]], rounds: int = ROUNDS) -> list[list[T]]:
    """Each side once a round, the other one first in every second round; each side's figures."""
    figures: list[list[T]] = [[] for _ in sides]
    for number in range(rounds):
        order = range(len(sides)) if number % 2 == 0 else reversed(range(len(sides)))
        for side in order:
            figures[side].append(await sides[side]())
    return figures


@dataclass(frozen=True)
class Row:
    """A line of the report. `met` is None where there is no bar."""

    what: str
    ours: str
    beside: str
    ratio: str
    bar: str
    met: bool | None

    def __str__(self) -> str:
        met = {True: "yes", False: "**no**", None: ""}[self.met]
        return f"| {' | '.join((self.what, self.ours, self.beside, self.ratio, self.bar, met))} |"


HEADER = "| what | ours | compared with | ratio | bar | met |\n|---|---|---|---|---|---|"


def compared(
    what: str,
    unit: str,
    ours: Sequence[float],
    beside: Sequence[float],
    *,
    name: str = "floor",
    most: float | None = None,
    least: float | None = None,
) -> Row:
    """A row whose bar, if any, is the ratio of its median to that of `name`, which ran alternately with it."""
    ratio = statistics.median(ours) / statistics.median(beside)
    bar, met = _bar(ratio, most, least, f"x {name}")
    return Row(what, spread(ours, unit), spread(beside, unit), f"{ratio:.2f}", bar, met)


def bounded(
    what: str, unit: str, ours: Sequence[float], *, most: float | None = None, least: float | None = None
) -> Row:
    """A row whose bar is a figure."""
    bar, met = _bar(statistics.median(ours), most, least, unit)
    return Row(what, spread(ours, unit), "", "", bar, met)


def _bar(value: float, most: float | None, least: float | None, unit: str) -> tuple[str, bool | None]:
    if most is not None:
        return f"≤ {most:g} {unit}".rstrip(), value <= most
    if least is not None:
        return f"≥ {least:g} {unit}".rstrip(), value >= least
    return "", None


def spread(values: Sequence[float], unit: str) -> str:
    """Median, and from minimum to maximum."""
    text = f"{_short(statistics.median(values))} {unit}".rstrip()
    return f"{text} ({_short(min(values))}–{_short(max(values))})" if len(values) > 1 else text


def _short(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


# The report


def machine() -> str:
    """The machine and the versions, in two lines."""
    model = platform.processor() or platform.machine()
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        model = next(line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        pass
    memory = psutil.virtual_memory().total / 2**30
    server = subprocess.run([find_server(), "--version"], capture_output=True, text=True, timeout=10).stdout
    number = next((word[2:] for word in server.split() if word.startswith("v=")), "?")
    installed = {distribution.name for distribution in distributions()}
    versions = ", ".join(f"{name} {version(name)}" for name in PACKAGES if name in installed)
    return (
        f"{model}, {CORES} of {os.cpu_count()} cores, {memory:.0f} GiB, {platform.system()}; load before the run "
        f"{os.getloadavg()[0]:.1f}.\n"
        f"Python {platform.python_version()}, {Path(find_server()).name} {number}, {versions}."
    )


def confine() -> None:
    """Binds this process and all that it starts to CORES cores."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:CORES])


def report(measures: dict[str, Callable[[], Coroutine[Any, Any, list[Row]]]], within: float) -> int:
    """Takes the measures and prints the report; 1 where a bar is missed or a measure could not be taken."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # ends like Ctrl-C: everything started is stopped
    confine()
    print(f"{machine()}\n\n{HEADER}", flush=True)
    met = True
    for name, measure in measures.items():
        try:
            rows = asyncio.run(asyncio.wait_for(measure(), within))
        except KeyboardInterrupt:
            return 130
        except (Exception, asyncio.TimeoutError) as error:
            rows = [Row(name, "", "", "", f"not measured: {error or type(error).__name__}", False)]
        for row in rows:
            print(row, flush=True)
            met = met and row.met is not False
    return 0 if met else 1
