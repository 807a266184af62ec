"""What the hostile tests read with: real page processes, with an account of their deaths and of their memory."""

import asyncio
import contextlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import anyio
import psutil

from app.errors import JobError
from app.settings import Settings
from app.storage.blobs import JobFolder
from worker.engine_host.page_pool import PagePool
from worker.engine_host.page_processes import Limits, PageProcess

READER = "worker.engines.pp_ocr.reader:PPOCRReader"
SECONDS = 5.0
MEMORY_MB = Settings.model_fields["page_memory_mb"].default
SLACK_MB = 300
"""What a page process may take between two looks that its pool takes at it."""
MOST_PAGES = 2_000
LOOK_EVERY = 0.05
"""Seconds between two looks at the page processes."""
HANGS = 600.0
"""Seconds after which a document is taken to hang: far more than all of its calls may take at their limits."""
CODES = {
    "not_a_document",
    "document_invalid",
    "document_encrypted",
    "document_empty",
    "document_crashed",
    "too_many_pages",
    "page_failed",
    "page_timeout",
}
"""All that may become of a document that a worker was given."""
DEADLY = {"document_crashed", "page_failed", "page_timeout"}
"""Codes of calls in which a page process may have died: at its limit, or twice of itself."""


@dataclass
class Outcome:
    """What became of a document: the code of what refused it, or its pages and theirs."""

    code: str | None = None
    pages: dict[int, str | None] = field(default_factory=dict)
    """The code of each page that was asked for, None where it was read."""
    messages: list[str] = field(default_factory=list)
    markdown: str = ""

    def __str__(self) -> str:
        return self.code or " ".join(code or "read" for code in self.pages.values())

    @property
    def codes(self) -> list[str]:
        return [code for code in (self.code, *self.pages.values()) if code is not None]

    @property
    def deaths(self) -> int:
        """How many deaths of page processes it accounts for, at most."""
        return 2 * sum(code in DEADLY for code in self.codes)

    def check(self) -> None:
        """A result, or codes of the documentation, each with a sentence; and no fault of ours."""
        assert set(self.codes) <= CODES, self.messages
        assert len(self.messages) == len(self.codes)
        assert not any("internal error" in message for message in self.messages), self.messages


class Reading:
    """`processes` page processes side by side, each of a pool of its own: a document is read by one of them alone."""

    def __init__(self, root: Path, processes: int, *, max_pixels: int = 40_000_000) -> None:
        self.peak_mb = 0
        """The most memory that a page process had."""
        self._root = root
        self._loop = asyncio.new_event_loop()
        limits = Limits(SECONDS, MEMORY_MB, max_pixels)
        self._pools = [PagePool(1, READER, limits) for _ in range(processes)]
        self._count = 0
        self._used: list[PageProcess] = []
        self._deaths = 0
        for pool in self._pools:
            self._note_processes(pool)
        self._loop.run_until_complete(asyncio.wait_for(self._start(), HANGS))

    @property
    def deaths(self) -> int:
        """Page processes that did not end by themselves when their document was done."""
        self._look()
        return self._deaths

    def close(self) -> None:
        self._loop.run_until_complete(self._close())
        self._loop.close()

    def read(self, documents: Mapping[str, bytes], then: bytes | None = None) -> dict[str, tuple[Outcome, Outcome]]:
        """What becomes of each document, and of `then`, read right afterwards."""
        return self._loop.run_until_complete(self._read(documents, then))

    def read_one(self, document: bytes) -> Outcome:
        return self.read({"": document})[""][0]

    async def _start(self) -> None:
        await asyncio.gather(*(pool.start() for pool in self._pools))

    async def _close(self) -> None:
        await asyncio.gather(*(pool.close() for pool in self._pools))

    async def _read(self, documents: Mapping[str, bytes], then: bytes | None) -> dict[str, tuple[Outcome, Outcome]]:
        waiting, found = iter(documents.items()), {}

        async def hand(pool: PagePool) -> None:
            for name, document in waiting:
                outcome = await self._outcome(pool, document)
                found[name] = outcome, outcome if then is None else await self._outcome(pool, then)

        watch = asyncio.create_task(self._watch())
        try:
            await asyncio.gather(*map(hand, self._pools))
        finally:
            watch.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await watch
            self._look()
        return found

    async def _outcome(self, pool: PagePool, document: bytes) -> Outcome:
        outcome = Outcome()
        with self._folder(document) as folder:
            try:
                with anyio.fail_after(HANGS):
                    await _through(pool, folder, outcome)
            except JobError as error:
                outcome.code = error.code
                outcome.messages.append(error.message)
            except TimeoutError:
                outcome.code = "hangs"
            finally:
                pool._close_document(folder)
            left = {path.name for path in folder._root.iterdir()}
            assert left <= {"source", "document.json", "pages", "images", "result.json"}, left
        return outcome

    @contextlib.contextmanager
    def _folder(self, document: bytes) -> Iterator[JobFolder]:
        self._count += 1
        folder = JobFolder(self._root / str(self._count))
        folder.create()
        folder.write(folder.source, document)
        yield folder
        folder.delete()

    async def _watch(self) -> None:
        while True:
            self._look()
            await asyncio.sleep(LOOK_EVERY)

    def _look(self) -> None:
        used, self._used = self._used, []
        for process in used:
            if process.channel.alive:
                self._used.append(process)
                with contextlib.suppress(psutil.Error):  # it has just ended
                    self.peak_mb = max(self.peak_mb, process.process.memory_info().rss >> 20)
            else:
                self._deaths += process.channel._process.returncode != 0

    def _note_processes(self, pool: PagePool) -> None:
        take = pool._processes.take

        async def noted() -> PageProcess:
            process = await take()
            self._used.append(process)
            return process

        pool._processes.take = noted  # type: ignore[method-assign]


async def _through(pool: PagePool, folder: JobFolder, outcome: Outcome) -> None:
    """Has the document prepared, its first and last page read, and both put together."""
    selected = await pool.prepare(folder, None, MOST_PAGES)
    for number in sorted({selected[0], selected[-1]}):
        outcome.pages[number] = None
        try:
            await pool.page(folder, number)
        except JobError as error:
            if error.code not in ("page_failed", "page_timeout"):
                raise
            outcome.pages[number] = error.code
            outcome.messages.append(error.message)
    read = [number for number, code in outcome.pages.items() if code is None]
    if read:
        _select(folder, read)
        assert await pool.assemble(folder, "pp_ocr", "1") == []
        outcome.markdown = json.loads(folder.read(folder.result))["markdown"]


def _select(folder: JobFolder, numbers: Iterable[int]) -> None:
    """Makes these the selected pages: the result is put together from those that were read."""
    about = json.loads(folder.read(folder.document))
    folder.write(folder.document, json.dumps({**about, "selected": list(numbers)}).encode())
