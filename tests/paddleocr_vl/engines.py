"""The engine in the test's own process, with page processes of its own."""

import contextlib
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from fpdf import FPDF

from app.blobs import JobFolder
from app.results import Page, stored_page
from app.settings import Settings
from worker.engines.base import Document
from worker.engines.paddleocr_vl.engine import PaddleOCRVL
from worker.page_pool import Limits, PagePool


@contextlib.asynccontextmanager
async def running_engine(settings: Settings) -> AsyncIterator[PaddleOCRVL]:
    pages = PagePool(1, PaddleOCRVL.reader, Limits(60, 700, settings.max_page_pixels))
    engine = PaddleOCRVL(pages, settings)
    try:
        await engine.start()
        yield engine
    finally:
        await engine.close()


def pdf(*sizes: tuple[int, int]) -> bytes:
    """A page of each size, each with words of its own wherever one looks."""
    document = FPDF(unit="pt")
    document.set_auto_page_break(False)
    for number, (width, height) in enumerate(sizes or [(595, 842)], 1):
        document.add_page(format=(width, height))
        document.set_font("helvetica", size=height / 50)
        for line in range(1, 20):
            document.set_xy(width * 0.1, height * line / 20)
            document.cell(text=f"Line {line} of page {number}, {width} by {height}, " * 3)
    return bytes(document.output())


async def stored(engine: PaddleOCRVL, folder: Path, source: bytes | None = None) -> JobFolder:
    """A document that is prepared."""
    shutil.rmtree(folder, ignore_errors=True)
    job = JobFolder(folder)
    folder.mkdir()
    job.source.write_bytes(source or pdf())
    await engine.pages.prepare(job, None, 1000)
    return job


async def read(engine: PaddleOCRVL, folder: Path, source: bytes | None = None, **options: Any) -> Page:
    """The first page of the document, as the engine stores it."""
    job = await stored(engine, folder, source)
    await engine.page(Document(job, options), 1)
    return stored_page(job, 1)
