"""Pictures on scans: what counts as one, and where it ends."""

import cv2
import numpy as np
import pypdfium2 as pdfium
import pytest

from support.pp_ocr.documents import SENTENCES, Document, picture
from worker.engines.pp_ocr.model.boxes import Box
from worker.engines.pp_ocr.model.frame import Raster
from worker.engines.pp_ocr.raster.figures import figures

SCALE = 150 / 25.4
"""Pixels per mm."""
DPI_SCALE = 150 / 72
PHOTO, CHART = (30.0, 80.0, 100.0, 120.0), (120.0, 150.0, 190.0, 200.0)
"""In mm."""


class Scan:
    """A page as a scanner sees it, with the boxes of its lines in pixels."""

    def __init__(self, document: Document) -> None:
        with pdfium.PdfDocument(bytes(document.output())) as pdf:
            page = pdf[0]
            text = page.get_textpage()
            height = page.get_height()
            rects = [text.get_rect(i) for i in range(text.count_rects())]
            self.lines: list[Box] = [
                tuple(round(v * DPI_SCALE) for v in (left - 1, height - top - 1, right + 1, height - bottom + 1))
                for left, bottom, right, top in rects
            ]
            self.raster: Raster = np.ascontiguousarray(page.render(scale=DPI_SCALE).to_numpy()[:, :, :3])

    def worn(self) -> "Scan":
        """Lit unevenly, with noise, on yellowish paper, and the lid's shadow at two edges."""
        height, width = self.raster.shape[:2]
        y, x = np.mgrid[0 : 1 : height * 1j, 0 : 1 : width * 1j]
        light = (1 - 0.18 * (0.5 * x + 0.5 * y * y))[..., None] * [0.92, 0.97, 1.0]
        noise = np.random.default_rng(1).normal(0, 6, (height, width, 1))
        raster = np.clip(self.raster * light + noise, 0, 255)
        raster[:, :14] = raster[:12] = 30
        self.raster = raster.astype(np.uint8)
        return self

    def figures(self, **known: list[Box]) -> list[Box]:
        return figures(self.raster, self.lines, **known)


def boxes_of(*boxes: Box) -> list[Box]:
    return [(x0 * SCALE, y0 * SCALE, x1 * SCALE, y1 * SCALE) for x0, y0, x1, y1 in boxes]


def likeness(a: Box, b: Box) -> float:
    """Intersection over union."""
    across, down = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    both = max(across, 0) * max(down, 0)
    return both / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - both)


def found_all(found: list[Box], wanted: list[Box]) -> bool:
    return len(found) == len(wanted) and all(likeness(a, b) > 0.8 for a, b in zip(found, wanted, strict=True))


def draw_chart(document: Document, box: Box) -> None:
    """Bars in a pale colour on an axis, with ticks and names: its text is at its sides."""
    x0, y0, x1, y1 = box
    document.set_font("Helvetica", "", 8)
    document.set_draw_color(90)
    document.line(x0 + 10, y0, x0 + 10, y1 - 9)
    document.line(x0 + 10, y1 - 9, x1, y1 - 9)
    document.set_fill_color(190, 215, 240)
    for k, value in enumerate((0.5, 0.9, 0.3, 0.7)):
        left, tall = x0 + 14 + k * 14, value * (y1 - y0 - 9)
        document.rect(left, y1 - 9 - tall, 9, tall, "F")
        document.text(left + 2, y1 - 5, f"Q{k + 1}")
        document.text(x0 + 5, y0 + 4 + k * 10, str(8 - 2 * k))
    document.text(x0 + 32, y1, "Quarter")
    document.set_draw_color(0)


def illustrated() -> Document:
    """Text around a photo and a chart, both with captions; a box with text; a rule."""
    document = Document()
    document.paragraph("Report on Water Supply", 22, "B")
    document.paragraph(" ".join(SENTENCES[:4]))
    document.image(picture(), *PHOTO[:2], PHOTO[2] - PHOTO[0], PHOTO[3] - PHOTO[1])
    document.set_y(123)
    document.paragraph("Figure 1: The weir in spring.", 9, indent=10)
    document.set_fill_color(255, 240, 190)
    document.rect(20, 145, 90, 40, "F")
    document.set_xy(23, 148)
    document.set_font("Helvetica", "", 11)
    document.multi_cell(84, 5.5, " ".join(SENTENCES[:3]), align="L")
    draw_chart(document, CHART)
    document.set_y(203)
    document.paragraph("Figure 2: Cost by quarter.", 9, indent=100)
    document.line(20, 215, 190, 215)
    document.set_y(220)
    document.paragraph(" ".join(SENTENCES))
    return document


@pytest.mark.parametrize("worn", [False, True])
def test_a_photo_and_a_chart_are_found_and_nothing_else(worn: bool) -> None:
    scan = Scan(illustrated())
    captions = [line for line in scan.lines if 122 < line[1] / SCALE < 130 or 202 < line[1] / SCALE < 212]
    assert len(captions) == 2
    found = (scan.worn() if worn else scan).figures(captions=captions)
    assert found_all(found, boxes_of(PHOTO, CHART)), found
    for caption in captions:
        assert all(min(box[2] - caption[0], box[3] - caption[1]) < 3 or box[1] > caption[3] for box in found)


def test_labels_lie_inside_of_the_chart() -> None:
    scan = Scan(illustrated())
    *_, chart = scan.figures()
    labels = [line for line in scan.lines if line[0] / SCALE > 120 and 150 < line[1] / SCALE < 198]
    assert len(labels) >= 9
    assert all(a >= b - 1 for line in labels for a, b in zip(line[:2], chart[:2], strict=True))
    assert all(a <= b + 1 for line in labels for a, b in zip(line[2:], chart[2:], strict=True))


def test_photos_beside_each_other_are_two() -> None:
    document = Document()
    document.paragraph(" ".join(SENTENCES[:2]))
    pair = [(20.0, 60.0, 100.0, 110.0), (103.0, 60.0, 183.0, 110.0)]
    for x0, y0, x1, y1 in pair:
        document.image(picture(), x0, y0, x1 - x0, y1 - y0)
    assert found_all(Scan(document).worn().figures(), boxes_of(*pair))


def test_a_logo_with_its_letters_is_one_picture() -> None:
    document = Document()
    document.set_fill_color(180, 30, 30)
    document.ellipse(20, 20, 14, 14, "F")
    document.set_fill_color(60)
    for y in (22, 26, 30):
        document.rect(35.5, y, 18, 2, "F")
    document.set_y(50)
    document.paragraph(" ".join(SENTENCES))
    assert found_all(Scan(document).figures(), boxes_of((20, 20, 53.5, 34)))


def test_tables_forms_and_grounds_of_text_are_no_pictures() -> None:
    document = Document()
    document.set_fill_color(20, 60, 120)
    document.rect(0, 0, 210, 18, "F")
    document.set_y(25)
    document.grid()
    document.set_fill_color(225, 230, 240)
    for row in range(4):
        if row % 2:
            document.rect(20, 80 + row * 8, 120, 8, "F")
        for column in range(4):
            document.set_font("Helvetica", "", 11)
            document.text(23 + column * 30, 85.5 + row * 8, f"{row + 3}{column},{row * 37 % 90 + 10}")
    for row in range(3):
        document.rect(70, 130 + row * 12, 110, 9)
        document.text(20, 136 + row * 12, "Telephone")
        document.text(73, 136 + row * 12, "Brightwater")
    document.rect(20, 175, 170, 35)
    document.text(22, 180, "For office use only")
    document.set_y(220)
    document.paragraph(" ".join(SENTENCES))
    scan = Scan(document)
    assert scan.figures() == []
    assert scan.worn().figures() == []


def test_what_is_known_to_be_a_table_is_left_alone() -> None:
    document = Document()
    document.paragraph(" ".join(SENTENCES[:2]))
    document.image(picture(), 40, 80, 100, 60)
    scan = Scan(document)
    where = boxes_of((40, 80, 140, 140))
    assert found_all(scan.figures(), where)
    assert scan.figures(tables=where) == []


@pytest.mark.parametrize("gap", [0.0, 1.0, 2.5])
def test_boxes_that_arrows_join_are_a_diagram(gap: float) -> None:
    """The `gap` is between the arrows' ends and the boxes, in mm."""
    document = Document()
    document.paragraph(" ".join(SENTENCES[:3]))
    document.set_font("Helvetica", "", 9)
    for column, name in enumerate(("Client", "Server", "Queue")):
        left = 30 + column * 50
        document.rect(left, 80, 30, 14)
        document.text(left + 8, 88, name)
        if column:
            document.line(left - 20 + gap, 87, left - gap, 87)
    assert found_all(Scan(document).figures(), boxes_of((30, 80, 160, 94)))


def test_letters_that_nobody_detected_are_no_picture() -> None:
    document = Document()
    document.paragraph(" ".join(SENTENCES * 3))
    scan = Scan(document)
    assert figures(scan.raster, scan.lines[::2]) == []
    assert figures(scan.raster, []) == []


def test_a_dark_page_and_a_tiny_one() -> None:
    dark = np.full((900, 1200, 3), 25, np.uint8)
    cv2.circle(dark, (600, 450), 150, (60, 180, 250), -1)
    assert found_all(figures(dark, []), [(450, 300, 750, 600)])
    assert figures(np.full((1, 1, 3), 200, np.uint8), []) == []
    assert figures(np.zeros((12, 900, 3), np.uint8), []) == []
