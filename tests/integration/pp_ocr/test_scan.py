"""Scans: rendering, OCR, straightening, order, tables."""

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pypdfium2 as pdfium
import pytest
import rapidocr.utils.download_file as downloads
from PIL import Image

from app.errors import PageError
from app.results.models import Page
from support.pp_ocr.documents import ITEMS, SENTENCES, Document, changed, scanned, simple
from support.pp_ocr.fixtures import Read
from worker.engines.pp_ocr import probe
from worker.engines.pp_ocr.model.boxes import Quad
from worker.engines.pp_ocr.model.frame import Raster, Turn
from worker.engines.pp_ocr.model.lines import Line
from worker.engines.pp_ocr.page import convert
from worker.engines.pp_ocr.raster import scan
from worker.engines.pp_ocr.raster.bullets import mark_bullets
from worker.engines.pp_ocr.raster.recogniser import recogniser

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def nothing_is_downloaded(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: Any, **kwargs: Any) -> None:
        raise AssertionError("a download was tried")

    monkeypatch.setattr(downloads.DownloadFile, "run", refuse)


@pytest.fixture(scope="module")
def scan_page(scan_path: str) -> Page:
    with pdfium.PdfDocument(scan_path) as document:
        return convert(document[0], 1, {}, lambda name, data: None, max_pixels=40_000_000)


def test_a_skewed_scan_reads_like_its_original(scan_page: Page, article_path: str, read: Read) -> None:
    [original] = read(article_path)
    assert (scan_page.route, scan_page.route_reason) == ("ocr", "scanned")
    lines = [line for line in original.markdown.splitlines() if line and not line.startswith("![")]
    found = scan_page.markdown.splitlines()
    assert sum(line in found for line in lines) >= 0.9 * len(lines)
    labels = [block.label for block in scan_page.blocks]
    assert (labels[0], labels.count("table"), labels.count("image")) == ("doc_title", 1, 1)
    titles = [next(b.bbox for b in p.blocks if b.content == "2 Measurements") for p in (original, scan_page)]
    assert all(abs(a - b) < 20 for a, b in zip(*titles, strict=True))


def test_a_table_and_a_list_survive_the_scanner(scan_page: Page) -> None:
    assert "| Ashford | 2021 | 25.19 | 2,764 |" in scan_page.markdown
    for number, item in enumerate(ITEMS, 1):
        assert f"- {item}" in scan_page.markdown
        assert f"{number}. {item}" in scan_page.markdown


@pytest.mark.parametrize("rotation", [90, 180])
def test_a_page_that_lies_on_its_side_or_head(tmp_path: Path, read: Read, rotation: int) -> None:
    """With a ruled table, bold headings of the body's size, and a paragraph."""
    document = Document()
    document.paragraph("Report on Water Supply", 20, "B")
    document.paragraph(" ".join(SENTENCES[:3]))
    document.paragraph("Measurements", 11, "B")
    document.grid()
    document.paragraph("Remarks", 11, "B")
    document.paragraph(" ".join(SENTENCES[3:]))
    document.output(str(tmp_path / "a.pdf"))
    scan = scanned(str(tmp_path / "a.pdf"), tmp_path / "b.pdf")
    [page] = read(changed(scan, tmp_path / "c.pdf", rotation=rotation), hints=[{}])
    assert [block.label for block in page.blocks] == [
        "doc_title",
        "text",
        "paragraph_title",
        "table",
        "paragraph_title",
        "text",
    ]
    assert page.markdown.startswith(f"# Report on Water Supply\n\n{' '.join(SENTENCES[:3])}\n\n")
    assert "| Colby Point | 2023 | 28.16 | 1,269 |" in page.markdown
    x0, y0, x1, y1 = page.blocks[0].bbox
    if rotation == 90:
        assert x0 > 0.85 * page.width
        assert y1 - y0 > x1 - x0
    else:
        assert y0 > 0.85 * page.height


def test_two_columns_are_read_one_after_the_other(tmp_path: Path, read: Read) -> None:
    document = Document()
    document.paragraph("Tidings of the North", 20, "B")
    document.set_font("Helvetica", "", 11)
    for column, part in enumerate((SENTENCES[:2], SENTENCES[2:4])):
        document.set_xy(20 + column * 90, 45)
        document.multi_cell(80, 5.5, " ".join(part) * 2, align="L")
    document.output(str(tmp_path / "a.pdf"))
    [page] = read(scanned(str(tmp_path / "a.pdf"), tmp_path / "b.pdf"))
    text = page.markdown.replace("\n\n", " ")
    assert text.startswith("# Tidings of the North")
    assert text.index(SENTENCES[0][:30]) < text.index(SENTENCES[1][:30]) < text.index(SENTENCES[2][:30])


def test_a_picture_without_text_is_an_empty_ocr_page(tmp_path: Path, read: Read) -> None:
    document = Document()
    document.image(Image.new("RGB", (50, 50), "navy"), x=0, y=0, w=100, h=100)
    document.output(str(tmp_path / "a.pdf"))
    [page] = read(str(tmp_path / "a.pdf"))
    assert (page.route, page.markdown) == ("ocr", "")


def test_an_invisible_layer_is_not_trusted(tmp_path: Path, read: Read) -> None:
    document = Document()
    with document.local_context(text_mode="INVISIBLE"):
        document.paragraph("Nothing that anyone can see")
    document.image(picture_of(SENTENCES[0], tmp_path), x=0, y=0, w=210, h=297)
    document.output(str(tmp_path / "a.pdf"))
    [page] = read(str(tmp_path / "a.pdf"))
    assert (page.route, page.route_reason, page.markdown) == ("ocr", "invisible_text_layer", SENTENCES[0])


def test_a_layer_of_nonsense_is_not_trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    raster = np.array(picture_of(SENTENCES[0], tmp_path).convert("RGB"))[:, :, ::-1]
    line = next(read_line(tmp_path))
    assert not probe.contradicts([line], raster)
    shifted = Line("".join(chr(ord(c) + 3) if c.isalpha() else c for c in line.text), line.box, line.size)
    assert probe.contradicts([shifted], raster)
    assert not probe.contradicts([Line("short", line.box, line.size)], raster)


def test_a_recogniser_that_fails_costs_one_page(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(raster: Raster) -> None:
        raise RuntimeError("bad_alloc")

    monkeypatch.setattr(scan, "recogniser", lambda: fail)
    with pytest.raises(PageError):
        scan.read(np.zeros((10, 10, 3), np.uint8))


def quads_of(*angles: float) -> list[Quad]:
    """Lines of 600 pixels that fall to the right by so much, one below the other."""
    return [[[100, y], [700, y + 600 * a], [700, y + 600 * a + 20], [100, y + 20]] for y, a in enumerate(angles, 100)]


def scanned_page(raster: Raster, turn: Turn, angle: float) -> scan.Scan:
    """One on which nothing was found."""
    return scan.Scan(raster, [], [], [], [], False, turn, angle)


def test_levelled_boxes_lead_back() -> None:
    height, width = 1000, 800
    [quad] = quads_of(0.02)
    angle = math.atan(0.02)
    box = scan._level(quad, width, height, angle)
    assert box[3] - box[1] == pytest.approx(20, abs=1)
    page = scanned_page(np.zeros((height, width, 3), np.uint8), Turn(0, width, height), angle)
    assert page.back(box)[3] - page.back(box)[1] > 30
    turned = scanned_page(page.raster, Turn(1, height, width), 0.0)
    assert turned.back((100, 0, 200, 20)) == pytest.approx((980, 100, 1000, 200), abs=0.1)


def test_nothing_read_means_no_lines() -> None:
    found = scan.read(np.full((100, 100, 3), 255, np.uint8))
    assert (found.lines, found.rules, found.texts, found.angle) == ([], [], [], 0.0)


def test_bullets_are_seen_in_pairs_only() -> None:
    raster = np.full((200, 400, 3), 255, np.uint8)
    quads = [[[60, y], [300, y], [300, y + 40], [60, y + 40]] for y in (20, 80, 140)]
    for y in (20, 80):
        raster[y + 17 : y + 25, 40:48] = 0
    raster[:, 75:90] = 0
    texts = [(quad, f"text {i}") for i, quad in enumerate(quads)]
    assert [text for _, text in mark_bullets(raster, texts)] == ["• text 0", "• text 1", "text 2"]
    assert mark_bullets(raster, texts)[0][0][0][0] == pytest.approx(40, abs=1)
    assert [text for _, text in mark_bullets(raster, texts[1:])] == ["text 1", "text 2"]


def test_there_is_one_recogniser_with_models_of_its_own() -> None:
    assert recogniser() is recogniser()
    assert Path(recogniser().cfg.Det.model_path).is_file()


def picture_of(text: str, folder: Path) -> Image.Image:
    """A page with the text, 150 dpi."""
    with pdfium.PdfDocument(simple(folder / "picture.pdf", text)) as document:
        image: Image.Image = document[0].render(scale=150 / 72).to_pil()
    return image


def read_line(folder: Path) -> Iterator[Line]:
    from worker.engines.pp_ocr.layer import textlayer
    from worker.engines.pp_ocr.model.frame import Frame

    with pdfium.PdfDocument(str(folder / "picture.pdf")) as document:
        page = document[0]
        yield from textlayer.read(page, Frame.of(page, 40_000_000)).lines
