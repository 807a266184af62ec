"""The page processes, as the engine host sees them: limited children, killed when they overrun.

A child serves one document in its life. Documents take turns. A page that runs long while another document waits is
moved to the background: it goes on with less of the CPU, in one of a few places of its own, and its document's next
pages go there, too, until nobody waits any more. What is quick is not kept waiting by what is slow.
"""

import asyncio
import logging
import signal
import statistics
from collections import deque

from app.errors import DocumentError, PageError
from app.storage.blobs import JobFolder
from worker.engine_host.page_processes import Limits, PageProcess, PageProcesses
from worker.ipc.calls import Misconduct
from worker.ipc.channel import ChildDied
from worker.ipc.handover import Handover
from worker.ipc.page_messages import (
    Assemble,
    Decrypt,
    OnePageCall,
    PageAnswer,
    PageCall,
    PageFailure,
    Prepare,
    ReadPage,
    RenderPage,
    Value,
)
from worker.scheduling.child_clock import LOOK, ChildClock
from worker.scheduling.fair_semaphore import FairSemaphore

log = logging.getLogger(__name__)

CALLS_MAX = 10_000
"""A child is replaced after so many calls: native libraries leak."""

PATIENCE = 0.25
"""Seconds that a page may keep others waiting, or USUAL times the median of the last pages where that is more."""
USUAL = 2

IDLE_MB = 256
"""MiB, for each place, that children between two calls may hold together, where there are more than places."""

IDLE_FOR = 60.0
"""Seconds after which a child is ended whose document has not come back."""


SPENT_MAX = 1000
"""Documents whose seconds are remembered until they are asked for; more than can be in work."""


PACE = 10
"""Times PAGE_TIMEOUT that a page may take by the clock of its process, which counts waits for a disk, too."""


class _Overrun(Exception):
    """The child was killed at a limit; says which."""

    def __init__(self, words: str, code: str) -> None:
        super().__init__(words)
        self.code = code


class _Displaced(Exception):
    """The child was killed for others that wait; the call begins anew."""


class PagePool:
    """`count` children working for the reader of one engine, and as many in the background."""

    def __init__(self, count: int, reader: str, limits: Limits) -> None:
        self.count = count
        self._limits = limits
        self._processes = PageProcesses(count, reader, limits)
        self._turns = FairSemaphore(count)
        self._background = FairSemaphore(count)
        self._idle: dict[PageProcess, asyncio.TimerHandle] = {}
        """Children between two calls of their documents, the last to have worked last; each with what will end it."""
        self._ending: set[asyncio.Task[None]] = set()
        self._slow: deque[str] = deque(maxlen=64)
        """The jobs whose last page was slow."""
        self._recent: deque[float] = deque(maxlen=32)
        """Seconds that the last pages took."""
        self._spent: dict[str, float] = {}
        """Seconds of children by job."""

    async def start(self) -> None:
        """Has children ready, so that the first page does not wait for imports."""
        await self._processes.start()

    async def close(self) -> None:
        for child in list(self._idle):
            self._forget(child)
        await asyncio.gather(*self._ending, self._processes.close())

    def waits(self, task: "asyncio.Task[object]") -> bool:
        """Whether the task waits for a child, and can be cancelled at no loss."""
        return self._turns.waits(task) or self._background.waits(task)

    def spent(self, folder: JobFolder) -> float:
        """The seconds that children have worked on the document since this was last asked."""
        return self._spent.pop(folder.id, 0.0)

    async def prepare(
        self, folder: JobFolder, page_ranges: str | None, max_pages: int, password: str | None = None
    ) -> list[int]:
        """Opens, counts and surveys the document; the numbers of the pages to do. Raises DocumentError.

        Where one page is too much for the survey, the others do without.
        """
        self._close_document(folder)  # it may be another one by now: a job that begins anew
        try:
            if password is not None:
                await self._call(folder, Decrypt(password))
            try:
                return await self._call(folder, Prepare(page_ranges, max_pages, survey=True))
            except (_Overrun, ChildDied) as failure:
                log.info("skipping the survey of %s: it %s", folder.id, failure)
                return await self._call(folder, Prepare(page_ranges, max_pages, survey=False))
        except DocumentError:
            self._close_document(folder)  # nothing else will be asked of it
            raise
        except _Overrun as overrun:
            message = f"Opening the document {overrun} and was stopped."
        except ChildDied as died:
            message = f"The process that opened the document {died}: the file is damaged or malicious."
        raise DocumentError(message, code="document_crashed")

    async def page(self, folder: JobFolder, number: int) -> None:
        """Reads page `number` and stores it. Raises PageError."""
        await self._page(folder, ReadPage(number))

    async def render(self, folder: JobFolder, number: int, scale: float) -> tuple[int, int]:
        """Stores the pixels of page `number`; see OpenDocument.raster. Their height and width. Raises PageError."""
        return await self._page(folder, RenderPage(number, scale))

    async def _page(self, folder: JobFolder, call: OnePageCall[Value]) -> Value:
        try:
            return await self._call(folder, call)
        except _Overrun as overrun:
            raise PageError(f"Page {call.number} {overrun} and was stopped.", code=overrun.code) from None
        except ChildDied as died:
            raise PageError(f"The process that read page {call.number} {died}.") from None

    async def assemble(self, folder: JobFolder, engine: str, version: str) -> list[PageFailure]:
        """Makes the result from the stored pages; returns those that failed. Raises DocumentError."""
        try:
            return await self._call(folder, Assemble(engine, version))
        except (_Overrun, ChildDied) as error:
            raise DocumentError(f"Assembling the result failed: it {error}.", code="document_crashed") from None
        finally:
            self._close_document(folder)

    def _close_document(self, folder: JobFolder) -> None:
        for child in [child for child in self._idle if child.document == folder.id]:
            self._forget(child)

    async def _call(self, folder: JobFolder, call: PageCall[Value]) -> Value:
        deaths = 0
        while True:
            try:
                return await self._once(folder, call)
            except _Displaced:
                pass
            except ChildDied:
                deaths += 1
                if deaths == 2:  # the first time it may have been for another's sake: the kernel short of memory, say
                    raise

    async def _once(self, folder: JobFolder, call: PageCall[Value]) -> Value:
        """Raises _Displaced where it takes long while others wait, and all places in the background are taken."""
        document = folder.id
        turns = self._background if document in self._slow else self._turns
        await turns.acquire(document)  # documents take turns, however many pages each has waiting
        try:
            child = await self._take(folder.id, background=turns is self._background)
            try:
                async with Handover(call, folder, child.spool(folder)) as handover:
                    clock = ChildClock(child.process)
                    answer = asyncio.create_task(child.call(call, handover))
                    try:
                        while not (await asyncio.wait({answer}, timeout=LOOK))[0]:
                            clock.look()
                            self._check(clock)
                            if turns is self._turns and clock.wall > self._patience and turns.others_wait(document):
                                self._mark(document, slow=True)
                                if not self._background.try_acquire():
                                    raise _Displaced
                                child.move_to_background()
                                turns.release()
                                turns = self._background
                    finally:
                        if not answer.done():  # it goes on in there, and nobody waits for it
                            answer.cancel()
                            await child.kill()
                        clock.stop()
                        self._note_spent(document, clock.own)
                    value = await self._kept(answer, handover, child)
            finally:
                self._give(child)
            if child.loaded:
                self._processes.preload()
            if isinstance(call, OnePageCall):
                self._mark(document, slow=clock.wall > self._patience and self._turns.others_wait(document))
                self._recent.append(clock.wall)
            return value
        finally:
            turns.release()

    async def _kept(self, answer: "asyncio.Task[PageAnswer[Value]]", handover: Handover, child: PageProcess) -> Value:
        """Stores what the child has left; the value that it answers with. Raises what the call raised, or _Overrun."""
        try:
            return await handover.keep(answer.result())
        except ChildDied as died:
            if died.status == -signal.SIGXCPU:
                raise self._too_long from None
            raise
        except Misconduct as misconduct:
            log.error("killing a page process that returned invalid data, it may be compromised: %s", misconduct)
            await child.kill()
            raise _Overrun("returned invalid data", "page_failed") from None

    def _note_spent(self, document: str, seconds: float) -> None:
        """Of documents that end early nobody asks: the oldest are forgotten."""
        self._spent[document] = self._spent.get(document, 0.0) + seconds
        if len(self._spent) > SPENT_MAX:
            del self._spent[next(iter(self._spent))]

    @property
    def _patience(self) -> float:
        return max(PATIENCE, USUAL * statistics.median(self._recent)) if self._recent else PATIENCE

    @property
    def _too_long(self) -> _Overrun:
        return _Overrun(f"took more than {self._limits.seconds:g} s of CPU (PAGE_TIMEOUT)", "page_timeout")

    def _check(self, clock: ChildClock) -> None:
        """Raises _Overrun. The CPU counts: on a busy machine a page that others keep from it is not at fault."""
        seconds = self._limits.seconds
        if clock.cpu > seconds:
            raise self._too_long
        if clock.idle > seconds or clock.own > PACE * seconds:
            raise _Overrun(f"made no progress within {seconds:g} s (PAGE_TIMEOUT)", "page_timeout")
        if clock.memory_mb > self._limits.memory_mb:
            raise _Overrun(f"took more than {self._limits.memory_mb} MiB of memory (PAGE_MEMORY_MB)", "page_failed")

    def _mark(self, document: str, *, slow: bool) -> None:
        if slow and document not in self._slow:
            self._slow.append(document)
        elif not slow and document in self._slow:
            self._slow.remove(document)

    async def _take(self, document: str, *, background: bool) -> PageProcess:
        """The child that has the document open, or one that has seen none."""
        mine = (child for child in self._idle if child.document == document and child.background == background)
        child = next((child for child in mine if child.channel.alive), None)
        if child is None:
            self._trim(self._turns.free)
            child = await self._processes.take()
            child.document = document
            if background:
                child.move_to_background()
        else:
            self._idle.pop(child).cancel()
        child.calls += 1
        return child

    def _give(self, child: PageProcess) -> None:
        """Keeps a child for its document's next call."""
        spent = child.calls >= CALLS_MAX or (child.background and not self._background.others_wait())
        if spent or not child.channel.alive:
            self._end(child)
        else:
            self._idle[child] = asyncio.get_running_loop().call_later(IDLE_FOR, self._forget, child)
            self._trim(self.count)

    def _trim(self, places: int) -> None:
        """Ends those that have been idle longest, where more are than `places` and they hold much."""
        while len(self._idle) > places and sum(idle.grown_mb for idle in self._idle) > IDLE_MB * self.count:
            self._forget(next(iter(self._idle)))

    def _forget(self, child: PageProcess) -> None:
        """Ends a child that is idle."""
        self._idle.pop(child).cancel()
        self._end(child)

    def _end(self, child: PageProcess) -> None:
        ending = asyncio.create_task(child.close())
        self._ending.add(ending)
        ending.add_done_callback(self._ending.discard)
