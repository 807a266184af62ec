"""Results as JSON and ZIP."""

import base64
import io
import json
import os
import time
import zipfile
from datetime import datetime, timezone
from pathlib import Path

import pytest

from app.jobs.models import Job, Status
from app.results.layout import Layout, TextLine, encode_layout
from app.results.rendering import CHUNK, Outcome, outcome_with_lines, result_zip
from app.settings import Settings
from app.storage.blobs import BlobStore, JobFolder


def ended_job(tmp_path: Path) -> tuple[Job, JobFolder, bytes]:
    folder = BlobStore(Settings(data_dir=tmp_path)).job("a" * 32)
    folder.create()
    image = bytes(range(256)) * 5000  # over a chunk, and no multiple of three
    folder.write(folder.result, json.dumps({"markdown": "# Größe", "pages": []}, ensure_ascii=False).encode())
    folder.write(folder.image("p0001_figure_1.png"), image)
    folder.write(folder.image("p0002_figure_1.png"), b"")
    return Job(id="a" * 32, status=Status.FINISHED, engine="null", created_at=1, metadata=[1]), folder, image


def test_results_are_streamed_as_json(tmp_path: Path) -> None:
    job, folder, image = ended_job(tmp_path)
    body = Outcome(job, folder)
    outcome = json.loads(b"".join(body))
    assert len(b"".join(body)) == len(body)
    images = outcome["result"].pop("images")
    assert outcome == {
        "job_id": "a" * 32,
        "status": "finished",
        "metadata": [1],
        "result": {"markdown": "# Größe", "pages": []},
    }
    assert {name: base64.b64decode(data) for name, data in images.items()} == {
        "p0001_figure_1.png": image,
        "p0002_figure_1.png": b"",
    }


def test_results_are_streamed_with_lines(tmp_path: Path) -> None:
    """Of pages whose engine has them; not of a page that failed when it was read again."""
    job, folder, _ = ended_job(tmp_path)
    error = {"code": "page_failed", "message": "No."}
    pages = [{"index": 1, "blocks": []}, {"index": 2, "blocks": []}, {"index": 3, "blocks": [], "error": error}]
    folder.write(folder.result, json.dumps({"pages": pages, "markdown": "# Größe"}, ensure_ascii=False).encode())
    for number in (2, 3):
        folder.write(folder.layout(number), encode_layout(Layout(72.0, [TextLine("Größe", [1, 2, 3, 4], 0.5)])))
    outcome = json.loads(b"".join(outcome_with_lines(job, folder)))
    pages[1] |= {"dpi": 72.0, "lines": [{"text": "Größe", "bbox": [1, 2, 3, 4], "confidence": 0.5}]}
    images = json.loads(b"".join(Outcome(job, folder)))["result"]["images"]
    assert outcome == {
        "job_id": "a" * 32,
        "status": "finished",
        "metadata": [1],
        "result": {"pages": pages, "markdown": "# Größe", "images": images},
    }


def test_results_are_streamed_as_zip(tmp_path: Path) -> None:
    _, folder, image = ended_job(tmp_path)
    pieces = list(result_zip(folder, 0.0))
    assert len(pieces) > 1
    with zipfile.ZipFile(io.BytesIO(b"".join(pieces))) as archive:
        assert archive.testzip() is None
        assert archive.read("p0001_figure_1.png") == image
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_members_of_a_zip_have_the_time_of_the_job_s_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not that of an API's clock, nor in its time zone."""
    _, folder, _ = ended_job(tmp_path)
    with monkeypatch.context() as elsewhere:
        elsewhere.setenv("TZ", "Asia/Tokyo")
        time.tzset()
        pieces = list(result_zip(folder, datetime(2026, 1, 31, 23, 59, 58, tzinfo=timezone.utc).timestamp()))
    time.tzset()
    with zipfile.ZipFile(io.BytesIO(b"".join(pieces))) as archive:
        assert {entry.date_time for entry in archive.infolist()} == {(2026, 1, 31, 23, 59, 58)}


def test_a_zip_is_made_in_bounded_pieces(tmp_path: Path) -> None:
    folder = JobFolder(tmp_path)
    folder._images.mkdir()
    result = {"markdown": os.urandom(3 << 20).hex(), "pages": os.urandom(2 << 20).hex()}
    folder.write(folder.result, json.dumps(result).encode())
    folder.write(folder.image("p1.png"), os.urandom(5 << 20))
    pieces = list(result_zip(folder, 0.0))
    assert max(map(len, pieces)) <= 3 * CHUNK
    with zipfile.ZipFile(io.BytesIO(b"".join(pieces))) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == ["document.md", "result.json", "p1.png"]
        assert archive.read("document.md").decode() == result["markdown"]
        assert json.loads(archive.read("result.json")) == result
        assert archive.read("p1.png") == folder.read(folder.image("p1.png"))
    next(broken_off := result_zip(folder, 0.0))
    broken_off.close()  # type: ignore[attr-defined]
