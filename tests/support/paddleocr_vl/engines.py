"""The engine in the test's own process, with page processes of its own."""

import contextlib
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from app.results.models import Page
from app.results.pages import stored_page
from app.settings import Settings
from app.storage.blobs import JobFolder
from benchmarks.simulated.pages import pdf
from worker.engine_host.page_pool import PagePool
from worker.engine_host.page_processes import Limits
from worker.engines.base import Document
from worker.engines.paddleocr_vl.engine import PaddleOCRVL


@contextlib.asynccontextmanager
async def running_engine(settings: Settings) -> AsyncIterator[PaddleOCRVL]:
    pages = PagePool(1, PaddleOCRVL.reader, Limits(60, 700, settings.max_page_pixels))
    engine = PaddleOCRVL(pages, settings)
    try:
        await engine.start()
        yield engine
    finally:
        await engine.close()


async def stored(engine: PaddleOCRVL, folder: Path, source: bytes | None = None) -> JobFolder:
    """A document that is prepared."""
    shutil.rmtree(folder, ignore_errors=True)
    job = JobFolder(folder)
    job.create()
    job.write(job.source, source or pdf())
    await engine.pages.prepare(job, None, 1000)
    return job


async def read(engine: PaddleOCRVL, folder: Path, source: bytes | None = None, **options: Any) -> Page:
    """The first page of the document, as the engine stores it."""
    job = await stored(engine, folder, source)
    await engine.page(Document(job, options), 1)
    return stored_page(job, 1)
