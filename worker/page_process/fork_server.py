"""The fork server: it has the code of page processes loaded, later their models, too, and forks one when asked.

So each document gets a process of its own for the price of a few milliseconds, and a document that takes its process
over meets no other. This process reads nothing that comes from a document. The engine host runs it as
`python -m worker.page_process.fork_server FD PASSED`: see worker.ipc.channel for what comes by FD; by PASSED come the
descriptors of each fork.
"""

import asyncio
import os
import signal
import socket
import sys
import traceback
from collections.abc import Callable
from typing import Any, NoReturn

from app.errors import WorkerError
from app.processes.die_with_parent import die_with
from app.processes.lifecycle import forbid_inspection, freeze_gc
from worker.engines.base import PageReader
from worker.ipc.calls import Handler
from worker.ipc.channel import serve
from worker.ipc.messages import Fork, Forked, PreloadModels, StartForkServer
from worker.page_process import process, sandbox


class ForkServer:
    """What the fork server does for each call. `passed` is the socket by which it gets the descriptors of each fork."""

    def __init__(self, passed: socket.socket) -> None:
        self._passed = passed
        self._ended: dict[int, asyncio.Future[int]] = {}
        """Of each page process, by its id: its exit status."""
        self._reader: PageReader[Any]
        self._seconds = 0.0
        self._rules: int | None = None

    def handlers(self) -> list[Handler]:
        return [
            StartForkServer.handled_by(self._start),
            PreloadModels.handled_by(self._preload),
            Fork.streamed_by(self._fork),
        ]

    async def _start(self, call: StartForkServer) -> None:
        self._reader, self._seconds = process.load_reader(call.reader, call.max_pixels), call.seconds
        sandbox.set_limits(call.memory_mb)  # page processes inherit it
        self._rules = sandbox.prepare()
        if self._rules is None:
            self._reader.preload()
        freeze_gc()
        asyncio.get_running_loop().add_signal_handler(signal.SIGCHLD, self._reap)

    async def _preload(self, call: PreloadModels) -> None:
        self._reader.preload()
        freeze_gc()

    async def _fork(self, call: Fork, emit: Callable[[Forked], None]) -> int:
        """Reports the process's id at once, and returns its exit status when it has ended."""
        _, descriptors, _, _ = socket.recv_fds(self._passed, 1, 3)
        server = os.getpid()
        try:
            pid = os.fork()
            if pid == 0:
                self._become_page_process(server, *descriptors)
        except OSError as error:
            message = f"A page process cannot be started: {error.strerror}."
            raise WorkerError(message, code="internal", retryable=True) from error
        finally:
            for descriptor in descriptors:
                os.close(descriptor)
        emit({"pid": pid})
        self._ended[pid] = asyncio.get_running_loop().create_future()
        return await self._ended[pid]

    def _reap(self) -> None:
        for pid in list(self._ended):
            ended, status = os.waitpid(pid, os.WNOHANG)
            if ended and not (end := self._ended.pop(pid)).done():  # else nobody waits any more
                end.set_result(os.waitstatus_to_exitcode(status))

    def _become_page_process(self, server: int, line: int, files: int, output: int) -> NoReturn:
        """In the new process: nothing of the event loop runs any more."""
        status = 1
        try:
            die_with(server)
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            os.dup2(output, 1)
            os.dup2(output, 2)
            entered = sandbox.enter(self._rules)
            _keep_open(line, files)
            process.serve(process.Pages(self._reader, self._seconds), entered, line, files)
            status = 0
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(status)


def _keep_open(*descriptors: int) -> None:
    """Closes all others, but for what it reads by and prints to."""
    first = 3
    for descriptor in sorted(descriptors):
        os.closerange(first, descriptor)
        first = descriptor + 1
    os.closerange(first, sandbox.FILES_MAX)


async def run(descriptor: int, passed: int) -> None:
    with socket.socket(fileno=passed) as connection:
        await serve(descriptor, ForkServer(connection).handlers())
    asyncio.get_running_loop().remove_signal_handler(signal.SIGCHLD)  # while what it writes to is still open


if __name__ == "__main__":
    forbid_inspection()
    asyncio.run(run(*map(int, sys.argv[1:])))
