"""What an engine is: one side in the engine host, which owns the model, and one in the page processes."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from app.blobs import JobFolder
from app.results import Page
from worker.page_pool import PagePool

if TYPE_CHECKING:
    import pypdfium2 as pdfium

    from worker.documents import OpenDocument

Hint = dict[str, Any]
"""What the survey of a document found out about one of its pages; JSON-ready."""


@dataclass(frozen=True)
class Document:
    """A job's document as the engine host sees it."""

    folder: JobFolder
    options: dict[str, Any]


class Assembly:
    """A document put together from its pages, which come twice: all for a first look, then one by one."""

    def __init__(self, pages: Iterable[Page]) -> None:
        self._texts: list[str] = []

    def add(self, page: Page) -> Page:
        """Takes the next page; returns it as the result is to show it."""
        if text := page.markdown.strip():
            self._texts.append(text)
        return page

    def markdown(self) -> str:
        """The markdown of the document, of the pages that were added."""
        return "\n\n".join(self._texts)


class PageReader(ABC):
    """An engine's work inside a page process: one thread, limited, killable. PDFium runs only here."""

    def __init__(self, max_pixels: int) -> None:
        self.max_pixels = max_pixels
        """A page is rendered with no more than these."""

    def survey(self, document: OpenDocument, selected: list[int]) -> dict[int, Hint]:
        """Hints for the selected pages (numbers from 1), from one look at the whole document."""
        return {}

    @abstractmethod
    def read(self, page: pdfium.PdfPage, number: int, hint: Hint, save_image: Callable[[str, bytes], None]) -> Page:
        """Page `number` as blocks; pictures go to `save_image(name, data)`."""

    def assembly(self, pages: Iterable[Page]) -> Assembly:
        """Begins to put the document together with a look at all its pages, in order."""
        return Assembly(pages)


class Engine(ABC):
    """An engine in the engine host. The default is for one whose page processes do all the work."""

    name: ClassVar[str]
    reader: ClassVar[str]
    """`module:Class` of its PageReader."""

    def __init__(self, pages: PagePool) -> None:
        self.pages = pages

    @property
    @abstractmethod
    def version(self) -> str:
        """Version of the engine, as results show it."""

    @property
    def pages_in_flight(self) -> int:
        """How many pages of one document are worked on at the same time."""
        return self.pages.count

    async def page(self, document: Document, number: int) -> None:
        """Reads page `number` and stores it. Raises PageError."""
        await self.pages.page(document.folder, number)
