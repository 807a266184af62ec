"""Lanes: slots of the supervisor. Each claims a slice, forwards it to the engine host, and commits what comes back."""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import anyio

from app.blobs import BlobStore, JobFolder, replacing
from app.errors import DocumentError, JobError, ServiceError, WorkerError
from app.jobs.queue import Jobs
from app.jobs.record import SCHEMA, Slice
from app.outbound import Outbound
from app.settings import Settings
from app.store import Down
from worker.channel import ChildDied
from worker.host_keeper import HostKeeper

log = logging.getLogger(__name__)

CRASHES_MAX = 4
"""A slice that was there at so many deaths of the engine host is not tried again."""

LEFT_TO_OTHERS = 30.0  # seconds
RETRY_PAUSES = (1.0, 5.0)
"""Seconds before the second and the third attempt; with it the attempts end."""

T = TypeVar("T")


class LeaseLost(Exception):
    """Another worker owns the slice now."""


class Crashed(Exception):
    """The engine host died under the slice, which was there at `crashes` such deaths by now."""

    def __init__(self, died: ChildDied, crashes: int) -> None:
        super().__init__(str(died))
        self.crashes = crashes


async def insist(command: Callable[[], Awaitable[T]]) -> T:
    """Repeats a command until the store answers: work that is done must not be thrown away for an outage."""
    pause = 0.1
    while True:
        try:
            return await command()
        except Down as error:
            log.warning("the store is away, trying again: %s", error)
            await asyncio.sleep(pause)
            pause = min(pause * 2, 2.0)


class Lanes:
    """`count` lanes on one engine host."""

    def __init__(
        self, jobs: Jobs, blobs: BlobStore, outbound: Outbound, host: HostKeeper, settings: Settings, worker: str
    ) -> None:
        self._jobs = jobs
        self._blobs = blobs
        self._outbound = outbound
        self._host = host
        self._worker = worker
        self._free = asyncio.Semaphore(settings.worker_concurrency)
        self._grace = settings.shutdown_grace
        self._tasks: set[asyncio.Task[None]] = set()
        self.held: dict[str, Slice] = {}
        """The claimed slices by execution: a slice can be claimed again before its former run has let go."""

    async def run(self) -> None:
        """Claims for ever. When cancelled it claims no more, gives what is in hand SHUTDOWN_GRACE seconds to end, and
        hands back the rest. The unforeseen death of a lane ends it all.
        """
        claimer = asyncio.create_task(self._claim())
        try:
            while True:
                parts = {claimer, *self._tasks}
                done, _ = await asyncio.wait(parts, timeout=1, return_when=asyncio.FIRST_COMPLETED)
                self._tasks -= done
                for task in done:
                    task.result()
        finally:
            claimer.cancel()
            await asyncio.gather(claimer, return_exceptions=True)
            try:
                if self._tasks:
                    await asyncio.wait(self._tasks, timeout=self._grace)
            finally:
                for task in self._tasks:
                    task.cancel()
                await asyncio.gather(*self._tasks, return_exceptions=True)

    async def run_one(self, slice_id: str) -> None:
        """Works on one slice, unless somebody else has it."""
        held = await self._jobs.claim(self._host.engine, self._worker, slice_id)
        if held is not None:
            await self._free.acquire()
            await self._lane(held)

    async def _claim(self) -> None:
        while True:
            await self._free.acquire()
            try:
                held = await self._next()
            except BaseException:
                self._free.release()
                raise
            self._tasks.add(asyncio.create_task(self._lane(held)))

    async def _next(self) -> Slice:
        queue = self._host.engine
        while True:
            await self._host.ready.wait()
            try:
                held = await self._jobs.claim(queue, self._worker)
                if held is not None:
                    return held
                await self._jobs.wait_for_entry(queue, 1)
            except Down as error:
                log.warning("the store is away: %s", error)
                await asyncio.sleep(0.3)

    async def _lane(self, held: Slice) -> None:
        self.held[held.execution] = held
        try:
            await self._run(held)
        except LeaseLost:
            log.warning("%s: another worker has taken it over", held.id)
        except asyncio.CancelledError:
            with anyio.move_on_after(3):  # beyond it, the next start takes the lease back
                await insist(lambda: self._jobs.requeue(held))
            raise
        finally:
            del self.held[held.execution]
            self._free.release()

    async def _run(self, held: Slice) -> None:
        if abs(held.schema - SCHEMA) > 1:
            log.warning("%s is of schema %d, ours is %d: left to another worker", held.id, held.schema, SCHEMA)
            await insist(lambda: self._jobs.requeue(held, pause=LEFT_TO_OTHERS))
            return
        try:
            error = await self._outcome(held)
        except Crashed as crash:
            crashes = crash.crashes
            if crashes < CRASHES_MAX:
                await insist(lambda: self._jobs.requeue(held, crashes=crashes))
                return
            error = WorkerError(f"The engine host died {crashes} times while working on this document, last {crash}.")
        retryable = error is not None and error.retryable
        if retryable and held.attempts < len(RETRY_PAUSES):
            pause = RETRY_PAUSES[held.attempts]
            log.info("%s: %s; attempt %d begins in %g s", held.id, error, held.attempts + 2, pause)
            await insist(lambda: self._jobs.requeue(held, pause=pause, attempted=True))
            return
        if error is not None:
            log.info("%s failed: %s: %s", held.id, error.code, error.message)
        verdict = None if error is None else error.to_dict()
        await insist(lambda: self._jobs.finish(held, verdict, attempted=retryable))

    async def _outcome(self, held: Slice) -> ServiceError | None:
        """What becomes of the slice: None where it is done, else why not. Raises Crashed, LeaseLost."""
        try:
            await self._work(held)
            return None
        except ServiceError as refusal:
            return refusal
        except (Crashed, LeaseLost):
            raise
        except OSError as failure:
            log.exception("%s failed", held.id)
            message = f"The blob store cannot be used: {failure.strerror}."
            return WorkerError(message, code="storage_unavailable", retryable=True)
        except Exception:
            log.exception("%s failed", held.id)
            message = "An internal error of the worker; its log has the details."
            return WorkerError(message, code="internal", retryable=True)

    async def _work(self, held: Slice) -> None:
        job, folder = held.job, self._blobs.job(held.job.id)
        if not folder.source.exists():
            await self._download(job.pdf_url, folder)
        check_magic(folder)
        async with self._host.place(held.crashes) as place:
            try:
                await self._on_host(held, folder)
            except ChildDied as died:
                raise Crashed(died, place.crashes) from None

    async def _on_host(self, held: Slice, folder: JobFolder) -> None:
        selected = await self._prepare(held, folder)
        done = folder.pages_done() & set(selected)
        await self._own(lambda: self._jobs.set_pages(held, total=len(selected), done=len(done)))
        await self._pages(held, folder, [number for number in selected if number not in done])
        errors = await self._host.call("assemble", folder=str(folder.root))
        if len(errors) == len(selected):
            raise JobError(_all_failed(errors), code=errors[0]["code"])

    async def _download(self, url: str | None, folder: JobFolder) -> None:
        if url is None:
            raise DocumentError("The uploaded document is gone from the blob store.", code="internal")
        with replacing(folder.source) as file:
            await self._outbound.download(url, file.write)

    async def _prepare(self, held: Slice, folder: JobFolder) -> list[int]:
        try:
            selected: list[int] = json.loads(folder.document.read_bytes())["selected"]
        except FileNotFoundError:
            selected = await self._host.call("prepare", folder=str(folder.root), page_ranges=held.job.page_ranges)
        return selected

    async def _pages(self, held: Slice, folder: JobFolder, numbers: list[int]) -> None:
        """Has the pages read and counts each one as it is stored."""
        if not numbers:
            return
        stored: asyncio.Queue[dict[str, str] | None] = asyncio.Queue()

        async def count() -> None:
            while (event := await stored.get()) is not None:
                number, code = int(event["page"]), event["error"]
                self._host.count_page()
                await self._own(lambda number=number, code=code: self._jobs.page_done(held, number, code))  # type: ignore[misc]

        async def read() -> None:
            await self._host.call(
                "pages", stored.put_nowait, folder=str(folder.root), numbers=numbers, options=held.job.options
            )
            stored.put_nowait(None)

        tasks = [asyncio.create_task(count()), asyncio.create_task(read())]
        try:
            await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()

    async def _own(self, command: Callable[[], Awaitable[bool]]) -> None:
        """Runs a fenced command; raises LeaseLost where it was refused."""
        if not await insist(command):
            raise LeaseLost


def _all_failed(errors: list[dict[str, Any]]) -> str:
    first: str = errors[0]["message"]
    return first if len(errors) == 1 else f"All {len(errors)} pages failed; the first: {first}"


def check_magic(folder: JobFolder) -> None:
    """Raises DocumentError where the file is not a PDF, with what it looks like."""
    with folder.source.open("rb") as file:
        head = file.read(1024)
    if b"%PDF-" in head:
        return
    start = head.lstrip().lower()
    kinds = {
        b"<": "a web page or XML",
        b"{": "JSON",
        b"pk\x03\x04": "a ZIP or Office file",
        b"\x89png": "a PNG image",
        b"\xff\xd8": "a JPEG image",
    }
    looks = next(
        (f"it looks like {kind}" for magic, kind in kinds.items() if start.startswith(magic)),
        "its first 1,024 bytes have no %PDF- header",
    )
    raise DocumentError(f"The file is not a PDF: {looks}." if head else "The file is empty.", code="not_a_document")
