"""What an engine is: one side in the engine host, which owns the model, and one in the page processes."""

from __future__ import annotations

import asyncio
import contextlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Protocol, TypeVar

from app.results.models import Page
from app.storage.blobs import JobFolder
from worker.ipc.page_messages import PageFailure

if TYPE_CHECKING:  # page processes import this module and need no settings
    import pypdfium2 as pdfium

    from app.settings import Settings
    from worker.documents.base import OpenDocument

Hint = TypeVar("Hint")
"""What the survey of a document says of one of its pages: a JSON-ready type of the engine's own."""


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


class PageReader(Generic[Hint]):
    """An engine's work inside a page process: one thread, limited, killable. PDFium runs only here."""

    def __init__(self, max_pixels: int) -> None:
        self.max_pixels = max_pixels
        """A page is rendered with no more than these."""

    @property
    def loaded(self) -> bool:
        """Whether reading has loaded models that `preload` would load for all processes at once."""
        return False

    def preload(self) -> None:
        """Imports and loads all that reading may ever need, in the fork server, whose children inherit it.

        Leaves no thread behind: a fork would not have it. Called once a page has needed models; or at the start, where
        the kernel cannot limit which files are opened and page processes can open none.
        """
        import encodings
        import pkgutil
        from importlib import import_module

        from PIL import Image

        from worker.documents import image  # noqa: F401

        Image.init()
        for module in pkgutil.iter_modules(encodings.__path__):
            with contextlib.suppress(ImportError):  # of other systems
                import_module(f"encodings.{module.name}")

    def survey(self, document: OpenDocument, selected: list[int]) -> dict[int, Hint]:
        """Hints for some of the selected pages (numbers from 1), from one look at the whole document."""
        return {}

    def read(
        self, page: pdfium.PdfPage, number: int, hint: Hint | None, save_image: Callable[[str, bytes], None]
    ) -> Page:
        """Page `number` as blocks; pictures go to `save_image(name, data)`. Not for engines that work in the host.

        `hint` is what the survey said of the page, if anything.
        """
        raise NotImplementedError

    def assembly(self, pages: Iterable[Page]) -> Assembly:
        """Begins to put the document together with a look at all its pages, in order."""
        return Assembly(pages)


class PageWork(Protocol):
    """The page processes, as an engine uses them: see worker.engine_host.page_pool."""

    count: int
    """How many work at a time."""

    async def start(self) -> None: ...

    async def close(self) -> None: ...

    def waits(self, task: asyncio.Task[Any]) -> bool: ...

    def spent(self, folder: JobFolder) -> float: ...

    async def prepare(
        self, folder: JobFolder, page_ranges: str | None, max_pages: int, password: str | None = None
    ) -> list[int]: ...

    async def page(self, folder: JobFolder, number: int) -> None: ...

    async def render(self, folder: JobFolder, number: int, scale: float) -> tuple[int, int]: ...

    async def assemble(self, folder: JobFolder, engine: str, version: str) -> list[PageFailure]: ...


class Engine(ABC):
    """An engine in the engine host. The default is for one whose page processes do all the work."""

    name: ClassVar[str]
    reader: ClassVar[str]
    """`module:Class` of its PageReader."""
    lanes: ClassVar[int] = 8
    """Jobs that a worker takes on at a time, where WORKER_CONCURRENCY does not say."""

    def __init__(self, pages: PageWork, settings: Settings) -> None:
        self.pages = pages
        self.settings = settings

    async def start(self) -> None:
        """Loads what the engine needs. Raises EngineError."""
        await self.pages.start()

    async def close(self) -> None:
        await self.pages.close()

    @property
    @abstractmethod
    def version(self) -> str:
        """Version of the engine, as results show it."""

    @property
    def unavailable_reason(self) -> str | None:
        """Why no page can be read at the moment, as a sentence; jobs wait until this has passed."""
        return None

    @property
    def pages_in_flight(self) -> int:
        """How many pages of one slice are worked on, or wait for their turns, at the same time."""
        return self.pages.count

    def check(self, options: dict[str, Any]) -> None:
        """Raises EngineError where this worker is not set up for the options."""
        return

    def waits(self, task: asyncio.Task[object]) -> bool:
        """Whether the task, in `page`, waits for its turn and can be cancelled at no loss."""
        return self.pages.waits(task)

    async def page(self, document: Document, number: int) -> None:
        """Reads page `number` and stores it. Raises PageError."""
        await self.pages.page(document.folder, number)

    async def assemble(self, document: Document) -> list[PageFailure]:
        """Makes the result from the stored pages; returns those that failed."""
        return await self.pages.assemble(document.folder, self.name, self.version)
