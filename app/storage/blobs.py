"""Blob storage: files under DATA_DIR/blobs, one folder a job. Blobs have names; no path of one leaves this module.

{id}/source          the document
{id}/headers.json    headers for the server of the document, until it is fetched
{id}/password        the document's, until it is opened
{id}/document.json   what was learned of the document as a whole
{id}/pages/{n}.json  one page each
{id}/pages/{n}.layout.json  its lines and the cells of its tables
{id}/pages/{n}.bgr   its pixels, on their way to an engine in the engine host
{id}/images/{name}   pictures, as raw bytes
{id}/result.json     the result without its images

A job's folders are made once, when the job is submitted. Nothing makes them again: after a job is deleted, whatever
still works on it sees its writes fail.
"""

import contextlib
import errno
import math
import os
import shutil
import stat
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import IO, TYPE_CHECKING, BinaryIO, NewType

if TYPE_CHECKING:  # page processes import this module and need no settings
    from app.settings import Settings

REMOVED = ".removed."
"""What the name of a folder begins with while it is being removed."""
REMOVAL_TRIES = 5
"""Whoever opened the folder before it was renamed may put one more file into it; what is left is the sweeper's."""


NO_BLOB = frozenset({errno.ELOOP, errno.ENOTDIR, errno.ENAMETOOLONG, errno.ENXIO})
"""What opening a name fails with where it is a link, lies below one, is none of ours, or is a socket."""


@contextlib.contextmanager
def _folder(root: Path, *names: str) -> Iterator[int]:
    """A descriptor of the folder `names` below `root`; neither it nor any of them may be a link."""
    with contextlib.ExitStack() as opened:
        descriptor = -1
        for name in (str(root), *names):
            flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
            with _blobs_only(name):
                descriptor = os.open(name, flags, dir_fd=None if descriptor < 0 else descriptor)
            opened.callback(os.close, descriptor)
        yield descriptor


@contextlib.contextmanager
def _blobs_only(name: str) -> Iterator[None]:
    """What is there under a blob's name but is none is as good as absent."""
    try:
        yield
    except OSError as error:
        if error.errno in NO_BLOB:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), name) from error
        raise


@contextlib.contextmanager
def _replacing(path: Path) -> Iterator[BinaryIO]:
    """A file to write that takes `path`'s place only when all of it is there.

    Raises FileNotFoundError where the folder of `path` is gone: its job was deleted. A link at `path` is replaced, one
    in place of its folder is not followed.
    """
    part = f".{path.name}.{uuid.uuid4().hex}"
    with _folder(path.parent) as folder:
        try:
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
            with os.fdopen(os.open(part, flags, 0o666, dir_fd=folder), "wb") as file:
                yield file
            os.rename(part, path.name, src_dir_fd=folder, dst_dir_fd=folder)
        except BaseException:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(part, dir_fd=folder)
            raise


BlobName = NewType("BlobName", str)
"""The name of a blob within its job."""


class JobFolder:
    """The blobs of one job, by their names. All methods may raise OSError."""

    source = BlobName("source")
    headers = BlobName("headers.json")
    password = BlobName("password")
    document = BlobName("document.json")
    result = BlobName("result.json")

    def __init__(self, root: Path) -> None:
        self._root = root
        self._pages = root / "pages"
        self._images = root / "images"

    @property
    def id(self) -> str:
        """The job's."""
        return self._root.name

    def page(self, number: int) -> BlobName:
        return BlobName(f"pages/{number}.json")

    def layout(self, number: int) -> BlobName:
        return BlobName(f"pages/{number}.layout.json")

    def raster(self, number: int) -> BlobName:
        return BlobName(f"pages/{number}.bgr")

    def image(self, name: str) -> BlobName:
        return BlobName(f"images/{name}")

    def create(self) -> None:
        """Makes the job's folders, when it is submitted."""
        for folder in (self._root, self._pages, self._images):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    @property
    def exists(self) -> bool:
        """False once the job was deleted."""
        return self._root.is_dir()

    def open(self, blob: BlobName) -> BinaryIO:
        """Opens one of the job's blobs to read; all of them are read through here.

        What parses documents may be taken over and leave something else under a blob's name, so no link is followed,
        neither at the file nor at a folder of the job, and only regular files are opened. Raises FileNotFoundError.
        """
        *names, name = blob.split("/")
        with _folder(self._root, *names) as folder, _blobs_only(name):
            flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC  # opening a pipe must not wait
            descriptor = os.open(name, flags, dir_fd=folder)
        file = os.fdopen(descriptor, "rb") if stat.S_ISREG(os.fstat(descriptor).st_mode) else None
        if file is None:
            os.close(descriptor)
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), name)
        return file

    def read(self, blob: BlobName) -> bytes:
        """The whole of a blob. Raises FileNotFoundError."""
        with self.open(blob) as file:
            return file.read()

    def size(self, blob: BlobName) -> int:
        """Bytes of a blob. Raises FileNotFoundError."""
        with self.open(blob) as file:
            return os.fstat(file.fileno()).st_size

    def has(self, blob: BlobName) -> bool:
        try:
            self.open(blob).close()
        except FileNotFoundError:
            return False
        return True

    def replacing(self, blob: BlobName) -> AbstractContextManager[BinaryIO]:
        """A file to write that becomes the blob only when all of it is there, in place of what was.

        Raises FileNotFoundError where the job was deleted. A link at its name is replaced, one in place of its folder
        is not followed.
        """
        return _replacing(self._root / blob)

    def write(self, blob: BlobName, data: "bytes | memoryview") -> None:
        with self.replacing(blob) as file:
            file.write(data)

    def remove(self, blob: BlobName) -> None:
        """Removes a blob, if it is there."""
        (self._root / blob).unlink(missing_ok=True)

    def scratch(self) -> IO[bytes]:
        """A local file without a name, for what is yet to become blobs.

        Beside the job's folder: in a new one, ext4 takes twenty times as long to make a file.
        """
        return tempfile.TemporaryFile(dir=self._root.parent, prefix=REMOVED)

    def pages_done(self) -> set[int]:
        """Numbers of the pages that are stored."""
        names = (name.removesuffix(".json") for name in self._names("pages") if name.endswith(".json"))
        return {int(name) for name in names if name.isascii() and name.isdigit()}

    def image_names(self) -> list[str]:
        return sorted(self._names("images"))

    def _names(self, folder: str) -> list[str]:
        """Names of the regular files in a folder of the job that are written to their end."""
        try:
            with _folder(self._root, folder) as descriptor, os.scandir(descriptor) as entries:
                return [
                    entry.name
                    for entry in entries
                    if not entry.name.startswith(".") and entry.is_file(follow_symlinks=False)
                ]
        except FileNotFoundError:
            return []

    def touched_at(self) -> float:
        """When a blob last came or went, by the file system's clock; infinity for a folder that is being removed."""
        try:
            return max(path.lstat().st_mtime for path in (self._root, self._pages, self._images) if path.exists())
        except (FileNotFoundError, ValueError):
            return math.inf

    def forget_parts(self) -> None:
        """Removes what is left of a document that was never written to its end."""
        for part in self._root.glob(f".{self.source}.*"):
            part.unlink(missing_ok=True)

    def delete(self) -> None:
        """Removes all of it. Renamed first, so that no writer can put anything into a folder that is being removed."""
        removed = self._root.with_name(f"{REMOVED}{self._root.name}.{uuid.uuid4().hex}")
        with contextlib.suppress(FileNotFoundError, NotADirectoryError):
            self._root.rename(removed)
        for _ in range(REMOVAL_TRIES):
            shutil.rmtree(removed, ignore_errors=True)
            if not removed.exists():
                return


class BlobStore:
    """All jobs' blobs."""

    def __init__(self, settings: "Settings") -> None:
        self._root = settings.data_dir.absolute() / "blobs"

    def job(self, job_id: str) -> JobFolder:
        return JobFolder(self._root / job_id)

    def untouched(self, seconds: float) -> list[str]:
        """The jobs whose folders nothing has come into or left for so long, by the file system's clock: on a shared
        one, ours may be wrong.
        """
        try:
            os.utime(self._root)
            before = self._root.stat().st_mtime - seconds
        except FileNotFoundError:  # no job was ever stored
            return []
        folders = [self.job(name) for name in self._names() if not name.startswith(REMOVED)]
        return [folder.id for folder in folders if folder.touched_at() < before]

    def finish_removals(self) -> None:
        """Removes what is left of folders and files whose removal was cut off."""
        for name in self._names():
            if name.startswith(REMOVED):
                shutil.rmtree(self._root / name, ignore_errors=True)
                with contextlib.suppress(OSError):  # of a folder, or somebody else's
                    os.unlink(self._root / name)

    def _names(self) -> list[str]:
        try:
            return os.listdir(self._root)
        except FileNotFoundError:  # no job was ever stored
            return []
