"""Calls to a child process: JSON lines over a socket pair, any number in flight.

    parent → child   {"call": 7, "op": "ReadPages", ...fields}      {"call": 7, "op": "cancel"}
    child → parent   {"call": 7, "event": {...}}   {"call": 7, "result": ...}
                     {"call": 7, "error": {"kind", "code", "message", "retryable"}}

Only paths and numbers travel here, never the content of pages.
"""

import asyncio
import contextlib
import json
import logging
import signal
import socket
import subprocess
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol, TypedDict

import anyio

import app
from app.errors import DocumentError, EngineError, JobError, PageError, WorkerError
from app.processes.die_with_parent import die_with_parent
from app.processes.launch import program
from worker.ipc.calls import MESSAGE_MAX, Answer, Call, Event, Handler, Stream

log = logging.getLogger(__name__)

ROOT = Path(app.__file__).parents[1]
CLOSE_WITHIN = 2.0  # seconds
EXIT_WITHIN = 1.0  # seconds
LINE_MAX = 16 << 20  # bytes; StreamReader's default of 64 KiB would look like the child's death
KINDS: dict[str, type[JobError]] = {
    kind.__name__: kind for kind in (DocumentError, EngineError, PageError, WorkerError)
}


class ChildDied(Exception):
    """The child ended with calls in flight. `status` is its exit status, negative for a signal."""

    def __init__(self, status: int) -> None:
        super().__init__(
            f"was terminated by {signal.Signals(-status).name}" if status < 0 else f"exited with status {status}"
        )
        self.status = status


class ErrorMessage(TypedDict):
    """A JobError as it travels; `kind` is the name of its class."""

    kind: str
    code: str
    message: str
    retryable: bool


class Process(Protocol):
    """A process at the other end of a channel: one of asyncio's, or a child of the fork server."""

    pid: int

    @property
    def returncode(self) -> int | None:
        """Its exit status once it is known, negative for a signal."""

    def kill(self) -> None:
        """Raises ProcessLookupError where it is gone."""

    async def wait(self) -> int:
        """Returns the exit status when it has ended."""


class Channel:
    """A child process running a module of ours, and the calls to it."""

    def __init__(
        self,
        process: Process,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        on_death: Callable[[ChildDied], None] | None,
    ) -> None:
        self._process = process
        self._reader = reader
        self._writer = writer
        self._calls: dict[int, tuple[asyncio.Future[Any], Callable[[Any], None] | None]] = {}
        self._last = 0
        self._died: ChildDied | None = None
        self._on_death = on_death
        self._pump = asyncio.create_task(self._read())

    @classmethod
    async def open(
        cls,
        module: str,
        *,
        env: Mapping[str, str] | None = None,
        passing: Sequence[int] = (),
        on_death: Callable[[ChildDied], None] | None = None,
    ) -> "Channel":
        """Starts the module with the arguments FD PASSED…, FD being its end of the socket pair.

        The descriptors `passing` are passed on. `on_death` is called before any call in flight learns of the child's
        end.
        """
        ours, theirs = socket.socketpair()
        with theirs:
            process = await asyncio.create_subprocess_exec(
                *die_with_parent(*program(module, *map(str, (theirs.fileno(), *passing)))),
                pass_fds=[theirs.fileno(), *passing],
                stdin=subprocess.DEVNULL,
                env=env,
                cwd=ROOT,
            )
        return await cls.over(ours, process, on_death)

    @classmethod
    async def over(
        cls, line: socket.socket, process: Process, on_death: Callable[[ChildDied], None] | None = None
    ) -> "Channel":
        """The channel to a process that has the other end of `line` already."""
        reader, writer = await asyncio.open_connection(sock=line, limit=LINE_MAX)
        return cls(process, reader, writer, on_death)

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def alive(self) -> bool:
        return self._died is None

    async def call(self, call: Call[Answer]) -> Answer:
        """The answer. Raises the JobError that the child raised, ChildDied, or Misconduct for a malformed answer."""
        return await self._answer(call, None)

    async def stream(self, call: Stream[Answer, Event], on_event: Callable[[Event], None]) -> Answer:
        """The same for a call with events."""
        return await self._answer(call, on_event)

    async def _answer(self, call: Call[Answer], on_event: Callable[[Any], None] | None) -> Answer:
        if self._died is not None:
            raise self._died
        self._last += 1
        number = self._last
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._calls[number] = future, on_event
        self._send({"call": number, "op": type(call).__name__, **vars(call)})
        try:
            return call.parse(await future)
        except asyncio.CancelledError:
            self._send({"call": number, "op": "cancel"})
            raise
        finally:
            del self._calls[number]

    def kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()

    async def wait(self) -> None:
        """Returns when the child is gone."""
        await asyncio.wait([self._pump])

    async def close(self) -> None:
        """Ends the child: it sees the line closed and tidies up, or is killed after CLOSE_WITHIN."""
        self._writer.close()
        with anyio.move_on_after(CLOSE_WITHIN):
            await self.wait()
            return
        self.kill()
        await self.wait()

    def _send(self, message: dict[str, Any]) -> None:
        if self._died is None:
            self._writer.write(json.dumps(message).encode() + b"\n")

    async def _read(self) -> None:
        try:
            while line := await _line(self._reader):
                self._handle(json.loads(line))
        except Exception as error:  # whatever it is that we cannot take: this child is not to be trusted any more
            log.error("killing child %s, which violated the protocol: %r", self.pid, error)
            self.kill()
        with anyio.move_on_after(EXIT_WITHIN):  # let the real exit status come before killing what only closed its end
            await self._process.wait()
        if self._process.returncode is None:
            self.kill()
        self._died = ChildDied(await self._process.wait())
        self._writer.close()
        try:
            if self._on_death is not None:
                self._on_death(self._died)
        finally:
            for future, _ in self._calls.values():
                if not future.done():
                    future.set_exception(self._died)
        with contextlib.suppress(OSError):
            await self._writer.wait_closed()

    def _handle(self, message: dict[str, Any]) -> None:
        """Raises where the message does not keep to the protocol."""
        future, on_event = self._calls.get(message["call"], (None, None))
        if future is None or future.done():  # the caller has given up
            return
        if "event" in message:
            if on_event is not None:
                on_event(message["event"])
        elif "error" in message:
            future.set_exception(_received_error(message["error"]))
        else:
            future.set_result(message["result"])


def _received_error(error: dict[str, Any]) -> JobError:
    """A child's error as it is raised here. It goes into the job's record, so anything but text breaks the protocol."""
    kind, message, code, retryable = error["kind"], error["message"], error["code"], error["retryable"]
    if not (isinstance(message, str) and isinstance(code, str) and isinstance(retryable, bool)):
        raise TypeError("an error must have message, code and retryable")
    (message + code).encode()  # no lone surrogates
    return KINDS.get(kind, WorkerError)(message[:MESSAGE_MAX], code=code[:MESSAGE_MAX], retryable=retryable)


def error_message(error: Exception) -> ErrorMessage:
    """An exception as it travels. What is no JobError becomes a WorkerError."""
    if isinstance(error, OSError):
        message = f"Blob storage (DATA_DIR) is unavailable: {error.strerror}."
        error = WorkerError(message, code="storage_unavailable", retryable=True)
    if not isinstance(error, JobError):
        name = type(error).__name__
        error = WorkerError(f"An internal error occurred ({name}); the worker's log has the details.", code="internal")
    return {
        "kind": type(error).__name__,
        "code": error.code,
        "message": error.message,
        "retryable": error.retryable,
    }


async def _line(reader: asyncio.StreamReader) -> bytes:
    """The next line; nothing once the other end is closed, in whatever way."""
    try:
        return await reader.readline()
    except OSError:
        return b""


async def serve(descriptor: int, handlers: Iterable[Handler]) -> None:
    """The child's side for an asyncio program: answers calls until the parent is gone."""
    by_op = {handler.kind.__name__: handler for handler in handlers}
    reader, writer = await asyncio.open_connection(sock=socket.socket(fileno=descriptor), limit=LINE_MAX)
    running: dict[int, asyncio.Task[None]] = {}

    def send(message: dict[str, Any]) -> None:
        writer.write(json.dumps(message).encode() + b"\n")

    async def answer(number: int, op: str, fields: dict[str, Any]) -> None:
        try:
            handler = by_op[op]
            answer = await handler.handle(handler.kind(**fields), lambda event: send({"call": number, "event": event}))
            send({"call": number, "result": answer})
        except Exception as error:
            if not isinstance(error, JobError):
                log.exception("%s failed", op)
            send({"call": number, "error": error_message(error)})
        finally:
            running.pop(number, None)

    try:
        while line := await _line(reader):
            message = json.loads(line)
            number, op = message.pop("call"), message.pop("op")
            if op != "cancel":
                running[number] = asyncio.create_task(answer(number, op, message))
            elif number in running:
                running[number].cancel()
    finally:
        tasks = list(running.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        writer.close()
