"""How long the API takes from its start to /health, and what it holds in memory by then."""

import asyncio
import json
import sys
import time
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path

import psutil

from app.processes.ports import free_port
from benchmarks.harness import (
    Row,
    alternate,
    answers,
    bounded,
    compared,
    environment,
    folder,
    process,
    report,
    store,
    uvicorn,
)

MODEL_LIBRARIES = ("pypdfium2", "onnxruntime", "cv2", "numpy", "rapidocr")


async def measure() -> list[Row]:
    async with AsyncExitStack() as stack:
        data = await stack.enter_async_context(folder())
        url = await stack.enter_async_context(store(data))
        sides = partial(_start, "app.main:app", data, url), partial(_start, "benchmarks.floor:app", data, url)
        for side in sides:  # compiles what is not compiled yet
            await side()
        own, other = await alternate(*sides)
        loaded = await _model_libraries(data, url)
    return [
        compared("start of the API to /health", "ms", *([start[0] for start in side] for side in (own, other)), most=4),
        bounded("memory of the API once ready (RSS)", "MiB", [start[1] for start in own], most=100),
        Row("model libraries in the API", ", ".join(loaded) or "none", "", "", "none", not loaded),
    ]


async def _start(application: str, data: Path, url: str) -> tuple[float, float]:
    """Milliseconds until ready and MiB then."""
    port = free_port()
    env = environment(DATA_DIR=str(data), REDIS_URL=url)
    begun = time.perf_counter()
    async with process(*uvicorn(application, port), cwd=data, env=env) as api:
        await answers(port, "/health")
        ready = time.perf_counter() - begun
        return 1000 * ready, psutil.Process(api.pid).memory_info().rss / 2**20


async def _model_libraries(data: Path, url: str) -> list[str]:
    """Those that the API imports."""
    code = "import app.main, json, sys; print(json.dumps(list(sys.modules)))"
    async with process(sys.executable, "-c", code, cwd=data, env=environment(DATA_DIR=str(data), REDIS_URL=url)) as it:
        output, _ = await asyncio.wait_for(it.communicate(), 60)
    return sorted(set(json.loads(output)).intersection(MODEL_LIBRARIES))


if __name__ == "__main__":
    sys.exit(report({"startup": measure}, within=300))
