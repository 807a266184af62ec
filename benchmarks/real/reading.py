"""Reads documents with our engine, two side by side."""

import multiprocessing
import sys
import time
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.quality.engine import convert

PROCESSES = 2


@dataclass(frozen=True, slots=True)
class Reading:
    """A document as our engine reads it; a document that fails has no text."""

    markdown: str
    pages: list[dict[str, Any]] = field(default_factory=list)
    seconds: float = 0.0


def read_all(paths: Iterable[Path]) -> dict[Path, Reading]:
    readings = {}
    wanted = sorted(set(paths))
    with ProcessPoolExecutor(PROCESSES, multiprocessing.get_context("spawn")) as pool:
        tasks = {pool.submit(read, path): path for path in wanted}
        for done in as_completed(tasks):
            path = tasks[done]
            readings[path] = done.result()
            print(f"{path.name}: {readings[path].seconds:.1f} s", file=sys.stderr, flush=True)
    return readings


def read(path: Path) -> Reading:
    start = time.perf_counter()
    try:
        markdown, pages = convert(path)
    except Exception as exception:  # one document must not end the measure of all others
        print(f"{path.name}: {type(exception).__name__}: {exception}", file=sys.stderr)
        markdown, pages = "", []
    return Reading(markdown, pages, time.perf_counter() - start)
