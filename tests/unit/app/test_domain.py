"""The small parts: settings, page ranges, errors, blobs, results, ports."""

import base64
import contextlib
import io
import json
import shutil
import socket
import threading
import time
import zipfile
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app import errors
from app.cli.parse import named
from app.documents.page_ranges import parse_page_ranges
from app.engines.options import OPTIONS
from app.errors import DocumentError, InvalidRequest, JobError, RequestError
from app.jobs.models import Job, Status, iso
from app.processes.ports import free_port, port_holder
from app.results.models import Block, Page
from app.results.rendering import Outcome, result_zip
from app.settings import Settings, SettingsError, load_settings
from app.storage.blobs import REMOVED, BlobStore, JobFolder
from worker.engines import ENGINES, engine_class, resolve
from worker.page_process.selection import select_pages


def test_settings_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FETCH_ALLOWED_HOSTS", "wiki.lan, files.lan:8000")
    monkeypatch.setenv("OCR_ENGINE", "pp_ocr")
    monkeypatch.setenv("REDIS_URL", "")
    settings = load_settings()
    assert settings.fetch_allowed_hosts == ["wiki.lan", "files.lan:8000"]
    assert (settings.engine, settings.redis_url, settings.max_file_bytes) == ("pp_ocr", None, 200 << 20)


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, ("v1.6", "PP-DocLayoutV3", "PaddleOCR-VL-1.6-0.9B")),
        ({"MODEL": "v1"}, ("v1", "PP-DocLayoutV2", "PaddleOCR-VL-0.9B")),
        ({"MODEL_NAME": "PaddleOCR-VL-1.5-0.9B"}, ("v1.5", "PP-DocLayoutV3", "PaddleOCR-VL-1.5-0.9B")),
        ({"MODEL_NAME": "PaddlePaddle/PaddleOCR-VL-0.9B"}, ("v1", "PP-DocLayoutV2", "PaddlePaddle/PaddleOCR-VL-0.9B")),
        ({"MODEL_NAME": "ours", "MODEL": "v1.5"}, ("v1.5", "PP-DocLayoutV3", "ours")),
    ],
)
def test_a_model_is_chosen_as_a_whole(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], expected: tuple[str, str, str]
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    model = load_settings().vl_model
    assert (model.version, model.layout, model.name) == expected


def test_models_that_contradict_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODEL", "v1.6")
    monkeypatch.setenv("MODEL_NAME", "PaddleOCR-VL-1.5-0.9B")
    with pytest.raises(SettingsError, match=r"MODEL=v1\.6 goes with PaddleOCR-VL-1\.6-0\.9B"):
        load_settings()


def test_names_that_people_already_have(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OCR_ENGINE", "vllm")
    monkeypatch.setenv("VLLM_URL", "http://vlm:8118, http://vlm2:8000/proxy/v1/")
    monkeypatch.setenv("PADDLE_PDX_MODEL_SOURCE", "BOS")
    settings = load_settings()
    assert settings.engine == "paddleocr_vl"
    assert settings.vl_server_url == ["http://vlm:8118/v1", "http://vlm2:8000/proxy/v1"]
    assert settings.paddle_pdx_model_source == "bos"


def test_models_may_lie_beside_us(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LAYOUT_MODEL_DIR", "models/layout")
    monkeypatch.setenv("VL_MODEL_DIR", "~/vl")
    settings = load_settings()
    assert settings.layout_model_dir == tmp_path / "models/layout"
    assert settings.vl_model_dir == Path.home() / "vl"


def test_every_setting_is_explained() -> None:
    assert [name for name, field in Settings.model_fields.items() if not field.description] == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "0"),
        ("FETCH_ALLOWED_HOSTS", "http://a"),
        ("PAGE_TIMEOUT", "no"),
        ("VL_SERVER_URL", "vlm:8118"),
        ("VL_SERVER_URL", ","),
        ("MODEL", "v2"),
    ],
)
def test_settings_that_cannot_be(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match=name):
        load_settings()


def test_every_error_has_a_code_and_a_place() -> None:
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, Exception)]
    assert len(kinds) > 15
    for kind in kinds:
        assert kind.__name__ in (errors.__doc__ or "")
        assert kind.__doc__
        if issubclass(kind, RequestError) and kind is not RequestError:
            assert kind.code in (errors.__doc__ or "")
            assert 400 <= kind("Words.").problem()["status"] < 600
        if issubclass(kind, JobError):
            assert set(kind("Words.").to_dict()) == {"code", "message"}


@pytest.mark.parametrize(
    ("text", "spans"),
    [
        ("1", [(1, 1)]),
        ("1-3,5", [(1, 3), (5, 5)]),
        (" 2 - 4 , 7- ", [(2, 4), (7, None)]),
        ("9999999", [(9999999,) * 2]),
    ],
)
def test_page_ranges(text: str, spans: list[tuple[int, int | None]]) -> None:
    assert parse_page_ranges(text) == spans


@given(st.text(max_size=30))
def test_page_ranges_raise_nothing_else(text: str) -> None:
    with contextlib.suppress(InvalidRequest):
        assert all(first >= 1 for first, _ in parse_page_ranges(text))


@given(st.sets(st.integers(1, 60), min_size=1))
def test_selected_pages_are_those_asked_for(numbers: set[int]) -> None:
    assert select_pages(",".join(map(str, numbers)), 60, 60) == sorted(numbers)


def test_selection_is_bounded() -> None:
    assert select_pages(None, 3, 10) == [1, 2, 3]
    assert select_pages("2-100", 3, 10) == [2, 3]
    assert select_pages("2-", 4, 10) == [2, 3, 4]
    assert select_pages("3,1-2,2", 3, 10) == [1, 2, 3]
    for ranges, code in (("4", "page_range_invalid"), (None, "too_many_pages"), ("1-11", "too_many_pages")):
        with pytest.raises(DocumentError) as refusal:
            select_pages(ranges, 3 if code == "page_range_invalid" else 11, 10)
        assert refusal.value.code == code
    with pytest.raises(DocumentError):
        select_pages("1-100000" + ",1-100000" * 900, 100_000, 2000)


def test_a_record_survives_the_store() -> None:
    job = Job(
        id="a" * 32,
        status=Status.QUEUED,
        engine="pp_ocr",
        pdf_url="http://a.test/",
        options={"a": [1]},
        metadata=None,
        page_ranges="1-",
    )
    assert Job.from_fields(job.to_fields() | {"created_at": "1.5"}, 2.0) == replace(
        job, created_at=1.5, read_at=2.0, fetch_from="a.test"
    )
    assert iso(0) == "1970-01-01T00:00:00.000000Z"


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


def test_a_page_leaves_out_what_it_has_not() -> None:
    page = Page(1, 10, 20, "text", "words", [Block("text", [0, 0, 10, 20], "words")])
    assert page.to_dict() == {
        "index": 1,
        "width": 10,
        "height": 20,
        "route": "text",
        "markdown": "words",
        "blocks": [{"label": "text", "bbox": [0, 0, 10, 20], "content": "words", "order": 0}],
        "warnings": [],
    }


def test_ports() -> None:
    port = free_port()
    assert port_holder("127.0.0.1", port) is None
    with socket.create_server(("127.0.0.1", port)):
        assert f"Port {port} is in use by process" in str(port_holder("127.0.0.1", port))
    with pytest.raises(OSError, match="assign"):
        port_holder("203.0.113.7", port)


def test_the_engines_are_the_same_on_both_sides() -> None:
    assert set(OPTIONS) == set(ENGINES)
    assert resolve("auto") != "null"
    for name in ENGINES:
        assert engine_class(name).name == name


def test_outputs_are_named_apart() -> None:
    sources = ["a/x.pdf", "b/x.pdf", "http://h.test/My%20Paper.pdf?q=1", "http://h.test/", "../.pdf", "C:\\x"]
    names = [document.name for document in named(sources)]
    assert names[:3] == ["x", "x-2", "My_Paper"]
    assert len(set(names)) == len(names)
    assert all("/" not in name and not name.startswith(".") for name in names)
