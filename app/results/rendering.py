"""A job's outcome in the forms that are sent: JSON with its images, markdown, ZIP. None of them is whole in memory."""

import base64
import io
import json
import os
import time
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

from app.jobs.models import Job
from app.results.pages import add_layout
from app.storage.blobs import BlobName, JobFolder
from app.strict_json import encode

CHUNK = 1 << 20  # bytes
ZIP_EPOCH = 315_532_800.0  # 1980-01-01 UTC: a ZIP has no earlier time
_BASE64_CHUNK = 3 << 18  # bytes; a multiple of three, so that the pieces join


@dataclass(frozen=True)
class _FilePart:
    """The first `size` bytes of a file, sent as they are or in base64."""

    folder: JobFolder
    blob: BlobName
    size: int
    base64: bool = False

    def __len__(self) -> int:
        return -(-self.size // 3) * 4 if self.base64 else self.size

    def read(self) -> Iterator[bytes]:
        left = self.size
        with self.folder.open(self.blob) as file:
            while left > 0 and (piece := file.read(min(left, _BASE64_CHUNK if self.base64 else CHUNK))):
                left -= len(piece)
                yield base64.b64encode(piece) if self.base64 else piece


class Outcome:
    """`{job_id, status, result}`, or `{job_id, status, error}`, of an ended job, as JSON whose length is known before.

    It is read in pieces and never whole in memory. Raises OSError where the result is not in the blob store.
    """

    def __init__(self, job: Job, folder: JobFolder) -> None:
        self._parts: list[bytes | _FilePart] = []
        head = encode(outcome_head(job))
        if job.error is not None:
            self._parts = [head]
        else:
            self._parts = [head[:-1] + b', "result": ', *_result_parts(folder), b"}"]

    def __len__(self) -> int:
        """Bytes."""
        return sum(len(part) for part in self._parts)

    def __iter__(self) -> Iterator[bytes]:
        for part in self._parts:
            if isinstance(part, bytes):
                yield part
            else:
                yield from part.read()


def outcome_with_lines(job: Job, folder: JobFolder) -> Iterator[bytes]:
    """The same of a finished job, with the layout of each page, in pieces. Raises OSError before the first of them."""
    result = json.loads(folder.read(folder.result))
    return _with_lines(job, folder, result.pop("pages"), result)


def _with_lines(job: Job, folder: JobFolder, pages: list[dict[str, Any]], rest: dict[str, Any]) -> Iterator[bytes]:
    yield encode(outcome_head(job))[:-1] + b', "result": {"pages": ['
    for position, page in enumerate(pages):
        add_layout(folder, page)
        yield (b", " if position else b"") + encode(page)
        page.clear()  # what has been sent need not stay
    yield b"], " + encode(rest)[1:-1]
    for part in _images(folder):
        if isinstance(part, bytes):
            yield part
        else:
            yield from part.read()
    yield b"}"


def _result_parts(folder: JobFolder) -> Iterator[bytes | _FilePart]:
    """The stored result, whose closing brace is held back until its images stand behind it."""
    yield _FilePart(folder, folder.result, folder.size(folder.result) - 1)
    yield from _images(folder)


def _images(folder: JobFolder) -> Iterator[bytes | _FilePart]:
    """The images as the last field of an object."""
    yield b', "images": {'
    for position, name in enumerate(folder.image_names()):
        yield (b", " if position else b"") + encode(name) + b': "'
        yield _FilePart(folder, folder.image(name), folder.size(folder.image(name)), base64=True)
        yield b'"'
    yield b"}}"


def outcome_head(job: Job) -> dict[str, Any]:
    """What an answer about an ended job begins with; the whole of it where the job failed."""
    head: dict[str, Any] = {"job_id": job.id, "status": job.status.value}
    if job.metadata is not None:
        head["metadata"] = job.metadata
    if job.error is not None:
        head["error"] = job.error
    return head


def result_markdown(folder: JobFolder) -> str:
    markdown: str = json.loads(folder.read(folder.result))["markdown"]
    return markdown


def result_zip(folder: JobFolder, ended_at: float) -> Iterator[bytes]:
    """A ZIP of document.md, the images it shows beside it, and result.json, in pieces of little more than CHUNK.

    Its members carry `ended_at`, in epoch seconds, as UTC.
    """
    pieces, modified = _Pieces(), time.gmtime(max(ended_at, ZIP_EPOCH))
    with zipfile.ZipFile(pieces, "w", zipfile.ZIP_DEFLATED) as archive:
        markdown = result_markdown(folder).encode()
        yield from _member(archive, pieces, _entry("document.md", modified, len(markdown)), io.BytesIO(markdown))
        del markdown
        for blob in (folder.result, *map(folder.image, folder.image_names())):
            with folder.open(blob) as file:
                size = os.fstat(file.fileno()).st_size
                entry = _entry(blob.rpartition("/")[2], modified, size, compressed=blob == folder.result)
                yield from _member(archive, pieces, entry, file)
    yield pieces.take()


def _entry(name: str, modified: time.struct_time, size: int, *, compressed: bool = True) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, modified[:6])
    entry.compress_type = zipfile.ZIP_DEFLATED if compressed else zipfile.ZIP_STORED
    entry.file_size = size
    return entry


def _member(archive: zipfile.ZipFile, pieces: "_Pieces", info: zipfile.ZipInfo, source: BinaryIO) -> Iterator[bytes]:
    """Writes a member of the archive; yields what there is of the archive whenever that is a CHUNK."""
    with archive.open(info, "w") as member:
        while chunk := source.read(CHUNK):
            member.write(chunk)
            if len(pieces) >= CHUNK:
                yield pieces.take()


class _Pieces(io.RawIOBase):
    """A file that is written to at one end and taken from at the other."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: Any, /) -> int:
        self._buffer += data
        return len(data)

    def __len__(self) -> int:
        """Bytes that can be taken."""
        return len(self._buffer)

    def take(self) -> bytes:
        taken = bytes(self._buffer)
        self._buffer.clear()
        return taken
