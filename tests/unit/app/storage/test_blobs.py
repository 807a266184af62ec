"""Files of jobs: each is written whole, and none appears in a folder that was deleted."""

import shutil
import threading
from pathlib import Path

import pytest

from app.settings import Settings
from app.storage.blobs import REMOVED, BlobStore, JobFolder


def test_a_file_appears_whole_or_not_at_all(tmp_path: Path) -> None:
    folder = JobFolder(tmp_path)

    def fail() -> None:
        with folder.replacing(folder.result) as file:
            file.write(b"half")
            raise OSError

    with pytest.raises(OSError):  # noqa: PT011 - any will do
        fail()
    assert list(tmp_path.iterdir()) == []
    folder.write(folder.result, b"whole")
    folder.write(folder.result, b"again")
    assert folder.read(folder.result) == b"again"


def test_nothing_makes_the_folder_of_a_deleted_job_again(tmp_path: Path) -> None:
    blobs = BlobStore(Settings(data_dir=tmp_path))
    folder = blobs.job("a" * 32)
    folder.create()

    def write_late() -> None:
        with folder.replacing(folder.page(1)) as file:
            folder.delete()
            file.write(b"late")

    with pytest.raises(FileNotFoundError):
        write_late()
    for blob in (folder.source, folder.page(2), folder.image("a.png"), folder.result):
        with pytest.raises(FileNotFoundError):
            folder.write(blob, b"late")
    assert not folder.exists
    assert list(folder._root.parent.iterdir()) == []


def test_a_folder_is_gone_at_once_for_those_who_write_to_it(tmp_path: Path) -> None:
    """However many files come in while they are removed."""
    blobs = BlobStore(Settings(data_dir=tmp_path))
    for number in range(20):
        folder = blobs.job(f"{number:032x}")
        folder.create()
        written, refused = threading.Event(), threading.Event()

        def keep_writing(folder: JobFolder, written: threading.Event, refused: threading.Event) -> None:
            for page in range(1, 100_000):
                try:
                    folder.write(folder.page(page), b"{}")
                except FileNotFoundError:
                    refused.set()
                    break
                written.set()

        writer = threading.Thread(target=keep_writing, args=[folder, written, refused], daemon=True)
        writer.start()
        written.wait()
        folder.delete()
        writer.join()
        assert refused.is_set()
        assert list(folder._root.parent.iterdir()) == []


def test_a_removal_that_was_cut_off_is_finished(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    blobs = BlobStore(Settings(data_dir=tmp_path))
    folder = blobs.job("a" * 32)
    folder.create()
    with monkeypatch.context() as killed:
        killed.setattr(shutil, "rmtree", lambda *_, **__: None)
        folder.delete()
    assert blobs.untouched(-60) == []
    (folder._root.parent / f"{REMOVED}spool").touch()
    assert len(list(folder._root.parent.iterdir())) == 2
    blobs.finish_removals()
    assert list(folder._root.parent.iterdir()) == []
