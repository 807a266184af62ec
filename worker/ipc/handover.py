"""What passes between the engine host and a page process: open files one way, places in a spool the other.

A page process opens no file of a job. With each call it gets what the call needs, open for reading, and a spool: a file
without a name to write into. It answers with what it left where in the spool; the engine host checks the names and
copies that into the job's folder. So a page process that was taken over holds nothing that would change a job's files.
"""

import asyncio
import json
import os
import re
import socket
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, Any, BinaryIO

from app.storage.blobs import REMOVED, JobFolder, replacing

GIVEN: dict[str, tuple[str, ...]] = {
    "decrypt": ("source",),
    "prepare": ("source",),
    "page": ("source", "document"),
    "render": ("source", "document"),
    "assemble": ("pages",),
}
"""The files that each operation reads; `pages` are the stored pages, one JSON object a line."""
TAKEN: dict[str, frozenset[str]] = {
    "decrypt": frozenset({"source"}),
    "prepare": frozenset({"document"}),
    "page": frozenset({"page", "image"}),
    "render": frozenset({"raster"}),
    "assemble": frozenset({"page", "result"}),
}
"""The kinds of blobs that each operation may leave."""
BLOBS_MAX = 10_000
"""That a call may leave: a page has few pictures, but the assembly of a document may change all of its pages."""
IMAGE_NAME = re.compile(r"p(\d{4,})_\w{1,60}\.\w{1,8}", re.ASCII)
AT_ONCE = 4 << 20
"""Bytes that are copied in the event loop; more is left to a thread."""
PIECE = 1 << 20


class Misconduct(Exception):
    """A page process handed over what no reader of ours does: it was taken over."""


class Handover:
    """The engine host's side of one call about `folder`; `number` is the page that it is about, if it is about one."""

    def __init__(self, op: str, folder: JobFolder, number: int | None, spool: IO[bytes]) -> None:
        self._op = op
        self._folder = folder
        self._numbers = set() if number is None else {number}
        self._files = ExitStack()
        self._spool = spool
        self.descriptors = [spool.fileno()]
        """Of the spool, then of the files by GIVEN."""

    async def __aenter__(self) -> "Handover":
        """Opens the files and empties the spool. Raises OSError."""
        os.ftruncate(self._spool.fileno(), 0)
        os.lseek(self._spool.fileno(), 0, os.SEEK_SET)  # for the page process, too: it has the same open file
        try:
            for name in GIVEN[self._op]:
                if name == "pages":
                    self._add(await asyncio.to_thread(self._joined_pages))
                else:
                    self._add(self._folder.open(self._folder.source if name == "source" else self._folder.document))
        except BaseException:
            self._files.close()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        self._files.close()

    async def keep(self, result: Any) -> Any:
        """Stores what the process has left by its answer to the call; returns the value in it.

        Raises Misconduct, OSError.
        """
        try:
            value, blobs = result["value"], result["blobs"]
            places = [(self._path(kind, name), int(start), int(size)) for kind, name, start, size in blobs]
        except (TypeError, ValueError, KeyError) as error:
            raise Misconduct(f"its answer is malformed: {error!r}") from error
        if len(places) > BLOBS_MAX or any(start < 0 or size <= 0 for _, start, size in places):
            raise Misconduct("its list of blobs is malformed")
        if sum(size for _, _, size in places) <= AT_ONCE:
            self._copy(places)
        else:
            await asyncio.to_thread(self._copy, places)
        return value

    def _add(self, file: IO[bytes]) -> None:
        self._files.enter_context(file)
        self.descriptors.append(file.fileno())

    def _path(self, kind: str, name: str) -> Path:
        folder = self._folder
        if kind not in TAKEN[self._op]:
            raise Misconduct(f"{self._op} leaves no {str(kind)[:40]!r}")
        if kind == "page":
            if int(name) not in self._numbers:
                raise Misconduct(f"it was not asked for page {int(name)}")
            return folder.page(int(name))
        if kind == "raster":
            (number,) = self._numbers
            return folder.raster(number)
        if kind == "image":
            found = IMAGE_NAME.fullmatch(name)
            if found is None or int(found[1]) not in self._numbers:
                raise Misconduct(f"no picture of the page is called {name[:80]!r}")
            return folder.image(name)
        return {"source": folder.source, "document": folder.document, "result": folder.result}[kind]

    def _copy(self, places: list[tuple[Path, int, int]]) -> None:
        for path, start, size in places:
            with replacing(path) as file:
                for at in range(start, start + size, PIECE):
                    piece = os.pread(self._spool.fileno(), min(PIECE, start + size - at), at)
                    if not piece:
                        raise Misconduct("its spool is shorter than it says")
                    file.write(piece)

    def _joined_pages(self) -> IO[bytes]:
        """The selected pages, as they are stored, in order."""
        self._numbers = set(json.loads(self._folder.read(self._folder.document))["selected"])
        joined = nameless(self._folder)
        for number in sorted(self._numbers):
            joined.write(self._folder.read(self._folder.page(number)) + b"\n")
        joined.flush()
        return joined


def nameless(folder: JobFolder) -> IO[bytes]:
    """A file without a name, on the file system of the job's folder.

    Beside that folder: in a new one, ext4 takes twenty times as long to make a file.
    """
    return tempfile.TemporaryFile(dir=folder.root.parent, prefix=REMOVED)


class JobFiles:
    """The page process's side: the files of the call in progress, and the spool."""

    def __init__(self, op: str, descriptors: list[int]) -> None:
        self.blobs: list[tuple[str, str, int, int]] = []
        """Kind, name, place in the spool and size of what was left there."""
        spool, *given = (os.fdopen(descriptor, mode) for descriptor, mode in zip(descriptors, _modes(op), strict=True))
        self._spool: BinaryIO = spool  # type: ignore[assignment]
        self._given: dict[str, BinaryIO] = dict(zip(GIVEN[op], given, strict=True))  # type: ignore[arg-type]

    def take(self, name: str) -> BinaryIO:
        """The file of that name, from its beginning, for the caller to close."""
        file = self._given.pop(name)
        file.seek(0)
        return file

    @contextmanager
    def blob(self, kind: str, name: str = "") -> Iterator[BinaryIO]:
        """What is written to the file becomes a blob when the context ends; nothing written is no blob."""
        start = self._spool.tell()
        yield self._spool
        if size := self._spool.tell() - start:
            self.blobs.append((kind, name, start, size))

    def write(self, kind: str, data: "bytes | memoryview", name: str = "") -> None:
        with self.blob(kind, name) as file:
            file.write(data)

    def close(self) -> None:
        for file in (self._spool, *self._given.values()):
            file.close()


def send(connection: socket.socket, handover: Handover) -> None:
    """Passes the files of a call, before the call itself is sent. Raises OSError."""
    socket.send_fds(connection, [b"."], handover.descriptors)


def receive(connection: socket.socket, op: str) -> list[int]:
    """The descriptors that were passed for the call."""
    most = 1 + len(GIVEN[op])
    _, descriptors, _, _ = socket.recv_fds(connection, 1, most)
    return descriptors


def _modes(op: str) -> list[str]:
    return ["wb", *("rb" for _ in GIVEN[op])]
