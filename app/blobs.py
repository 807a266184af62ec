"""The blob store: files under DATA_DIR/blobs, one folder a job.

{id}/source          the document
{id}/headers.json    headers for the server of the document, until it is fetched
{id}/password        the document's, until it is opened
{id}/document.json   what was learned of the document as a whole
{id}/pages/{n}.json  one page each
{id}/pages/{n}.bgr   its pixels, on their way to an engine in the engine host
{id}/images/{name}   pictures, as raw bytes
{id}/result.json     the result without its images

A job's folders are made once, when the job is submitted. Nothing makes them again: after a job is deleted, whatever
still works on it sees its writes fail.
"""

import contextlib
import os
import shutil
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:  # page processes import this module and need no settings
    from app.settings import Settings

REMOVED = ".removed."
"""What the name of a folder begins with while it is being removed."""


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """A file to write that takes `path`'s place only when all of it is there.

    Raises FileNotFoundError where the folder of `path` is gone: its job was deleted.
    """
    part = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
    try:
        with part.open("xb") as file:
            yield file
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def write(path: Path, data: "bytes | memoryview") -> None:
    with replacing(path) as file:
        file.write(data)


class JobFolder:
    """The blobs of one job."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.source = root / "source"
        self.headers = root / "headers.json"
        self.password = root / "password"
        self.document = root / "document.json"
        self.pages = root / "pages"
        self.images = root / "images"
        self.result = root / "result.json"

    def create(self) -> None:
        """Makes the job's folders, when it is submitted."""
        for folder in (self.root, self.pages, self.images):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    @property
    def exists(self) -> bool:
        """False once the job was deleted."""
        return self.root.is_dir()

    def page(self, number: int) -> Path:
        return self.pages / f"{number}.json"

    def raster(self, number: int) -> Path:
        return self.pages / f"{number}.bgr"

    def image(self, name: str) -> Path:
        return self.images / name

    def pages_done(self) -> set[int]:
        """Numbers of the pages that are stored."""
        return {int(path.stem) for path in self.pages.glob("[0-9]*.json")}

    def image_names(self) -> list[str]:
        try:
            return sorted(name for name in os.listdir(self.images) if not name.startswith("."))
        except FileNotFoundError:
            return []

    def touched_at(self) -> float:
        """When a blob last came or went; now, for a folder that is going away."""
        try:
            return max(path.stat().st_mtime for path in (self.root, self.pages, self.images) if path.exists())
        except (FileNotFoundError, ValueError):
            return time.time()

    def forget_parts(self) -> None:
        """Removes what is left of a document that was never written to its end."""
        for part in self.root.glob(f".{self.source.name}.*"):
            part.unlink(missing_ok=True)

    def delete(self) -> None:
        """Removes all of it. Renamed first, so that no writer can put anything into a folder that is being removed."""
        removed = self.root.with_name(f"{REMOVED}{self.root.name}.{uuid.uuid4().hex}")
        with contextlib.suppress(FileNotFoundError, NotADirectoryError):
            self.root.rename(removed)
        shutil.rmtree(removed, ignore_errors=True)


class BlobStore:
    """All jobs' blobs."""

    def __init__(self, settings: "Settings") -> None:
        self._root = settings.data_dir.absolute() / "blobs"

    def job(self, job_id: str) -> JobFolder:
        return JobFolder(self._root / job_id)

    def untouched(self, seconds: float) -> list[str]:
        """The jobs whose folders nothing has come into or left for so long."""
        before = time.time() - seconds
        folders = [self.job(name) for name in self._names() if not name.startswith(REMOVED)]
        return [folder.root.name for folder in folders if folder.touched_at() < before]

    def finish_removals(self) -> None:
        """Removes what is left of folders whose removal was cut off."""
        for name in self._names():
            if name.startswith(REMOVED):
                shutil.rmtree(self._root / name, ignore_errors=True)

    def _names(self) -> list[str]:
        try:
            return os.listdir(self._root)
        except FileNotFoundError:  # no job was ever stored
            return []
