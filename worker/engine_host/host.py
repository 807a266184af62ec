"""The engine host: the process that owns the model and works on many pages at a time."""

import asyncio
import logging
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

from app.errors import PageError
from app.processes.lifecycle import forbid_inspection
from app.results.pages import store_failed_page
from app.settings import Settings
from app.storage.blobs import JobFolder
from worker.engine_host.page_pool import PagePool
from worker.engine_host.page_processes import Limits
from worker.engines import engine_class
from worker.engines.base import Document, Engine
from worker.ipc.channel import serve
from worker.scheduling.cpus import cpus


class EngineHost:
    """The operations of the host; a lane calls them in the order prepare, pages, assemble."""

    def __init__(self) -> None:
        self._engine: Engine | None = None
        self._max_pages = 0
        self._readings: dict[str, _Reading] = {}

    async def close(self) -> None:
        if self._engine is not None:
            await self._engine.close()

    async def handle(self, op: str, emit: Any, **parameters: Any) -> Any:
        if op == "ping":
            return {"unavailable_reason": self._engine.unavailable_reason if self._engine is not None else None}
        if op == "yield":
            return self._yield(parameters["executions"])
        if op == "start":
            return await self._start(Settings.model_validate(parameters["settings"]), parameters["engine"])
        folder = JobFolder(Path(parameters["folder"]))
        if self._engine is None:
            raise RuntimeError(f"{op} before start")
        if op == "prepare":
            wanted, password = parameters["page_ranges"], parameters["password"]
            return await self._engine.pages.prepare(folder, wanted, self._max_pages, password)
        document = Document(folder, parameters["options"])
        if op == "pages":
            self._engine.check(document.options)
            reading = _Reading(self._engine, document, parameters["numbers"], emit)
            self._readings[parameters["execution"]] = reading
            try:
                return await reading.run()
            finally:
                del self._readings[parameters["execution"]]
        if op == "assemble":
            return await self._engine.assemble(document)
        raise RuntimeError(f"no operation {op}")

    async def _start(self, settings: Settings, name: str) -> dict[str, Any]:
        kind = engine_class(name)
        limits = Limits(settings.page_timeout, settings.page_memory_mb, settings.max_page_pixels)
        pages = PagePool(settings.page_processes or cpus(), kind.reader, limits)
        engine = kind(pages, settings)
        await engine.start()
        self._engine, self._max_pages = engine, settings.max_pages
        return {"version": engine.version, "unavailable_reason": engine.unavailable_reason}

    def _yield(self, executions: list[str]) -> str | None:
        """Ends one of the slices early, the one that has least in work."""
        readings = [execution for execution in executions if execution in self._readings]
        if not readings:
            return None
        first = min(readings, key=lambda execution: self._readings[execution].in_work)
        self._readings[first].end_early()
        return first


class _Reading:
    """The pages of a slice on their way through the engine."""

    def __init__(self, engine: Engine, document: Document, numbers: list[int], emit: Callable[[Any], None]) -> None:
        self._engine = engine
        self._document = document
        self._waiting = iter(numbers)
        self._emit = emit
        self._hands = [asyncio.create_task(self._hand()) for _ in range(min(engine.pages_in_flight, len(numbers)))]

    async def run(self) -> None:
        """Works on the pages; each one is told of when it is stored, a page that fails with its error's code."""
        try:
            done, _ = await asyncio.wait(self._hands, return_when=asyncio.FIRST_EXCEPTION)
            for hand in done:
                if not hand.cancelled():
                    hand.result()
        finally:
            for hand in self._hands:
                hand.cancel()

    @property
    def in_work(self) -> int:
        """How many pages are being worked on, and not only wait for a page process."""
        return sum(not hand.done() and not self._engine.waits(hand) for hand in self._hands)

    def end_early(self) -> None:
        """Begins no more pages: those that are being worked on are the last."""
        self._waiting = iter(())
        for hand in self._hands:
            if self._engine.waits(hand):
                hand.cancel()

    async def _hand(self) -> None:
        while (number := next(self._waiting, None)) is not None:
            code = ""
            try:
                await self._engine.page(self._document, number)
            except PageError as error:
                code = error.code
                store_failed_page(self._document.folder, number, error)
            seconds = self._engine.pages.spent(self._document.folder)
            self._emit({"page": number, "error": code, "seconds": seconds})


async def run(descriptor: int) -> None:
    host = EngineHost()
    await serve(descriptor, host.handle)
    await host.close()


def main(descriptor: int) -> None:
    forbid_inspection()
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    for chatty in ("httpx", "httpx2"):  # a line for every request
        logging.getLogger(chatty).setLevel(logging.WARNING)
    for number in (signal.SIGINT, signal.SIGTERM):  # only the supervisor ends it
        signal.signal(number, signal.SIG_IGN)
    asyncio.run(run(descriptor))
