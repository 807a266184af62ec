"""Lanes: slots of the supervisor. Each claims a slice, forwards it to the engine host, and commits what comes back."""

import asyncio
import contextlib
import json
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import anyio

from app.blobs import BlobStore, JobFolder, replacing
from app.errors import DocumentError, JobError, ServiceError, WorkerError
from app.jobs.queue import Jobs
from app.jobs.record import RANK, SCHEMA, Priority, Slice
from app.outbound import Outbound
from app.results import store_failed_page
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

LOOK = 0.1  # seconds between looks for those that wait, while all lanes are taken
TURN = 10.0  # seconds a slice may keep its lane while others wait

T = TypeVar("T")


class LeaseLost(Exception):
    """The slice is no longer ours: another worker has it, or its job has ended."""


class Yielded(Exception):
    """The slice goes back before its pages are done: others wait."""


class Crashed(Exception):
    """The engine host died under the slice, which was there at `crashes` such deaths by now."""

    def __init__(self, died: ChildDied, crashes: int) -> None:
        super().__init__(str(died))
        self.crashes = crashes


@dataclass(frozen=True)
class Reading:
    """A slice at its pages, `since` by the monotonic clock; `book`: its document has other slices."""

    job: str
    priority: Priority
    book: bool
    since: float


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
        self._count = settings.worker_concurrency
        self._freed = asyncio.Event()
        self._grace = settings.shutdown_grace
        self._tasks: dict[asyncio.Task[None], str] = {}
        """The lanes at work, with their executions."""
        self._slice_pages = settings.slice_pages
        self._readings: dict[str, Reading] = {}
        """By execution: what is at its pages, and has not been asked to make room."""
        self._yielding: list[str] = []
        """Jobs of the lanes that make room for others, until the claims that this is for."""
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
                for task in done:
                    dropped = self._tasks.pop(task, None) is not None and task.cancelled()
                    if not dropped:
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

    async def drop(self) -> None:
        """Lets go, at once, of what is in hand of jobs that have ended: by a client's wish, or by another slice."""
        while True:
            try:
                execution = await self._jobs.dropped(self._worker, 5)
            except Down as error:
                log.warning("the store is away: %s", error)
                await asyncio.sleep(0.3)
                continue
            for task, at in list(self._tasks.items()):
                if at == execution and at in self.held:
                    log.info("%s is let go of: its job has ended", self.held[at].id)
                    task.cancel()
                    await asyncio.wait([task])
                    await self._host.free()

    async def run_one(self, slice_id: str) -> None:
        """Works on one slice, unless somebody else has it."""
        held = await self._jobs.claim(self._host.engine, self._worker, slice_id)
        if held is not None:
            self.held[held.execution] = held
            await self._lane(held)

    async def _claim(self) -> None:
        while True:
            while len(self.held) >= self._count:
                self._freed.clear()
                with anyio.move_on_after(LOOK):
                    await self._freed.wait()
                    continue
                await self._make_room()
            held = await self._next()
            self.held[held.execution] = held
            self._tasks[asyncio.create_task(self._lane(held))] = held.execution

    async def _make_room(self) -> None:
        """With all lanes taken, has slices handed back between pages for others that wait.

        A slice of a book, which is one of many, makes room at once for a job that was never worked on; any slice does
        once it has had its TURN. None does for a job of lower priority.
        """
        now = time.monotonic()
        if not any(reading.book or now - reading.since > TURN for reading in self._readings.values()):
            return
        with contextlib.suppress(*Down, ChildDied):
            line = [one for one in await self._jobs.line(self._host.engine) if one.job not in self._yielding]
            for waiting in line[len(self._yielding) :]:
                able = [
                    execution
                    for execution, reading in self._readings.items()
                    if reading.job != waiting.job
                    and RANK[reading.priority] >= RANK[waiting.priority]
                    and ((reading.book and waiting.new) or now - reading.since > TURN)
                ]
                chosen = await self._host.call("yield", executions=able) if able else None
                if chosen and (reading := self._readings.pop(chosen, None)):
                    self._yielding.append(reading.job)

    async def _next(self) -> Slice:
        queue = self._host.engine
        while True:
            await self._host.ready.wait()
            try:
                held = await self._jobs.claim(queue, self._worker, after=self._yielding)
                if held is not None:
                    del self._yielding[:1]
                    return held
                await self._jobs.wait_for_entry(queue, 1)
            except Down as error:
                log.warning("the store is away: %s", error)
                await asyncio.sleep(0.3)

    async def _lane(self, held: Slice) -> None:
        try:
            await self._run(held)
        except LeaseLost:
            log.warning("%s is no longer ours: taken over by another worker, or its job has ended", held.id)
        except Yielded:
            log.debug("%s goes back: others wait", held.id)
            await insist(lambda: self._jobs.requeue(held, to_ring=True))
        except asyncio.CancelledError:
            with anyio.move_on_after(3):  # beyond it, the next start takes the lease back
                await insist(lambda: self._jobs.requeue(held))
            raise
        finally:
            del self.held[held.execution]
            self._freed.set()

    async def _run(self, held: Slice) -> None:
        if abs(held.schema - SCHEMA) > 1:
            log.warning("%s is of schema %d, ours is %d: left to another worker", held.id, held.schema, SCHEMA)
            await insist(lambda: self._jobs.requeue(held, pause=LEFT_TO_OTHERS))
            return
        try:
            error = await self._outcome(held)
        except Crashed as crash:
            error = await self._after(crash, held)
            if error is None:
                return
        retryable = error is not None and error.retryable
        if retryable and held.attempts < len(RETRY_PAUSES):
            pause = RETRY_PAUSES[held.attempts]
            log.info("%s: %s; attempt %d begins in %g s", held.id, error, held.attempts + 2, pause)
            await insist(lambda: self._jobs.requeue(held, pause=pause, attempted=True))
            return
        if error is not None:
            log.info("%s failed: %s: %s", held.id, error.code, error.message)
            verdict = error.to_dict()
            await insist(lambda: self._jobs.finish(held, verdict, attempted=retryable))

    async def _after(self, crash: Crashed, held: Slice) -> ServiceError | None:
        """Tries a slice again that a host died under, until its pages have to be given up; then it ends without them.

        Returns the error that nothing but the job's failure is left for.
        """
        if crash.crashes < CRASHES_MAX:
            await insist(lambda: self._jobs.requeue(held, crashes=crash.crashes))
            return None
        reason = f"The engine host died {crash.crashes} times while working on this document, last {crash}."
        error = WorkerError(reason)
        if not await self._give_up(held, error):
            return error
        try:
            return await self._outcome(held)
        except Crashed:
            return error

    async def _give_up(self, held: Slice, error: WorkerError) -> bool:
        """Stores `error` for the slice's pages that are not done. False where there are none to give up."""
        folder = self._blobs.job(held.job.id)
        try:
            mine = self._pages_of(held, selected_pages(folder))
        except FileNotFoundError:
            return False
        missing = [number for number in mine if number not in folder.pages_done()]
        for number in missing:
            store_failed_page(folder, number, error)
        return bool(missing)

    async def _outcome(self, held: Slice) -> ServiceError | None:
        """Does the slice and commits it; None where that is done, else why not. Raises Crashed, LeaseLost, Yielded."""
        try:
            await self._work(held)
            return None
        except ServiceError as refusal:
            return refusal
        except (Crashed, LeaseLost, Yielded):
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
        mine = self._pages_of(held, selected)
        stored = folder.pages_done()
        size = held.job.slice_pages or self._slice_pages
        done = [number for number in mine if number in stored]
        await self._own(lambda: self._jobs.prepared(held, total=len(selected), slice_pages=size, stored=done))
        missing = [number for number in mine if number not in stored]
        if missing:
            await self._pages(held, folder, missing, book=len(selected) > len(mine))
        if len(selected) > len(mine) and await self._ended(held):
            return
        errors = await self._host.call("assemble", folder=str(folder.root))
        if len(errors) == len(selected):
            raise JobError(_all_failed(errors), code=errors[0]["code"])
        await self._ended(held, page_errors=len(errors))

    def _pages_of(self, held: Slice, selected: list[int]) -> list[int]:
        size = held.job.slice_pages or self._slice_pages
        return selected[held.number * size :][:size]

    async def _ended(self, held: Slice, page_errors: int | None = None) -> bool:
        """Commits the slice; False where it is the last of its job and the result is yet to be made."""
        ended = await insist(lambda: self._jobs.finish(held, page_errors=page_errors))
        if ended == "lost":
            raise LeaseLost
        return ended == "ended"

    async def _download(self, url: str | None, folder: JobFolder) -> None:
        if url is None:
            raise DocumentError("The uploaded document is gone from the blob store.", code="internal")
        folder.forget_parts()
        with replacing(folder.source) as file:
            await self._outbound.download(url, file.write)

    async def _prepare(self, held: Slice, folder: JobFolder) -> list[int]:
        try:
            return selected_pages(folder)
        except FileNotFoundError:
            selected: list[int] = await self._host.call(
                "prepare", folder=str(folder.root), page_ranges=held.job.page_ranges
            )
            return selected

    async def _pages(self, held: Slice, folder: JobFolder, numbers: list[int], *, book: bool) -> None:
        """Has the pages read and counts each one as it is stored. Raises Yielded where some were left for later."""
        left = set(numbers)
        stored: asyncio.Queue[dict[str, str] | None] = asyncio.Queue()

        async def count() -> None:
            while (event := await stored.get()) is not None:
                number, code = int(event["page"]), event["error"]
                self._host.count_page()
                await self._own(lambda number=number, code=code: self._jobs.page_done(held, number, code))  # type: ignore[misc]
                left.discard(number)

        async def read() -> None:
            await self._host.call(
                "pages",
                stored.put_nowait,
                folder=str(folder.root),
                numbers=numbers,
                options=held.job.options,
                execution=held.execution,
            )
            stored.put_nowait(None)

        self._readings[held.execution] = Reading(held.job.id, held.job.priority, book, time.monotonic())
        tasks = [asyncio.create_task(count()), asyncio.create_task(read())]
        try:
            await asyncio.gather(*tasks)
        finally:
            self._readings.pop(held.execution, None)
            for task in tasks:
                task.cancel()
        if left:
            raise Yielded

    async def _own(self, command: Callable[[], Awaitable[bool]]) -> None:
        """Runs a fenced command; raises LeaseLost where it was refused."""
        if not await insist(command):
            raise LeaseLost


def _all_failed(errors: list[dict[str, Any]]) -> str:
    first: str = errors[0]["message"]
    return first if len(errors) == 1 else f"All {len(errors)} pages failed; the first: {first}"


def selected_pages(folder: JobFolder) -> list[int]:
    """The pages of the job, once it is prepared; FileNotFoundError before."""
    selected: list[int] = json.loads(folder.document.read_bytes())["selected"]
    return selected


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
