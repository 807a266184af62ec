"""PaddleOCR-VL in the engine host: one pipeline, a thread for each page in work."""

from __future__ import annotations

import asyncio
import contextvars
import functools
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from app.engines.options import PaddleOCRVLOptions
from app.errors import EngineError, PageError
from app.results.pages import store_page, stored_page
from app.settings import Settings
from app.storage.blobs import JobFolder
from worker.engines.base import Document, Engine, PageWork
from worker.engines.paddleocr_vl.client import Client, PageCall, current_page
from worker.engines.paddleocr_vl.conversion import convert, describe, restored
from worker.engines.paddleocr_vl.cpu_limiter import CpuLimiter
from worker.engines.paddleocr_vl.document_limiter import DocumentLimiter, Share
from worker.engines.paddleocr_vl.pipeline import SCALE, Pipeline
from worker.engines.paddleocr_vl.servers import Servers
from worker.ipc.page_messages import PageFailure
from worker.scheduling.cpus import cpus
from worker.scheduling.fair_semaphore import FairSemaphore

if TYPE_CHECKING:
    from worker.documents.base import Raster

log = logging.getLogger(__name__)

THREADS = 96
"""Pages in the pipeline at a time; most wait for a VLM server, which a few requests of each keep busy."""
SHARE, ALONE = 8, 64
"""Of them, those that a document may have while others are there, and while it is alone."""
HEAD_START = 0.15
"""Seconds that the first page of a document gets to be fetched before most others take the cores and the VLM."""


class PaddleOCRVL(Engine):
    name = "paddleocr_vl"
    reader = "worker.engines.base:PageReader"
    lanes = 32

    def __init__(self, pages: PageWork, settings: Settings) -> None:
        super().__init__(pages, settings)
        self._pipeline: Pipeline
        self._servers: Servers | None = None
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="page")
        self._turns = FairSemaphore(THREADS)
        self._shares = DocumentLimiter(SHARE, ALONE, HEAD_START)
        self._cores = CpuLimiter(cpus() + 1)

    @property
    def version(self) -> str:
        return f"paddleocr {version('paddleocr')} {self.settings.vl_model.name}"

    @property
    def unavailable_reason(self) -> str | None:
        return self._servers.unavailable_reason if self._servers is not None else None

    @property
    def pages_in_flight(self) -> int:
        return THREADS

    async def start(self) -> None:
        settings = self.settings
        await self.pages.start()
        try:
            client = None
            if settings.vl_backend != "native":
                self._servers = Servers(settings, functools.partial(_connect, settings))
                client = Client(self._servers, settings.vl_backend, settings.vl_timeout, asyncio.get_running_loop())
                await self._servers.start()
            self._pipeline = await asyncio.to_thread(Pipeline, settings, client)
        except Exception as error:  # PaddleX raises whatever its packages do
            log.exception("creating the pipeline failed")
            raise EngineError(_why_not(settings, error), code="engine_unavailable") from error

    async def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)
        if self._servers is not None:
            await self._servers.close()
        await super().close()

    def check(self, options: dict[str, Any]) -> None:
        chosen = PaddleOCRVLOptions.model_validate(options)
        asked = [name for name in ("use_doc_orientation_classify", "use_doc_unwarping") if getattr(chosen, name)]
        if asked and not self.settings.doc_preprocessing:
            message = f"This worker has not loaded the models for {asked[0]}; start it with DOC_PREPROCESSING=1."
            raise EngineError(message, code="engine_unavailable")

    def waits(self, task: asyncio.Task[object]) -> bool:
        return self._shares.waits(task) or self._turns.waits(task) or super().waits(task)

    async def page(self, document: Document, number: int) -> None:
        folder, options = document.folder, PaddleOCRVLOptions.model_validate(document.options)
        async with self._shares.of(folder.id) as share:
            size = await self.pages.render(folder, number, SCALE)
            try:
                await self._turns.acquire(folder.id)
                await self._in_thread(functools.partial(self._read, folder, number, size, options), share)
            finally:
                folder.remove(folder.raster(number))

    async def assemble(self, document: Document) -> list[PageFailure]:
        options = PaddleOCRVLOptions.model_validate(document.options)
        if options.restructure_pages:
            await asyncio.to_thread(self._restructure, document.folder, options)
        return await super().assemble(document)

    async def _in_thread(self, work: Callable[[PageCall], None], share: Share) -> None:
        """Does the work with its PageCall current, and gives the turn back when it has really ended."""
        call = PageCall(share, self._cores)
        context = contextvars.copy_context()
        context.run(current_page.set, call)

        def computing() -> None:
            with self._cores.one():
                work(call)

        thread = asyncio.get_running_loop().run_in_executor(self._threads, context.run, computing)
        thread.add_done_callback(lambda _: self._turns.release())
        try:
            await asyncio.shield(thread)
        except asyncio.CancelledError:
            call.cancel()
            thread.add_done_callback(_hear)
            raise

    def _read(
        self, folder: JobFolder, number: int, size: tuple[int, int], options: PaddleOCRVLOptions, call: PageCall
    ) -> None:
        try:
            result = self._pipeline.predict(_load(folder, number, size), options.predict)
        except OSError:
            raise
        except Exception as error:  # as above
            if call.cancelled:
                raise
            log.exception("reading page %d failed", number)
            reason = f"{type(error).__name__}: {error}"[:300].rstrip(".")
            raise PageError(f"The pipeline failed on page {number}: {reason}.") from error
        if call.cancelled:
            return
        if call.failures and len(call.failures) == call.sent:
            raise PageError(f"Nothing on page {number} could be read. {call.failures[0]}", code="engine_failed")
        page, images = convert(result, number, options)
        page.warnings = call.failures + call.warnings
        for name, data in images.items():
            folder.write(folder.image(name), data)
        store_page(folder, page)

    def _restructure(self, folder: JobFolder, options: PaddleOCRVLOptions) -> None:
        """Brings the stored pages up to date with what a look at all of them shows: once more, if it was cut off."""
        pages = [stored_page(folder, number) for number in sorted(folder.pages_done())]
        good = [page for page in pages if page.error is None]
        raws = [restored(page) for page in good]
        try:
            results = self._pipeline.restructure(
                raws, merge_tables=options.merge_tables, relevel_titles=options.relevel_titles
            )
        except Exception as error:  # the pages themselves are good
            log.exception("restructuring %s failed", folder.id)
            good[0].warnings.append(f"The pages could not be restructured ({type(error).__name__}).")
            store_page(folder, good[0])
            return
        for page, result in zip(good, results, strict=True):
            describe(page, result, options)
            store_page(folder, page)


def _hear(thread: asyncio.Future[None]) -> None:
    """What a thread nobody waits for has ended with is nobody's business."""
    if not thread.cancelled():
        thread.exception()


def _connect(settings: Settings, url: str) -> Any:
    """PaddleX's client of the server at `url`."""
    from openai import DefaultAsyncHttpxClient
    from paddlex.inference.models.common.genai import GenAIClient

    return GenAIClient(
        backend=settings.vl_backend,
        base_url=url,
        max_concurrency=settings.vl_max_concurrency,
        model_name=settings.vl_model.name,
        api_key=settings.vl_api_key or "null",
        max_retries=0,  # Client asks again
        http_client=DefaultAsyncHttpxClient(trust_env=False),  # a proxy in the environment is for other hosts
    )


def _why_not(settings: Settings, error: Exception) -> str:
    if isinstance(error, ModuleNotFoundError):
        return f"this environment lacks {error.name}: start the worker with ENGINE=paddleocr_vl ./run.sh."
    reason = str(error).strip().splitlines()[-1][:300] if str(error).strip() else type(error).__name__
    advice = "the worker's log has the details"
    if settings.layout_model_dir is None:
        advice = (
            f"if {settings.vl_model.layout} cannot be downloaded, fetch it elsewhere and set LAYOUT_MODEL_DIR; {advice}"
        )
    if settings.vl_backend == "native" and settings.vl_model_dir is None:
        advice = f"if {settings.vl_model.name} cannot be downloaded, fetch it elsewhere and set VL_MODEL_DIR; {advice}"
    return f"PaddleOCR-VL cannot be loaded: {reason.rstrip('.')} ({advice})."


def _load(folder: JobFolder, number: int, size: tuple[int, int]) -> Raster:
    import numpy as np

    height, width = size
    with folder.open(folder.raster(number)) as file:
        return np.fromfile(file, np.uint8).reshape(height, width, 3)
