"""What passes between the engine host and a page process: open files one way, places in a spool the other.

A page process opens no file of a job. With each call it gets what the call needs, open for reading, and a spool: a file
without a name to write into. It answers with what it left where in the spool; the engine host checks the names and
copies that into the job's folder. So a page process that was taken over holds nothing that would change a job's files.
"""

import asyncio
import os
import re
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import IO, Any, BinaryIO

from app.storage.blobs import BlobName, JobFolder
from worker.documents.info import read_info
from worker.ipc.calls import Misconduct
from worker.ipc.page_messages import BlobKind, BlobPart, GivenFile, OnePageCall, PageAnswer, PageCall, Value

IMAGE_NAME = re.compile(r"p(\d{4,})_\w{1,60}\.\w{1,8}", re.ASCII)
INLINE_MAX = 4 << 20
"""Bytes that are copied in the event loop; more is left to a thread."""
CHUNK = 1 << 20  # bytes


class Handover:
    """The engine host's side of one call about the document in `folder`."""

    def __init__(self, call: PageCall[Any], folder: JobFolder, spool: IO[bytes]) -> None:
        self._call = call
        self._folder = folder
        self._numbers = {str(call.number): call.number} if isinstance(call, OnePageCall) else {}
        """The pages that the call is about, by the names of their blobs."""
        self._files = ExitStack()
        self._spool = spool
        self.descriptors = [spool.fileno()]
        """Of the spool, then of the files that the call is given."""

    async def __aenter__(self) -> "Handover":
        """Opens the files and empties the spool. Raises OSError."""
        os.ftruncate(self._spool.fileno(), 0)
        os.lseek(self._spool.fileno(), 0, os.SEEK_SET)  # for the page process, too: it has the same open file
        try:
            for name in self._call.given:
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

    async def keep(self, answer: PageAnswer[Value]) -> Value:
        """Stores the blobs that the process has left; returns the value of its answer. Raises Misconduct, OSError."""
        blobs: dict[BlobName, list[BlobPart]] = {}
        for part in answer.parts:
            blobs.setdefault(self._name(part), []).append(part)
        if sum(part.size for part in answer.parts) <= INLINE_MAX:
            self._copy(blobs)
        else:
            await asyncio.to_thread(self._copy, blobs)
        return answer.value

    def _add(self, file: IO[bytes]) -> None:
        self._files.enter_context(file)
        self.descriptors.append(file.fileno())

    def _name(self, part: BlobPart) -> BlobName:
        folder = self._folder
        if part.kind not in self._call.taken:
            raise Misconduct(f"{type(self._call).__name__} must not return a {part.kind[:40]!r}")
        if part.kind in ("page", "layout"):
            if part.name not in self._numbers:
                raise Misconduct(f"it returned {part.kind} {part.name[:40]!r}, which was not requested")
            number = self._numbers[part.name]
            return folder.page(number) if part.kind == "page" else folder.layout(number)
        if part.kind == "raster":
            (number,) = self._numbers.values()
            return folder.raster(number)
        if part.kind == "image":
            found = IMAGE_NAME.fullmatch(part.name)
            if found is None or int(found[1]) not in self._numbers.values():
                raise Misconduct(f"it returned an image with the invalid name {part.name[:80]!r}")
            return folder.image(part.name)
        return {"source": folder.source, "document": folder.document, "result": folder.result}[part.kind]

    def _copy(self, blobs: dict[BlobName, list[BlobPart]]) -> None:
        """Raises Misconduct where the spool ends before a blob does."""
        length = os.fstat(self._spool.fileno()).st_size
        for name, parts in blobs.items():
            if parts[-1].end > length:
                raise Misconduct("a blob ends after the end of its spool")
            with self._folder.replacing(name) as file:
                for part in parts:
                    self._copy_part(part, file)

    def _copy_part(self, part: BlobPart, file: IO[bytes]) -> None:
        for offset in range(part.start, part.end, CHUNK):
            chunk = os.pread(self._spool.fileno(), min(CHUNK, part.end - offset), offset)
            if not chunk:  # it has been cut meanwhile
                raise Misconduct("a blob ends after the end of its spool")
            file.write(chunk)

    def _joined_pages(self) -> IO[bytes]:
        """The selected pages, as they are stored, in order. Raises DocumentError, OSError."""
        selected = read_info(self._folder).selected
        self._numbers = {str(number): number for number in selected}
        joined = self._folder.scratch()
        for number in selected:
            joined.write(self._folder.read(self._folder.page(number)) + b"\n")
        joined.flush()
        return joined


class JobFiles:
    """The page process's side: the files of the call in progress, and the spool."""

    def __init__(self, given: tuple[GivenFile, ...], descriptors: list[int]) -> None:
        """`descriptors` are those of a Handover for a call with these files; they are closed with the JobFiles."""
        self.parts: list[BlobPart] = []
        """What was left in the spool."""
        spool, *files = descriptors
        self._spool: BinaryIO = os.fdopen(spool, "wb")
        self._given = {name: os.fdopen(file, "rb") for name, file in zip(given, files, strict=True)}

    def take(self, name: GivenFile) -> BinaryIO:
        """The file of that name, from its beginning, for the caller to close."""
        file = self._given.pop(name)
        file.seek(0)
        return file

    @contextmanager
    def blob(self, kind: BlobKind, name: str = "") -> Iterator[BinaryIO]:
        """What is written to the file becomes a blob when the context ends, or the next part of a blob that was begun.

        Nothing written is no blob.
        """
        start = self._spool.tell()
        yield self._spool
        if size := self._spool.tell() - start:
            if self.parts and self.parts[-1][:2] == (kind, name):
                start, size = self.parts[-1].start, self.parts.pop().size + size
            self.parts.append(BlobPart(kind, name, start, size))

    def write(self, kind: BlobKind, data: "bytes | memoryview", name: str = "") -> None:
        with self.blob(kind, name) as file:
            file.write(data)

    def close(self) -> None:
        for file in (self._spool, *self._given.values()):
            file.close()


def send(connection: socket.socket, handover: Handover) -> None:
    """Passes the files of a call, before the call itself is sent. Raises OSError."""
    socket.send_fds(connection, [b"."], handover.descriptors)


def receive(connection: socket.socket, given: tuple[GivenFile, ...]) -> JobFiles:
    """The files that were passed for a call with these files."""
    _, descriptors, _, _ = socket.recv_fds(connection, 1, 1 + len(given))
    return JobFiles(given, descriptors)
