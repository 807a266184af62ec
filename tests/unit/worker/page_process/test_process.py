"""A page process from the inside: its line, its operations, its limits."""

import json
import math
import os
import resource
import socket
import threading
from pathlib import Path
from typing import Any, TypedDict

import anyio
import pypdfium2 as pdfium
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import DocumentError, PageError
from app.results.layout import parse_layout
from app.results.models import Page
from app.results.pages import store_page, stored_page
from app.storage.blobs import JobFolder
from support.documents import encrypted_pdf, new_pdf, picture_pdf, raw_pdf, scan_pdf, text_pdf
from worker.documents.base import OpenDocument, fitting
from worker.documents.info import DocumentInfo, encode_info
from worker.documents.opening import open_document
from worker.engines.base import PageReader
from worker.ipc.handover import Handover, JobFiles, send
from worker.ipc.page_messages import Assemble, PageCall, Prepare, ReadPage, RenderPage, ReportSandbox, Value
from worker.page_process import process, sandbox
from worker.page_process.process import Pages, load_reader

PP_OCR = "worker.engines.pp_ocr.reader:PPOCRReader"


@pytest.fixture(autouse=True)
def unlimited(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, tuple[int, int]]]:
    """This process is to live on: the limits it would set are only noted."""
    limits: list[tuple[int, tuple[int, int]]] = []
    monkeypatch.setattr(resource, "setrlimit", lambda kind, values: limits.append((kind, values)))
    monkeypatch.setattr(sandbox, "enter", lambda rules: sandbox.Sandbox.FULL)
    return limits


def folder_with(tmp_path: Path, document: bytes) -> JobFolder:
    folder = JobFolder(tmp_path / "job")
    folder.create()
    folder.write(folder.source, document)
    return folder


def do(work: Pages, call: PageCall[Value], folder: JobFolder) -> Value:
    """As a page pool does it, in this process."""

    async def handed_over() -> Value:
        with folder.scratch() as spool:
            async with Handover(call, folder, spool) as handover:
                job = JobFiles(call.given, [os.dup(descriptor) for descriptor in handover.descriptors])
                try:
                    answer = json.dumps(vars(work.answer(call, job)))
                finally:
                    job.close()
                return await handover.keep(call.parse(json.loads(answer)))

    return anyio.run(handed_over)


def prepare(work: Pages, folder: JobFolder) -> list[int]:
    return do(work, Prepare(None, 10, survey=True), folder)


def test_pages_are_rendered_for_an_engine_in_the_host(tmp_path: Path) -> None:
    folder = folder_with(tmp_path, text_pdf())
    work = Pages(load_reader("worker.engines.base:PageReader", 40_000_000), 60)
    prepare(work, folder)
    height, width = do(work, RenderPage(1, 2.0), folder)
    raster = folder.read(folder.raster(1))
    assert len(raster) == height * width * 3
    assert 0 in raster  # ink
    smaller = Pages(load_reader("worker.engines.base:PageReader", 100_000), 60)
    small_height, small_width = do(smaller, RenderPage(1, 2.0), folder)
    assert 95_000 < small_height * small_width <= 100_000
    assert folder.pages_done() == set()


@given(st.floats(1, 14_400), st.floats(1, 14_400), st.integers(10_000, 40_000_000))
def test_a_scale_that_fits(width: float, height: float, most: int) -> None:
    scale = fitting(2.0, width, height, most)
    assert math.ceil(width * scale) * math.ceil(height * scale) <= most


def test_documents_are_read_and_put_together(tmp_path: Path) -> None:
    folder = folder_with(tmp_path, picture_pdf())
    work = Pages(load_reader(PP_OCR, 40_000_000), 60)
    assert prepare(work, folder) == [1]
    do(work, ReadPage(1), folder)
    do(work, Assemble("pp_ocr", "1"), folder)
    result = json.loads(folder.read(folder.result))
    (name,) = folder.image_names()
    assert f"]({name})" in result["markdown"]
    assert (result["engine"], result["engine_version"], result["page_errors"]) == ("pp_ocr", "1", [])


def test_a_document_is_assembled_again_from_its_pages_as_they_were_read(tmp_path: Path) -> None:
    """Each time it is another document, after a retry of the pages that had failed."""
    pdf = new_pdf()
    for number in range(1, 4):
        pdf.add_page()
        pdf.set_font("Helvetica", "", 11)
        pdf.text(30, 10, "Annual report of the harbour board")
        pdf.text(30, 100, f"This is what is said on page {number} and on no other page.")
    folder = folder_with(tmp_path, bytes(pdf.output()))
    work = Pages(load_reader(PP_OCR, 40_000_000), 60)
    selected = prepare(work, folder)
    for number in selected:
        do(work, ReadPage(number), folder)
    read = [stored_page(folder, number) for number in selected]
    for numbers in ([1, 2, 3], [1], [1, 2, 3]):
        folder.write(folder.document, encode_info(DocumentInfo(3, numbers, {})))
        assert do(work, Assemble("pp_ocr", "1"), folder) == []
        result = json.loads(folder.read(folder.result))
        label = "text" if numbers == [1] else "header"
        assert [page["blocks"][0]["label"] for page in result["pages"]] == [label] * len(numbers)
        assert [stored_page(folder, number).public() for number in numbers] == result["pages"]
        assert not any({"raw", "for_assembly"} & page.keys() for page in result["pages"])
    assert [stored_page(folder, page.index).for_assembly for page in read] == [page.for_assembly for page in read]


def test_warnings_of_pages_are_gathered(tmp_path: Path) -> None:
    folder = folder_with(tmp_path, text_pdf(3))
    work = Pages(load_reader(PP_OCR, 40_000_000), 60)
    for number in prepare(work, folder):
        page = Page(number, 1, 1, "text", warnings=["Faint.", "Torn."] if number == 2 else [])
        store_page(folder, page)
    do(work, Assemble("pp_ocr", "1"), folder)
    assert json.loads(folder.read(folder.result))["warnings"] == [
        {"index": 2, "message": "Faint."},
        {"index": 2, "message": "Torn."},
    ]


class Hint(TypedDict):
    says: str


class HintedReader(PageReader[Hint]):
    """Shows on each page which hint the survey gave for it."""

    def survey(self, document: OpenDocument, selected: list[int]) -> dict[int, Hint]:
        return {number: {"says": f"page {number} of {len(document)}"} for number in selected if number != 3}

    def read(self, page: Any, number: int, hint: Hint | None, save_image: Any) -> Page:
        return Page(number, 1, 1, "text", hint["says"] if hint else "no hint", [])


@pytest.mark.parametrize("survey", [True, False])
def test_each_page_is_read_with_its_own_hint(tmp_path: Path, survey: bool) -> None:
    folder = folder_with(tmp_path, text_pdf(4))
    work = Pages(HintedReader(40_000_000), 60)
    do(work, Prepare("2-4", 5, survey), folder)
    for number in (4, 3, 2):
        do(work, ReadPage(number), folder)
    read = [stored_page(folder, number).markdown for number in (2, 3, 4)]
    assert read == (["page 2 of 4", "no hint", "page 4 of 4"] if survey else ["no hint"] * 3)


def test_scans_are_read(tmp_path: Path) -> None:
    folder = folder_with(tmp_path, scan_pdf())
    work = Pages(load_reader(PP_OCR, 40_000_000), 60)
    prepare(work, folder)
    do(work, ReadPage(1), folder)
    page = stored_page(folder, 1)
    assert page.route == "ocr"
    assert page.confidence is not None
    layout = parse_layout(folder.read(folder.layout(1)))
    assert layout.lines
    assert all(line.confidence is not None and 0.5 < line.confidence <= 1 for line in layout.lines)


@pytest.mark.parametrize(
    ("document", "code"),
    [
        (b"%PDF-1.4 nothing", "document_invalid"),
        (encrypted_pdf(), "document_encrypted"),
        (raw_pdf(b"", pages=0), "document_empty"),
    ],
)
def test_documents_that_cannot_be_opened(tmp_path: Path, document: bytes, code: str) -> None:
    folder = folder_with(tmp_path, document)
    with pytest.raises(DocumentError) as refusal:
        open_document(folder.open(folder.source), 1)
    assert refusal.value.code == code


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (pdfium.PdfiumError("no"), "is damaged: no"),
        (MemoryError(), "PAGE_MEMORY_MB"),
        (IndexError("bug"), r"internal error \(IndexError\)"),
        (PermissionError("no"), "the sandbox denied access"),
    ],
)
def test_pages_that_cannot_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception, words: str
) -> None:
    def fail(*arguments: Any) -> None:
        raise error

    folder = folder_with(tmp_path, text_pdf())
    reader = load_reader("worker.engines.null:NullReader", 1)
    monkeypatch.setattr(reader, "read", fail)
    work = Pages(reader, 60)
    prepare(work, folder)
    with pytest.raises(PageError, match=words):
        do(work, ReadPage(1), folder)


def test_the_line(tmp_path: Path, unlimited: list[Any], capsys: pytest.CaptureFixture[str]) -> None:
    (ours, theirs), (files, passed) = socket.socketpair(), socket.socketpair()
    work = Pages(load_reader("worker.engines.null:NullReader", 1), 5)
    thread = threading.Thread(target=process.serve, args=(work, sandbox.Sandbox.FULL, theirs.detach(), passed.detach()))
    thread.start()
    folder = folder_with(tmp_path, text_pdf(2))
    with files, ours, ours.makefile("rwb") as line:

        def say(op: str, **message: Any) -> Any:
            line.write(json.dumps({"call": 1, "op": op, **message}).encode() + b"\n")
            line.flush()
            return json.loads(line.readline())

        def ask(call: PageCall[Any], folder: JobFolder) -> Any:
            async def handed_over() -> Any:
                with folder.scratch() as spool:
                    async with Handover(call, folder, spool) as handover:
                        send(files, handover)
                        answer = say(type(call).__name__, **vars(call))
                        return answer if "error" in answer else await handover.keep(call.parse(answer["result"]))

            return anyio.run(handed_over)

        assert say(ReportSandbox.__name__) == {"call": 1, "result": "full"}
        assert ask(Prepare(None, 5, survey=True), folder) == [1, 2]
        line.write(b'{"call": 1, "op": "cancel"}\n')
        for number in (1, 2):
            assert ask(ReadPage(number), folder) is None
            assert folder.has(folder.page(number))
        wrong = ask(Prepare("7", 5, survey=True), folder)["error"]
        assert (wrong["kind"], wrong["code"]) == ("DocumentError", "page_range_invalid")
        assert say("dance")["error"]["code"] == "internal"
    thread.join(10)
    assert not thread.is_alive()
    assert {kind for kind, _ in unlimited} == {resource.RLIMIT_CPU}
    assert "Traceback" in capsys.readouterr().err
