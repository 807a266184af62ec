"""What is done with a slice: its document is fetched and prepared, its pages read; the last one makes the result."""

import asyncio
import contextlib
import functools
import logging
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

from app.documents.formats import format_in
from app.egress.client import EgressClient
from app.errors import DocumentError, JobError, PageError, ServiceError, WorkerError
from app.jobs.models import Slice
from app.jobs.queue import Jobs
from app.jobs.secrets import Secrets, forget
from app.redis.client import StoreDown
from app.results.pages import store_failed_page
from app.settings import Settings
from app.storage.blobs import BlobStore, JobFolder
from app.storage.quota import Quota
from worker.ipc.channel import ChildDied
from worker.ipc.messages import AssembleDocument, PageDone, PrepareDocument, ReadPages
from worker.ipc.page_messages import PageFailure
from worker.page_process.selection import selected_pages
from worker.supervisor.downloads import download
from worker.supervisor.engine_host import EngineHostManager
from worker.supervisor.file_calls import in_thread
from worker.supervisor.slots import Reading, Slots

log = logging.getLogger(__name__)

T = TypeVar("T")


class LeaseLost(Exception):
    """The slice is no longer ours: another worker has it, or its job has ended."""


class NoFreeSlot(Exception):
    """All lanes were taken meanwhile, by documents that have come in: the slice goes back, to be the next."""


class Preempted(Exception):
    """The slice goes back before its pages are done: others wait."""


class Crashed(Exception):
    """The engine host died under the slice, which was there at `crashes` such deaths by now."""

    def __init__(self, died: ChildDied, crashes: int) -> None:
        super().__init__(str(died))
        self.crashes = crashes


async def retry_while_store_down(command: Callable[[], Awaitable[T]]) -> T:
    """Repeats a command until the store answers: work that is done must not be thrown away for an outage."""
    pause = 0.1
    while True:
        try:
            return await command()
        except StoreDown as error:
            log.warning("Redis is unavailable: %s; retrying", error)
            await asyncio.sleep(pause)
            pause = min(pause * 2, 2.0)


class SliceWork:
    """Works on slices; documents of more than SLICE_PAGES pages are cut into several."""

    def __init__(
        self,
        jobs: Jobs,
        blobs: BlobStore,
        quota: Quota,
        egress: EgressClient,
        host: EngineHostManager,
        settings: Settings,
        slots: Slots,
    ) -> None:
        self._jobs = jobs
        self._blobs = blobs
        self._quota = quota
        self._egress = egress
        self._host = host
        self._slice_pages = settings.slice_pages
        self._max_pages = settings.max_pages
        self._document_timeout = settings.document_timeout
        self._slots = slots

    async def outcome(self, held: Slice) -> ServiceError | None:
        """Does the slice and commits it; None where that is done, else why not.

        Raises Crashed, NoFreeSlot, LeaseLost, Preempted.
        """
        try:
            await self._work(held)
            return None
        except (Crashed, NoFreeSlot, LeaseLost, Preempted):
            raise
        except (ServiceError, OSError) as failure:
            folder = self._blobs.job(held.job.id)
            if not await in_thread(lambda: folder.exists):  # deleted meanwhile: then the fence refuses this error
                return WorkerError(
                    "The job's folder is missing from blob storage (DATA_DIR).", code="storage_unavailable"
                )
            if isinstance(failure, ServiceError):
                return failure
            log.exception("%s failed", held.id)
            message = f"Blob storage (DATA_DIR) is unavailable: {failure.strerror}."
            return WorkerError(message, code="storage_unavailable", retryable=True)
        except Exception:  # a bug: it must cost this job alone
            log.exception("%s failed", held.id)
            message = "An internal error occurred in the worker; its log has the details."
            return WorkerError(message, code="internal", retryable=True)

    async def give_up(self, held: Slice, error: JobError) -> bool:
        """Stores `error` for the slice's pages that are not done. False where there are none to give up."""
        return await in_thread(self._give_up, held, error)

    def _give_up(self, held: Slice, error: JobError) -> bool:
        folder = self._blobs.job(held.job.id)
        try:
            mine = self._pages_of(held, self._selected(held, folder))
        except FileNotFoundError:
            return False
        missing = sorted(set(mine) - folder.pages_done())
        for number in missing:
            store_failed_page(folder, number, error)
        return bool(missing)

    async def forget(self, held: Slice) -> None:
        """Removes what was told in confidence, of a job that has ended; where that fails a sweeper does it."""
        with contextlib.suppress(OSError):
            await in_thread(forget, self._blobs.job(held.job.id))

    async def _work(self, held: Slice) -> None:
        job, folder = held.job, self._blobs.job(held.job.id)
        if not await in_thread(_has_document, folder):
            await self._fetch(job.pdf_url, folder)
        self._slots.fetched(held)
        if self._slots.overbooked:
            raise NoFreeSlot
        async with self._host.place(held.crashes) as place:
            try:
                await self._on_host(held, folder)
            except ChildDied as died:
                raise Crashed(died, place.crashes) from None

    async def _on_host(self, held: Slice, folder: JobFolder) -> None:
        selected = await self._prepare(held, folder)
        mine = self._pages_of(held, selected)
        stored = await in_thread(_begin_pages, folder)
        size = held.job.slice_pages or self._slice_pages
        done = [number for number in mine if number in stored]
        await self._own(lambda: self._jobs.set_page_count(held, total=len(selected), slice_pages=size, stored=done))
        missing = [number for number in mine if number not in stored]
        if missing:
            try:
                await self._pages(held, folder, missing, book=len(selected) > len(mine))
            except PageError as overrun:
                await self.give_up(held, overrun)
                await self._own(
                    lambda: self._jobs.set_page_count(held, total=len(selected), slice_pages=size, stored=mine)
                )
        if len(selected) > len(mine) and await self._ended(held):
            return
        errors = await self._host.call(AssembleDocument(folder.id, held.job.options))
        if len(errors) == len(selected):
            raise JobError(_all_failed(errors), code=errors[0]["code"])
        await self._ended(held, page_errors=len(errors))

    def _pages_of(self, held: Slice, selected: list[int]) -> list[int]:
        size = held.job.slice_pages or self._slice_pages
        return selected[held.number * size :][:size]

    async def _ended(self, held: Slice, page_errors: int | None = None) -> bool:
        """Commits the slice; False where it is the last of its job and the result is yet to be made."""
        ended = await retry_while_store_down(lambda: self._jobs.finish(held, page_errors=page_errors))
        if ended == "lost":
            raise LeaseLost
        return ended == "ended"

    async def _fetch(self, url: str | None, folder: JobFolder) -> None:
        if url is None:
            raise DocumentError("The uploaded document is missing from blob storage (DATA_DIR).", code="internal")
        await retry_while_store_down(lambda: download(url, folder, self._egress, self._quota))

    async def _prepare(self, held: Slice, folder: JobFolder) -> list[int]:
        prepared = await in_thread(self._prepared_or_secrets, held, folder)
        if not isinstance(prepared, Secrets):
            return prepared
        await self._host.call(PrepareDocument(folder.id, held.job.page_ranges, prepared.password))
        return await in_thread(self._selected, held, folder)

    def _prepared_or_secrets(self, held: Slice, folder: JobFolder) -> list[int] | Secrets:
        """The pages of a job that is prepared, else what preparing it may need."""
        try:
            return self._selected(held, folder)
        except FileNotFoundError:
            return Secrets.of(folder)

    def _selected(self, held: Slice, folder: JobFolder) -> list[int]:
        """The pages of a job that is prepared; MAX_PAGES may have been more when it was."""
        job = held.job
        return selected_pages(folder, job.page_ranges, max(self._max_pages, job.pages_total or 0))

    async def _pages(self, held: Slice, folder: JobFolder, numbers: list[int], *, book: bool) -> None:
        """Has the pages read and counts each one as it is stored.

        Raises Preempted where some were left for later, PageError where the document has had its time.
        """
        left = set(numbers)
        stored: asyncio.Queue[PageDone | None] = asyncio.Queue()

        async def count() -> None:
            while (event := await stored.get()) is not None:
                self._host.count_page()
                done = functools.partial(self._jobs.page_done, held, event["page"], event["error"], event["seconds"])
                spent = await retry_while_store_down(done)
                if spent is None:
                    raise LeaseLost
                left.discard(event["page"])
                if left and spent > self._document_timeout:
                    message = (
                        f"Skipped: the document reached its limit of {self._document_timeout:g} s (DOCUMENT_TIMEOUT)."
                    )
                    raise PageError(message, code="deadline_exceeded")

        async def read() -> None:
            call = ReadPages(folder.id, held.job.options, numbers, held.execution)
            await self._host.stream(call, stored.put_nowait)
            stored.put_nowait(None)

        self._slots.readings[held.execution] = Reading(held.job.id, held.job.priority, book, time.monotonic())
        tasks = [asyncio.create_task(count()), asyncio.create_task(read())]
        try:
            await asyncio.gather(*tasks)
        finally:
            self._slots.readings.pop(held.execution, None)
            for task in tasks:
                task.cancel()
        if left:
            raise Preempted

    async def _own(self, command: Callable[[], Awaitable[bool]]) -> None:
        """Runs a fenced command; raises LeaseLost where it was refused."""
        if not await retry_while_store_down(command):
            raise LeaseLost


def _all_failed(errors: list[PageFailure]) -> str:
    first = errors[0]["message"]
    return first if len(errors) == 1 else f"All {len(errors)} pages failed; the first: {first}"


def _has_document(folder: JobFolder) -> bool:
    """Whether the job's document is stored. Raises DocumentError where it is none: that troubles no page process."""
    try:
        with folder.open(folder.source) as source:
            format_in(source)
    except FileNotFoundError:
        return False
    return True


# A hop to a thread takes more CPU (0.12 ms) than such calls do (0.02 ms): those that follow each other make one.


def _begin_pages(folder: JobFolder) -> set[int]:
    """Forgets the secrets of a document that is prepared; the pages that are stored."""
    forget(folder)
    return folder.pages_done()
