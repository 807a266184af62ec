"""The blob store where something else lies under a blob's name: what parses documents may be taken over."""

import io
import json
import os
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from app.jobs.models import Job, Status
from app.jobs.secrets import Secrets
from app.results.models import Page
from app.results.pages import store_page, stored_page
from app.results.rendering import Outcome, result_markdown, result_zip
from app.storage.blobs import JobFolder
from support.in_process import serving

SECRET = '{"markdown": "secret", "Authorization": "secret"}'


def link(path: Path, outside: Path) -> None:
    path.unlink(missing_ok=True)
    path.symlink_to(outside)


def linked_folder(path: Path, outside: Path) -> None:
    """The folder of the blob becomes a link to another with a file of the same name."""
    other = outside.parent / f"other-{path.parent.name}"
    other.mkdir()
    (other / path.name).write_bytes(outside.read_bytes())
    path.unlink(missing_ok=True)
    path.parent.rename(path.parent.with_name(f"{path.parent.name}-away"))
    path.parent.symlink_to(other)


def pipe(path: Path, outside: Path) -> None:
    path.unlink(missing_ok=True)
    os.mkfifo(path)


def folder(path: Path, outside: Path) -> None:
    path.unlink(missing_ok=True)
    path.mkdir()


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    found = tmp_path / "outside"
    found.write_text(SECRET)
    return found


@pytest.fixture
def job(tmp_path: Path) -> JobFolder:
    made = JobFolder(tmp_path / "blobs" / "job")
    made.create()
    store_page(made, Page(1, 10, 10, "text", markdown="text"))
    made.write(made.image("figure.png"), b"\x89PNG")
    made.write(made.result, b'{"markdown": "text"}')
    return made


@pytest.mark.parametrize("make", [link, linked_folder, pipe, folder])
def test_only_files_of_the_job_are_read(job: JobFolder, outside: Path, make: Callable[[Path, Path], None]) -> None:
    for path in (job.page(1), job.image("figure.png")):
        make(job._root / path, outside)
        with pytest.raises(FileNotFoundError):
            job.open(path)
    for path in (job.headers, job.password, job.document):
        (link if make is linked_folder else make)(job._root / path, outside)
        with pytest.raises(FileNotFoundError):
            job.read(path)
    assert Secrets.of(job) == Secrets()
    assert job.pages_done() == set()
    with pytest.raises(FileNotFoundError):
        stored_page(job, 1)
    read = b"".join(result_zip(job, 0.0)) + b"".join(Outcome(Job("j", Status.FINISHED, "null"), job))
    assert b"secret" not in read
    assert result_markdown(job) == "text"


def test_a_job_that_is_a_link_has_no_blobs(job: JobFolder) -> None:
    linked = JobFolder(job._root.with_name("linked"))
    linked._root.symlink_to(job._root)
    assert (linked.pages_done(), linked.image_names()) == (set(), [])
    with pytest.raises(FileNotFoundError):
        linked.read(linked.result)
    with pytest.raises(FileNotFoundError):
        linked.write(linked.result, b"{}")


def test_nothing_is_written_through_a_link(job: JobFolder, outside: Path) -> None:
    link(job._root / job.result, outside)
    job.write(job.result, b"{}")
    assert (job.read(job.result), outside.read_text()) == (b"{}", SECRET)
    elsewhere = outside.parent / "elsewhere"
    elsewhere.mkdir()
    job._pages.rename(job._root / "away")
    job._pages.symlink_to(elsewhere)
    with pytest.raises(FileNotFoundError):
        store_page(job, Page(2, 10, 10, "text"))
    assert list(elsewhere.iterdir()) == []


def test_what_is_not_written_to_its_end_is_not_there(job: JobFolder) -> None:
    def cut_off() -> None:
        with job.replacing(job.image("half.png")) as file:
            file.write(b"half")
            assert job.image_names() == ["figure.png"]
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        cut_off()
    assert os.listdir(job._images) == ["figure.png"]


def test_the_zip_is_whole(job: JobFolder) -> None:
    job.write(job.image("large.bin"), b"x" * (3 << 20))
    with zipfile.ZipFile(io.BytesIO(b"".join(result_zip(job, 0.0)))) as archive:
        assert archive.testzip() is None
        sizes = {entry.filename: entry.file_size for entry in archive.infolist()}
        assert json.loads(archive.read("result.json")) == {"markdown": "text"}
    assert sizes == {"document.md": 4, "result.json": 20, "figure.png": 4, "large.bin": 3 << 20}


@pytest.mark.anyio
async def test_the_api_serves_no_file_that_is_not_the_jobs(
    monkeypatch: pytest.MonkeyPatch, store_url: str, data_dir: Path, outside: Path
) -> None:
    async with serving(monkeypatch, store_url, data_dir) as api:
        job = await api.job()
        folder = JobFolder(data_dir / "blobs" / job)
        good = await api.client.get(f"/jobs/{job}/images/figure.png")
        assert (good.content[1:4], good.headers["content-type"]) == (b"PNG", "image/png")
        assert good.headers["x-content-type-options"] == "nosniff"
        for blob in (folder.image("figure.png"), folder.page(1), folder.result):
            link(folder._root / blob, outside)
        for path, status in (("images/figure.png", 404), ("pages/1", 404), *((f"result{kind}", 410) for kind in KINDS)):
            answer = await api.client.get(f"/jobs/{job}/{path}")
            assert (answer.status_code, "secret" in answer.text) == (status, False), path


KINDS = ("", "?format=md", "?format=zip")
