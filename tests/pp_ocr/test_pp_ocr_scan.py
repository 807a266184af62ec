"""Scans: rendering, OCR, straightening, order, tables."""

from pathlib import Path

import numpy as np
import pypdfium2 as pdfium
import pytest
import rapidocr.utils.download_file as downloads
from PIL import Image
from pp_ocr_documents import ITEMS, SENTENCES, Document, scanned, simple

from app.errors import PageError
from worker.engines.pp_ocr import probe, scan
from worker.engines.pp_ocr.bullets import mark_bullets
from worker.engines.pp_ocr.lines import Line
from worker.engines.pp_ocr.recogniser import recogniser
from worker.engines.pp_ocr.scan import straighten


@pytest.fixture(autouse=True)
def nothing_is_downloaded(monkeypatch):
    def refuse(*args, **kwargs):
        raise AssertionError("a download was tried")

    monkeypatch.setattr(downloads.DownloadFile, "run", refuse)


def test_a_skewed_scan_reads_like_its_original(scan_path, article_path, read):
    [original] = read(article_path)
    [page] = read(scan_path)
    assert (page.route, page.route_reason) == ("ocr", "scanned")
    lines = [line for line in original.markdown.splitlines() if line and not line.startswith("![")]
    found = page.markdown.splitlines()
    assert sum(line in found for line in lines) >= 0.9 * len(lines)
    assert [block.label for block in page.blocks].count("table") == 1
    titles = [next(b.bbox for b in p.blocks if b.content == "2 Measurements") for p in (original, page)]
    assert all(abs(a - b) < 20 for a, b in zip(*titles, strict=True))


def test_a_table_and_a_list_survive_the_scanner(scan_path, read):
    [page] = read(scan_path)
    assert "| Ashford | 2021 | 25.19 | 2,764 |" in page.markdown
    for number, item in enumerate(ITEMS, 1):
        assert f"- {item}" in page.markdown
        assert f"{number}. {item}" in page.markdown


def test_two_columns_are_read_one_after_the_other(tmp_path, read):
    document = Document()
    document.line("Tidings of the North", 20, "B")
    document.set_font("Helvetica", "", 11)
    for column, part in enumerate((SENTENCES[:2], SENTENCES[2:4])):
        document.set_xy(20 + column * 90, 45)
        document.multi_cell(80, 5.5, " ".join(part) * 2, align="L")
    document.output(str(tmp_path / "a.pdf"))
    [page] = read(scanned(str(tmp_path / "a.pdf"), tmp_path / "b.pdf"))
    text = page.markdown.replace("\n\n", " ")
    assert text.startswith("# Tidings of the North")
    assert text.index(SENTENCES[0][:30]) < text.index(SENTENCES[1][:30]) < text.index(SENTENCES[2][:30])


def test_a_picture_without_text_is_an_empty_ocr_page(tmp_path, read):
    document = Document()
    document.image(Image.new("RGB", (50, 50), "navy"), x=0, y=0, w=100, h=100)
    document.output(str(tmp_path / "a.pdf"))
    [page] = read(str(tmp_path / "a.pdf"))
    assert (page.route, page.markdown) == ("ocr", "")


def test_an_invisible_layer_is_not_trusted(tmp_path, read):
    document = Document()
    with document.local_context(text_mode="INVISIBLE"):
        document.line("Nothing that anyone can see")
    document.image(picture_of(SENTENCES[0], tmp_path), x=0, y=0, w=210, h=297)
    document.output(str(tmp_path / "a.pdf"))
    for hints in (None, [{"route": "ocr", "reason": "scanned"}]):
        [page] = read(str(tmp_path / "a.pdf"), hints=hints)
        assert page.route == "ocr"
        assert page.markdown == SENTENCES[0]


def test_a_layer_of_nonsense_is_not_trusted(tmp_path, monkeypatch):
    raster = np.array(picture_of(SENTENCES[0], tmp_path).convert("RGB"))[:, :, ::-1]
    line = next(read_line(tmp_path))
    assert not probe.contradicts([line], raster)
    shifted = Line("".join(chr(ord(c) + 3) if c.isalpha() else c for c in line.text), line.box, line.size)
    assert probe.contradicts([shifted], raster)
    assert not probe.contradicts([Line("short", line.box, line.size)], raster)


def test_suspicion_by_pdf_inspector_is_checked(tmp_path, read):
    path = simple(tmp_path / "a.pdf", *SENTENCES)
    [page] = read(path, hints=[{"route": "ocr", "reason": "suspected_garbled_text"}])
    assert (page.route, page.route_reason) == ("text", None)


def test_shifted_letters_are_doubtful_and_language_is_not():
    text = " ".join(SENTENCES)
    shifted = "".join(chr((ord(c) - 97 + 6) % 26 + 97) if c.islower() else c for c in text)
    assert not probe.doubtful([Line(text, (0, 0, 1, 1), 10)])
    assert probe.doubtful([Line(shifted, (0, 0, 1, 1), 10)])
    assert not probe.doubtful([Line("12 34", (0, 0, 1, 1), 10)])
    assert probe.unreadable([Line("مرحبا بالعالم", (0, 0, 1, 1), 10)])


def test_a_recogniser_that_fails_costs_one_page(monkeypatch):
    def fail(raster):
        raise RuntimeError("bad_alloc")

    monkeypatch.setattr(scan, "recogniser", lambda: fail)
    with pytest.raises(PageError):
        scan.read(np.zeros((10, 10, 3), np.uint8))


def test_nothing_read_means_no_lines():
    empty = straighten([], 100, 100)
    assert (empty.items, empty.angle) == ([], 0.0)


def test_long_lines_give_the_angle():
    quads = [([[100, y], [700, y + 12], [700, y + 32], [100, y + 20]], f"line {y}") for y in (100, 140, 180)]
    straight = straighten(quads, 800, 1000)
    assert straight.angle == pytest.approx(0.02, abs=0.001)
    box = straight.items[0].box
    assert box[3] - box[1] == pytest.approx(20, abs=1)
    assert straight.back(box)[3] - straight.back(box)[1] > 30


def test_bullets_are_seen_in_pairs_only():
    raster = np.full((200, 400, 3), 255, np.uint8)
    quads = [[[60, y], [300, y], [300, y + 40], [60, y + 40]] for y in (20, 80, 140)]
    for y in (20, 80):
        raster[y + 17 : y + 25, 40:48] = 0
    raster[:, 75:90] = 0
    texts = [(quad, f"text {i}") for i, quad in enumerate(quads)]
    assert [text for _, text in mark_bullets(raster, texts)] == ["• text 0", "• text 1", "text 2"]
    assert [text for _, text in mark_bullets(raster, texts[1:])] == ["text 1", "text 2"]


def test_there_is_one_recogniser_with_models_of_its_own():
    assert recogniser() is recogniser()
    assert Path(recogniser().cfg.Det.model_path).is_file()


def picture_of(text: str, folder: Path) -> Image.Image:
    """A page with the text, 150 dpi."""
    with pdfium.PdfDocument(simple(folder / "picture.pdf", text)) as document:
        return document[0].render(scale=150 / 72).to_pil()


def read_line(folder: Path):
    from worker.engines.pp_ocr import textlayer
    from worker.engines.pp_ocr.frame import Frame

    with pdfium.PdfDocument(str(folder / "picture.pdf")) as document:
        page = document[0]
        yield from textlayer.read(page, Frame.of(page, 40_000_000)).lines
