"""A test engine: documents are opened and stored for real, but every page reads the same. Never chosen by `auto`.

Options: `sleep` seconds a page takes in the engine host, `hold` seconds it keeps the interpreter there to itself, as
some model libraries do; `poison` kills the engine host.
"""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import app
from app.results.models import Block, Page
from worker.engines.base import Document, Engine, PageReader

if TYPE_CHECKING:
    import pypdfium2 as pdfium

TEXT = "This page was read by the null engine."


class NullReader(PageReader[None]):
    def read(self, page: pdfium.PdfPage, number: int, hint: None, save_image: Callable[[str, bytes], None]) -> Page:
        width, height = (round(side) for side in page.get_size())
        return Page(number, width, height, "engine", TEXT, [Block("text", [0, 0, width, height], TEXT)])


class Null(Engine):
    name = "null"
    reader = "worker.engines.null:NullReader"

    @property
    def version(self) -> str:
        return app.__version__

    async def page(self, document: Document, number: int) -> None:
        await asyncio.sleep(document.options.get("sleep", 0))
        if hold := document.options.get("hold"):
            time.sleep(hold)  # noqa: ASYNC251 - that is what it is for
        if document.options.get("poison"):
            os.kill(os.getpid(), signal.SIGKILL)
        await super().page(document, number)
