"""Page processes for one engine's reader, fresh from the fork server, which is kept running; some are forked ahead."""

import asyncio
import contextlib
import logging
import os
import signal
import socket
from collections import deque
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import IO, Any, TypeVar

import psutil

from app.errors import WorkerError
from app.storage.blobs import JobFolder
from worker.ipc.channel import Channel, ChildDied
from worker.ipc.handover import Handover, send
from worker.ipc.messages import Fork, Forked, PreloadModels, StartForkServer
from worker.ipc.page_messages import PageAnswer, PageCall, ReportSandbox, Value
from worker.page_process.sandbox import Sandbox
from worker.scheduling.child_clock import answer_within

log = logging.getLogger(__name__)
T = TypeVar("T")

NICENESS = 10
"""Of a process in the background: while others work it gets a tenth of the CPU, which its clock allows for."""

START_WITHIN = 120.0
"""Seconds of the fork server's own time until it has imported what pages need, which takes one, or loaded models."""

OUTPUT_MAX = 64 << 10
"""Bytes that a process may print into our log in its life; it is to print nothing but tracebacks."""

ENVIRONMENT = {"OMP_NUM_THREADS": "1", "ORT_DISABLE_TELEMETRY": "1"}
"""All of the environment of a process. ONNX Runtime's telemetry could not leave the sandbox, and logs that."""

LACKING = {
    Sandbox.SEALED: (
        "this kernel has no Landlock: page processes cannot open files, so all models are loaded at startup (200 MB)"
    ),
    Sandbox.NONE: (
        "page processes run without a system call filter, since seccomp is unavailable here: a malicious document that "
        "takes one over can access whatever this user can access"
    ),
}
"""What is logged, once, where the sandbox is not complete."""


@dataclass(frozen=True)
class Limits:
    """What a call may cost: `seconds` of CPU and by the child's clock, `memory_mb` resident, `max_pixels` a page."""

    seconds: float
    memory_mb: int
    max_pixels: int


class PageProcess:
    """One page process. `files` is the socket by which it is passed open files."""

    def __init__(
        self,
        channel: Channel,
        process: psutil.Process,
        files: socket.socket,
        output: "_Output",
        inherited_mb: int,
    ) -> None:
        self.channel = channel
        self.process = process
        self._files = files
        self._output = output
        self._spool: IO[bytes] | None = None
        self._inherited_mb = inherited_mb
        self._grown_mb: int | None = None
        self.document: str | None = None
        """The job whose document it has, once it has one."""
        self.calls = 0
        self.background = False
        self.loaded = False
        """Whether it has loaded models for itself that it could have inherited."""

    def move_to_background(self) -> None:
        """For good: only root could take it back."""
        self.background = True
        with contextlib.suppress(psutil.Error):
            self.process.nice(NICENESS)

    def spool(self, folder: JobFolder) -> IO[bytes]:
        """What it writes into, for the engine host to copy into the job's folder. Raises OSError."""
        if self._spool is None:
            self._spool = folder.scratch()
        return self._spool

    async def call(self, call: PageCall[Value], handover: Handover) -> PageAnswer[Value]:
        """Raises the JobErrors of the call, ChildDied, Misconduct."""
        self._grown_mb = None
        try:
            send(self._files, handover)
        except OSError:  # it has just ended, as the call will tell
            await self.kill()
        answer = await self.channel.call(call)
        self.loaded = answer.loaded
        return answer

    @property
    def grown_mb(self) -> int:
        """What it has in memory between two calls, beyond what the fork server has."""
        if self._grown_mb is None:
            self._grown_mb = max(0, resident_mb(self.process) - self._inherited_mb)
        return self._grown_mb

    async def close(self) -> None:
        """Ends it, between two calls."""
        if self._spool is not None:
            self._spool.close()
        await self.channel.close()
        await self._output.ended.wait()

    async def kill(self) -> None:
        self.channel.kill()
        await self.channel.wait()
        await self._output.ended.wait()


class PageProcesses:
    """Has `count` page processes ready that have seen no document."""

    def __init__(self, count: int, reader: str, limits: Limits) -> None:
        self._count = count
        self._reader = reader
        self._limits = limits
        self._ready: deque[PageProcess] = deque()
        self._forking: set[asyncio.Task[None]] = set()
        self._server: Channel | None = None
        self._passing: socket.socket
        """By which the server gets the descriptors of each fork."""
        self._order = asyncio.Lock()
        """The server is asked for one thing at a time: descriptors go with the call that follows them."""
        self._inherited_mb = 0
        """What the server has in memory."""
        self._loading: asyncio.Task[None] | None = None
        """Set once models are to be loaded before the fork."""
        self._warned = False

    async def start(self) -> None:
        """Starts the fork server and the first processes, so that no page waits for imports."""
        self._ready.extend(await asyncio.gather(*(self._fork() for _ in range(self._count))))

    async def close(self) -> None:
        if self._loading is not None:
            await self._loading
        await asyncio.gather(*self._forking, return_exceptions=True)
        await asyncio.gather(*(process.close() for process in self._ready))
        if self._server is not None:
            await self._server.close()
            self._passing.close()

    async def take(self) -> PageProcess:
        """One that has seen no document. Raises ChildDied or WorkerError where none can be started."""
        while True:
            alive = [process for process in self._ready if process.channel.alive]
            taken = alive.pop(0) if alive else None
            self._ready = deque(alive)
            self._refill()
            if taken is not None:
                return taken
            forked, _ = await asyncio.wait({*self._forking}, return_when=asyncio.FIRST_COMPLETED)
            for fork in forked:
                fork.result()

    def preload(self) -> None:
        """Has the models loaded once, for all processes to come to share."""
        if self._loading is None:
            self._loading = asyncio.create_task(self._preload())

    async def _preload(self) -> None:
        try:
            async with self._order:
                server = await self._running_server()
                await self._preload_in(server)
        except (ChildDied, WorkerError) as failure:  # each process loads them for itself, as the first one did
            log.warning("preloading models failed: %s", failure)
            return
        without, self._ready = self._ready, deque()
        self._refill()
        await asyncio.gather(*(process.close() for process in without))

    def _refill(self) -> None:
        for _ in range(len(self._ready) + len(self._forking), self._count):
            fork = asyncio.create_task(self._fork_ahead())
            self._forking.add(fork)
            fork.add_done_callback(self._forked)

    def _forked(self, fork: "asyncio.Task[None]") -> None:
        self._forking.discard(fork)
        if not fork.cancelled() and (failure := fork.exception()) is not None:
            log.warning("starting a page process failed: %s", failure)

    async def _fork_ahead(self) -> None:
        process = await self._fork()
        self._ready.append(process)  # what was ready when it was begun may have been replaced

    async def _fork(self) -> PageProcess:
        try:
            return await self._fork_once()
        except ChildDied:  # with the server, say
            return await self._fork_once()

    async def _fork_once(self) -> PageProcess:
        with contextlib.ExitStack() as theirs, contextlib.ExitStack() as ours:
            (line, their_line), (files, their_files) = socket.socketpair(), socket.socketpair()
            reading, writing = os.pipe()
            for end in (their_line, their_files, os.fdopen(writing, "wb", 0)):
                theirs.enter_context(end)
            output = os.fdopen(reading, "rb", 0)
            for mine in (line, files, output):
                ours.enter_context(mine)
            files.setblocking(False)
            async with self._order:
                forked = await self._ask([their_line.fileno(), their_files.fileno(), writing])
            _, printed = await asyncio.get_running_loop().connect_read_pipe(_Output, output)
            channel = await Channel.over(line, forked, on_death=lambda _: files.close())
            ours.pop_all()  # they are closed when it ends
        try:
            entered = await self._patiently(channel, channel.call(ReportSandbox()))
        except BaseException:  # a cancellation, too: nobody else knows of the process
            channel.kill()
            await channel.wait()
            raise
        if (lacking := LACKING.get(Sandbox(entered))) and not self._warned:
            log.warning(lacking)
            self._warned = True
        return PageProcess(channel, forked.process, files, printed, self._inherited_mb)

    async def _ask(self, descriptors: list[int]) -> "_Forked":
        """Has the fork server fork a process that gets these."""
        server = await self._running_server()
        socket.send_fds(self._passing, [b"."], descriptors)
        born: asyncio.Future[Forked] = asyncio.get_running_loop().create_future()
        ending = asyncio.ensure_future(server.stream(Fork(), born.set_result))

        async def birth() -> int:
            await asyncio.wait((born, ending), return_when=asyncio.FIRST_COMPLETED)
            return born.result()["pid"] if born.done() else ending.result()

        pid = await self._patiently(server, birth())
        try:
            return _Forked(psutil.Process(pid), ending)
        except psutil.NoSuchProcess:
            raise ChildDied(await ending) from None

    async def _running_server(self) -> Channel:
        if self._server is not None and self._server.alive:
            return self._server
        if self._server is not None:
            log.warning("the fork server exited; restarting it")
            self._passing.close()
        self._passing, theirs = socket.socketpair()
        self._passing.setblocking(False)
        with theirs:
            self._server = await Channel.open(
                "worker.page_process.fork_server",
                env=ENVIRONMENT,
                passing=[theirs.fileno()],
                on_death=lambda _: self._ready.clear(),  # they end with it
            )
        limits = self._limits
        start = StartForkServer(self._reader, limits.seconds, limits.memory_mb, limits.max_pixels)
        await self._patiently(self._server, self._server.call(start))
        if self._loading is not None:
            await self._preload_in(self._server)
        self._inherited_mb = resident_mb(psutil.Process(self._server.pid))
        return self._server

    async def _preload_in(self, server: Channel) -> None:
        await self._patiently(server, server.call(PreloadModels()))
        self._inherited_mb = resident_mb(psutil.Process(server.pid))

    async def _patiently(self, channel: Channel, answer: Coroutine[Any, Any, T]) -> T:
        """The answer of a process; one that does not give it is killed. Raises WorkerError."""
        try:
            return await answer_within(START_WITHIN, channel.pid, answer)
        except TimeoutError:
            channel.kill()
            await channel.wait()
            message = f"A page process did not start within {START_WITHIN:g} s."
            raise WorkerError(message, code="internal", retryable=True) from None


class _Forked:
    """A child of the fork server, as a channel wants it; `ending` brings its exit status."""

    def __init__(self, process: psutil.Process, ending: "asyncio.Future[int]") -> None:
        self.pid = process.pid
        self.process = process
        self._ending = ending

    @property
    def returncode(self) -> int | None:
        return self._status() if self._ending.done() else None

    def kill(self) -> None:
        with contextlib.suppress(psutil.NoSuchProcess):
            self.process.kill()

    async def wait(self) -> int:
        await asyncio.wait({self._ending})
        return self._status()

    def _status(self) -> int:
        """The kernel kills the children of a server that has ended."""
        return -signal.SIGKILL if self._ending.exception() is not None else self._ending.result()


def resident_mb(process: psutil.Process) -> int:
    """What the process has in memory; nothing where it has ended."""
    try:
        return int(process.memory_info().rss) >> 20
    except psutil.Error:
        return 0


class _Output(asyncio.Protocol):
    """Logs what a process prints, up to OUTPUT_MAX and without control characters."""

    def __init__(self) -> None:
        self._left = OUTPUT_MAX
        self.ended = asyncio.Event()

    def data_received(self, data: bytes) -> None:
        shown = data[: self._left].decode(errors="replace")
        self._left -= min(len(data), self._left)
        for line in shown.splitlines():
            log.warning("page process: %s", "".join(c if c.isprintable() else " " for c in line))

    def connection_lost(self, exc: Exception | None) -> None:
        self.ended.set()
