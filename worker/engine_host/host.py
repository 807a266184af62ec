"""The engine host: the process that owns the model and works on many pages at a time."""

import asyncio
import logging
import signal
from collections.abc import Callable

from app.errors import PageError
from app.processes.lifecycle import forbid_inspection
from app.results.pages import store_failed_page
from app.settings import Settings
from app.storage.blobs import BlobStore, JobFolder
from worker.engine_host.page_pool import PagePool
from worker.engine_host.page_processes import Limits
from worker.engines import engine_class
from worker.engines.base import Document, Engine
from worker.ipc.calls import Handler
from worker.ipc.channel import serve
from worker.ipc.messages import (
    AssembleDocument,
    EngineStarted,
    PageDone,
    Ping,
    PrepareDocument,
    ReadPages,
    StartEngine,
    YieldSlice,
)
from worker.ipc.page_messages import PageFailure
from worker.scheduling.cpus import cpus


class EngineHost:
    """What the host does for each call. A lane calls prepare, read, assemble in this order."""

    def __init__(self) -> None:
        self._engine: Engine | None = None
        self._blobs: BlobStore | None = None
        self._max_pages = 0
        self._readings: dict[str, _Reading] = {}
        """The slices at their pages, by execution."""

    def handlers(self) -> list[Handler]:
        return [
            StartEngine.handled_by(self._start),
            Ping.handled_by(self._ping),
            YieldSlice.handled_by(self._yield),
            PrepareDocument.handled_by(self._prepare),
            ReadPages.streamed_by(self._read),
            AssembleDocument.handled_by(self._assemble),
        ]

    async def close(self) -> None:
        if self._engine is not None:
            await self._engine.close()

    async def _start(self, call: StartEngine) -> EngineStarted:
        settings, kind = Settings.model_validate(call.settings), engine_class(call.engine)
        limits = Limits(settings.page_timeout, settings.page_memory_mb, settings.max_page_pixels)
        pages = PagePool(settings.page_processes or cpus(), kind.reader, limits)
        engine = kind(pages, settings)
        await engine.start()
        self._engine, self._max_pages = engine, settings.max_pages
        self._blobs = BlobStore(settings)
        return {"version": engine.version, "unavailable_reason": engine.unavailable_reason}

    async def _ping(self, call: Ping) -> str | None:
        return self._engine.unavailable_reason if self._engine is not None else None

    async def _yield(self, call: YieldSlice) -> str | None:
        readings = [execution for execution in call.executions if execution in self._readings]
        if not readings:
            return None
        first = min(readings, key=lambda execution: self._readings[execution].in_work)
        self._readings[first].end_early()
        return first

    async def _prepare(self, call: PrepareDocument) -> None:
        await self._started.pages.prepare(self._folder(call.job), call.page_ranges, self._max_pages, call.password)

    async def _read(self, call: ReadPages, emit: Callable[[PageDone], None]) -> None:
        engine, document = self._started, self._document(call)
        engine.check(document.options)
        reading = self._readings[call.execution] = _Reading(engine, document, call.numbers, emit)
        try:
            await reading.run()
        finally:
            del self._readings[call.execution]

    async def _assemble(self, call: AssembleDocument) -> list[PageFailure]:
        return await self._started.assemble(self._document(call))

    def _document(self, call: ReadPages | AssembleDocument) -> Document:
        return Document(self._folder(call.job), call.options)

    def _folder(self, job_id: str) -> JobFolder:
        if self._blobs is None:
            raise RuntimeError("the engine is not started")
        return self._blobs.job(job_id)

    @property
    def _started(self) -> Engine:
        if self._engine is None:
            raise RuntimeError("the engine is not started")
        return self._engine


class _Reading:
    """The pages of a slice on their way through the engine."""

    def __init__(
        self, engine: Engine, document: Document, numbers: list[int], emit: Callable[[PageDone], None]
    ) -> None:
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
    await serve(descriptor, host.handlers())
    await host.close()


def main(descriptor: int) -> None:
    forbid_inspection()
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    for chatty in ("httpx", "httpx2"):  # a line for every request
        logging.getLogger(chatty).setLevel(logging.WARNING)
    for number in (signal.SIGINT, signal.SIGTERM):  # only the supervisor ends it
        signal.signal(number, signal.SIG_IGN)
    asyncio.run(run(descriptor))
