"""The page processes, as the engine host sees them: a pool of limited children, killed when they overrun.

Documents take turns. A page that runs long while another document waits is set aside: it goes on with less of the CPU,
in one of a few places of its own, and its document's next pages go there, too, until nobody waits any more. What is
quick is not kept waiting by what is slow.
"""

import asyncio
import contextlib
import logging
import signal
import socket
import statistics
from collections import defaultdict, deque
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from app.blobs import JobFolder
from app.errors import DocumentError, PageError, WorkerError
from worker.channel import Channel, ChildDied
from worker.child_clock import LOOK, ChildClock, answer_within
from worker.handover import Handover, Misconduct, send
from worker.sandbox import Sandbox
from worker.turns import Turns

log = logging.getLogger(__name__)

CALLS_MAX = 10_000
"""A child is replaced after so many calls: native libraries leak."""

PATIENCE = 0.25
"""Seconds that a page may keep others waiting, or USUAL times the median of the last pages where that is more."""
USUAL = 2

NICENESS = 10
"""Of a child that is set aside: while others work it gets a tenth of the CPU, which its clock allows for."""

START_WITHIN = 120.0
"""Seconds of a page process's own time until it has imported what it needs; they take one or two."""


OUTPUT_MAX = 64 << 10
"""Bytes that a child may print into our log in its life; it is to print nothing but tracebacks."""

ENVIRONMENT = {"OMP_NUM_THREADS": "1", "ORT_DISABLE_TELEMETRY": "1"}
"""All of the environment of a child. ONNX Runtime's telemetry could not leave the sandbox, and logs that."""

LACKING = {
    Sandbox.SEALED: (
        "this kernel has no Landlock: page processes load all models when they start, some 200 MB more each, and open "
        "no file afterwards"
    ),
    Sandbox.NONE: (
        "this machine does not let page processes give up system calls (seccomp): a document that takes over one of "
        "them reaches whatever this user may reach"
    ),
}
"""What is logged, once, where the sandbox is not complete."""


@dataclass(frozen=True)
class Limits:
    """What a call may cost: `seconds` of CPU and by the child's clock, `memory_mb` resident, `max_pixels` a page."""

    seconds: float
    memory_mb: int
    max_pixels: int


class _Overrun(Exception):
    """The child was killed at a limit; says which."""

    def __init__(self, words: str, code: str) -> None:
        super().__init__(words)
        self.code = code


class _Displaced(Exception):
    """The child was killed for others that wait; the call begins anew."""


class _Child:
    """One page process. `source` is the document it has open, `files` the socket by which it is passed open files."""

    def __init__(self, channel: Channel, files: socket.socket) -> None:
        self.channel = channel
        self._files = files
        self.source: Path | None = None
        self.calls = 0
        self.aside = False
        self.process = psutil.Process(channel.pid)

    def set_aside(self) -> None:
        """For good: only root could take it back."""
        self.aside = True
        with contextlib.suppress(psutil.Error):
            self.process.nice(NICENESS)

    async def call(self, op: str, handover: Handover, job: str, **parameters: Any) -> Any:
        send(self._files, handover)
        return await self.channel.call(op, job=job, **parameters)

    async def kill(self) -> None:
        self.channel.kill()
        await self.channel.wait()


class PagePool:
    """`count` children working for the reader of one engine, and as many for what is set aside."""

    def __init__(self, count: int, reader: str, limits: Limits) -> None:
        self.count = count
        self._reader = reader
        self._limits = limits
        self._turns = Turns(count)
        self._aside = Turns(count)
        self._idle: list[_Child] = []
        """The last one to have worked comes last, and is taken first: it has its models loaded."""
        self._spares: set[asyncio.Task[None]] = set()
        """What is being started to be idle."""
        self._at_work: list[Path] = []
        """The folder of the document, for each call that has a place."""
        self._slow: deque[Path] = deque(maxlen=64)
        """The folders of documents whose last page was slow."""
        self._recent: deque[float] = deque(maxlen=32)
        """Seconds that the last pages took."""
        self._spent: defaultdict[Path, float] = defaultdict(float)
        """Seconds of children by the folder of the document."""
        self._warned = False

    async def start(self) -> None:
        """Starts all children, so that the first page does not wait for imports."""
        self._idle = list(await asyncio.gather(*(self._spawn() for _ in range(self.count))))

    async def close(self) -> None:
        await asyncio.gather(*self._spares, return_exceptions=True)
        await asyncio.gather(*(child.channel.close() for child in self._idle))

    def waits(self, task: "asyncio.Task[object]") -> bool:
        """Whether the task waits for a child, and can be cancelled at no loss."""
        return self._turns.waits(task) or self._aside.waits(task)

    def spent(self, folder: JobFolder) -> float:
        """The seconds that children have worked on the document since this was last asked."""
        return self._spent.pop(folder.root, 0.0)

    async def prepare(
        self, folder: JobFolder, page_ranges: str | None, max_pages: int, password: str | None = None
    ) -> list[int]:
        """Opens, counts and surveys the document; the numbers of the pages to do. Raises DocumentError.

        Where one page is too much for the survey, the others do without.
        """
        wanted = {"page_ranges": page_ranges, "max_pages": max_pages}
        try:
            if password is not None:
                await self._call(folder, "decrypt", password=password)
            try:
                return await self._prepare(folder, **wanted, survey=True)
            except (_Overrun, ChildDied) as failure:
                log.info("%s is not surveyed: it %s", folder.root.name, failure)
                return await self._prepare(folder, **wanted, survey=False)
        except _Overrun as overrun:
            message = f"Opening the document {overrun} and was stopped."
        except ChildDied as died:
            message = f"The process that opened the document {died}: the file is damaged or hostile."
        raise DocumentError(message, code="document_crashed")

    async def _prepare(self, folder: JobFolder, **parameters: Any) -> list[int]:
        selected: list[int] = await self._call(folder, "prepare", **parameters)
        return selected

    async def page(self, folder: JobFolder, number: int) -> None:
        """Reads page `number` and stores it. Raises PageError."""
        await self._page(folder, "page", number)

    async def render(self, folder: JobFolder, number: int, scale: float) -> tuple[int, int]:
        """Stores the pixels of page `number`; see OpenDocument.raster. Their height and width. Raises PageError."""
        height, width = await self._page(folder, "render", number, scale=scale)
        return height, width

    async def _page(self, folder: JobFolder, op: str, number: int, **parameters: Any) -> Any:
        try:
            return await self._call(folder, op, number=number, **parameters)
        except _Overrun as overrun:
            raise PageError(f"Page {number} {overrun} and was stopped.", code=overrun.code) from None
        except ChildDied as died:
            raise PageError(f"The process that read page {number} {died}.") from None

    async def assemble(self, folder: JobFolder, engine: str, version: str) -> list[dict[str, Any]]:
        """Makes the result from the stored pages; returns the errors of those that failed."""
        try:
            errors: list[dict[str, Any]] = await self._call(folder, "assemble", engine=engine, version=version)
            return errors
        except (_Overrun, ChildDied) as error:
            raise DocumentError(f"Putting the pages together failed: it {error}.", code="document_crashed") from None

    async def _call(self, folder: JobFolder, op: str, **parameters: Any) -> Any:
        deaths = 0
        while True:
            try:
                return await self._once(folder, op, parameters)
            except _Displaced:
                pass
            except ChildDied:
                deaths += 1
                if deaths == 2:  # the first time it may have been for another's sake: the kernel short of memory, say
                    raise

    async def _once(self, folder: JobFolder, op: str, parameters: dict[str, Any]) -> Any:
        """Raises _Displaced where it takes long while others wait, and all places aside are taken."""
        document = folder.root
        turns = self._aside if document in self._slow else self._turns
        await turns.take(document)  # documents take turns, however many pages each has waiting
        self._at_work.append(document)
        try:
            async with Handover(op, folder, parameters.get("number")) as handover:
                child = await self._take(folder.source, aside=turns is self._aside)
                clock = ChildClock(child.process)
                call = asyncio.create_task(child.call(op, handover, str(document), **parameters))
                try:
                    while not (await asyncio.wait({call}, timeout=LOOK))[0]:
                        clock.look()
                        self._check(clock)
                        if len(set(self._at_work)) > 1:
                            self._keep_ready()
                        if turns is self._turns and clock.wall > self._patience and turns.others_wait(document):
                            self._mark(document, slow=True)
                            if not self._aside.take_free():
                                raise _Displaced
                            child.set_aside()
                            turns.leave()
                            turns = self._aside
                    result = call.result()
                except ChildDied as died:
                    if died.status == -signal.SIGXCPU:
                        raise self._too_long from None
                    raise
                finally:
                    if not call.done():  # it goes on in there, and nobody waits for it
                        call.cancel()
                        await child.kill()
                    clock.stop()
                    self._spent[document] += clock.own
                    await self._give(child)
                value = await self._keep(handover, result, child)
            if op in ("page", "render"):
                self._mark(document, slow=clock.wall > self._patience and self._turns.others_wait(document))
                self._recent.append(clock.wall)
            return value
        finally:
            self._at_work.remove(document)
            turns.leave()

    async def _keep(self, handover: Handover, result: Any, child: _Child) -> Any:
        """Stores what the child has left; the value it answers with."""
        try:
            return await handover.keep(result)
        except Misconduct as misconduct:
            log.error("a page process is taken to be hostile and is killed: %s", misconduct)
            await child.kill()
            raise _Overrun("left what no page process of ours leaves", "page_failed") from None

    @property
    def _patience(self) -> float:
        return max(PATIENCE, USUAL * statistics.median(self._recent)) if self._recent else PATIENCE

    @property
    def _too_long(self) -> _Overrun:
        return _Overrun(f"took more than {self._limits.seconds:g} s (PAGE_TIMEOUT)", "page_timeout")

    def _check(self, clock: ChildClock) -> None:
        """Raises _Overrun."""
        if clock.past(self._limits.seconds):
            raise self._too_long
        if clock.memory_mb > self._limits.memory_mb:
            raise _Overrun(f"took more than {self._limits.memory_mb} MiB of memory (PAGE_MEMORY_MB)", "page_failed")

    def _mark(self, document: Path, *, slow: bool) -> None:
        if slow and document not in self._slow:
            self._slow.append(document)
        elif not slow and document in self._slow:
            self._slow.remove(document)

    async def _take(self, source: Path, *, aside: bool) -> _Child:
        while (child := self._find_idle(source, aside)) is None:
            if aside:
                child = await self._spawn()
                child.set_aside()
                break
            self._keep_ready()
            started, _ = await asyncio.wait({*self._spares}, timeout=LOOK, return_when=asyncio.FIRST_COMPLETED)
            for spare in started:
                spare.result()  # raises where none can be started
        child.source = source
        child.calls += 1
        return child

    def _find_idle(self, source: Path, aside: bool) -> _Child | None:
        self._idle = [child for child in self._idle if child.channel.alive]
        able = [child for child in self._idle if child.aside == aside]
        child = next((child for child in able if child.source == source), able[-1] if able else None)
        if child is not None:
            self._idle.remove(child)
        return child

    async def _give(self, child: _Child) -> None:
        if child.calls >= CALLS_MAX or (child.aside and not self._aside.others_wait()):
            await child.channel.close()
        if child.channel.alive:
            self._idle.append(child)

    def _keep_ready(self) -> None:
        """Has children ready for whoever comes while several work: one for each free place, and at least one."""
        ready = sum(child.channel.alive and not child.aside for child in self._idle) + len(self._spares)
        for _ in range(ready, max(1, self._turns.free)):
            spare = asyncio.create_task(self._spawn_spare())
            self._spares.add(spare)
            spare.add_done_callback(self._started)

    def _started(self, spare: "asyncio.Task[None]") -> None:
        self._spares.discard(spare)
        if not spare.cancelled() and (failure := spare.exception()) is not None:
            log.warning("a page process does not start: %s", failure)

    async def _spawn_spare(self) -> None:
        spare = await self._spawn()
        self._idle.insert(0, spare)

    async def _spawn(self) -> _Child:
        files, theirs = socket.socketpair()
        files.setblocking(False)
        with theirs:
            channel = await Channel.open(
                "worker.pages",
                env=ENVIRONMENT,
                passing=[theirs.fileno()],
                on_output=_Output(),
                on_death=lambda _: files.close(),
            )
        try:
            start = channel.call(
                "start",
                reader=self._reader,
                seconds=self._limits.seconds,
                memory_mb=self._limits.memory_mb,
                max_pixels=self._limits.max_pixels,
            )
            entered = await answer_within(START_WITHIN, channel.pid, start)
        except BaseException as failure:  # a cancellation, too: nobody else knows of the child
            channel.kill()
            await channel.wait()
            if isinstance(failure, TimeoutError):
                message = f"A page process has not started within {START_WITHIN:g} s."
                raise WorkerError(message, code="internal", retryable=True) from None
            raise
        if (lacking := LACKING.get(Sandbox(entered))) and not self._warned:
            log.warning(lacking)
            self._warned = True
        return _Child(channel, files)


class _Output:
    """Logs what a child prints, up to OUTPUT_MAX and without control characters."""

    def __init__(self) -> None:
        self._left = OUTPUT_MAX

    def __call__(self, piece: bytes) -> None:
        shown = piece[: self._left].decode(errors="replace")
        self._left -= min(len(piece), self._left)
        for line in shown.splitlines():
            log.warning("page process: %s", "".join(c if c.isprintable() else " " for c in line))
