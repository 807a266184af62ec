"""What is drawn on a page: rules, panels and pictures made of lines and shapes."""

from collections.abc import Sequence
from pathlib import Path

import pypdfium2 as pdfium
import pytest

from support.pp_ocr.documents import SENTENCES, Document
from support.pp_ocr.fixtures import Read
from support.pp_ocr.lines import across, down, frame, line, typed, worded
from worker.engines.pp_ocr.layer import drawings, vectors
from worker.engines.pp_ocr.layer.drawings import Drawings
from worker.engines.pp_ocr.model.boxes import Box
from worker.engines.pp_ocr.model.frame import Frame, Turn
from worker.engines.pp_ocr.model.lines import Line
from worker.engines.pp_ocr.model.rules import Rule

SCALE = 150 / 25.4
"""Pixels per mm."""
PAGE = 1240, 1754


def drawn(document: Document) -> Drawings:
    with pdfium.PdfDocument(bytes(document.output())) as pdf:
        page = pdf[0]
        return drawings.read(page, Frame.of(page, 40_000_000))


def near(box: Box, *millimetres: float) -> bool:
    return all(abs(a - b * SCALE) < 4 for a, b in zip(box, millimetres, strict=True))


def figures(found: Drawings, lines: Sequence[Line] = (), taken: Sequence[Box] = ()) -> list[Box]:
    return vectors.figures(found, lines, taken, *PAGE)


class TestDrawings:
    def test_rules(self) -> None:
        document = Document()
        document.line(20, 30, 120, 30)
        document.line(20, 30, 20, 90)
        document.set_fill_color(0)
        document.rect(20, 100, 100, 0.4, "F")
        found = drawn(document)
        assert [rule.level for rule in found.rules] == [True, False, True]
        assert near(found.rules[0].box, 20, 30, 120, 30)
        assert near(found.rules[1].box, 20, 30, 20, 90)
        assert found.panels == found.strokes == found.bars == []

    def test_a_frame_is_four_rules(self) -> None:
        document = Document()
        document.rect(20, 30, 100, 50)
        found = drawn(document)
        assert sorted(rule.level for rule in found.rules) == [False, False, True, True]
        assert found.panels == []

    def test_panels_pale_and_dark(self) -> None:
        document = Document()
        for tone, y in ((230, 30), (40, 60), (255, 90)):
            document.set_fill_color(tone)
            document.rect(20, y, 100, 20, "F")
        found = drawn(document)
        assert len(found.panels) == 2
        assert near(found.panels[0], 20, 30, 120, 50)
        assert len(found.bars) == 1
        assert near(found.bars[0], 20, 60, 120, 80)
        assert found.rules == []

    def test_a_panel_with_a_border_has_both(self) -> None:
        document = Document()
        document.set_fill_color(220)
        document.rect(20, 30, 100, 20, "DF")
        found = drawn(document)
        assert (len(found.panels), len(found.rules)) == (1, 4)

    def test_a_border_filled_as_a_ring_is_rules(self) -> None:
        path = "20 20 200 100 re 22 22 196 96 re f*"
        found = painted(path)
        assert found.panels == []
        assert len(found.rules) == 8
        assert len(painted("20 20 200 100 re 70 60 50 20 re f*").panels) == 2

    def test_shapes(self) -> None:
        document = Document()
        document.ellipse(20, 30, 30, 30)
        document.line(80, 30, 120, 60)
        found = drawn(document)
        assert len(found.strokes) == 2
        assert near(found.strokes[0], 20, 30, 50, 60)
        assert found.rules == []

    def test_what_is_white_tiny_or_elsewhere_is_left_out(self) -> None:
        document = Document()
        document.set_draw_color(255)
        document.line(20, 30, 120, 30)
        document.set_draw_color(0)
        document.line(20, 30, 20.5, 30)
        document.line(300, 30, 400, 30)
        found = drawn(document)
        assert found.rules == []
        assert found.panels == []
        assert len(found.strokes) == 1  # the tick

    def test_a_path_of_very_many_segments_is_a_drawing(self) -> None:
        steps = "".join(f"{20 + 3 * (k // 2 + k % 2)} {20 + 3 * (k // 2)} l " for k in range(1, 80))
        found = painted(f"20 20 m {steps} S")
        assert (len(found.strokes), found.rules) == (1, [])

    def test_paths_within_forms_lie_where_they_are_painted(self, tmp_path: Path) -> None:
        document = Document()
        document.line(20, 30, 120, 30)
        with pdfium.PdfDocument(bytes(document.output())) as source, pdfium.PdfDocument.new() as target:
            form = source.page_as_xobject(0, target).as_pageobject()
            form.transform(pdfium.PdfMatrix().scale(0.5, 0.5))
            page = target.new_page(*source[0].get_size())
            page.insert_obj(form)
            page.gen_content()
            [rule] = drawings.read(page, Frame.of(page, 40_000_000)).rules
        assert near(rule.box, 10, 297 - (297 - 30) / 2, 60, 297 - (297 - 30) / 2)

    def test_there_is_an_end_to_it(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(drawings, "MAX_OBJECTS", 3)
        document = Document()
        for k in range(9):
            document.line(20, 30 + k, 120, 30 + k)
        assert len(drawn(document).rules) == 3

    def test_a_shading_is_a_shape(self) -> None:
        shading = "/Shading << /S << /ShadingType 2 /ColorSpace /DeviceGray /Coords [0 0 100 0] "
        shading += "/Function << /FunctionType 2 /Domain [0 1] /C0 [0] /C1 [1] /N 1 >> >> >>"
        assert len(painted("q 20 20 100 50 re W n /S sh Q", shading).strokes) == 1

    def test_turned_pages(self) -> None:
        found = Drawings([across(10, 20, 120)], [(0, 0, 50, 20)], [(0, 0, 50, 20)], [(5, 5, 9, 9)])
        turned = found.turned(Turn(1, 200, 100))
        assert turned.rules == [down(10, 80, 180)]
        assert turned.panels == turned.bars == [(0, 150, 20, 200)]
        mirrored = found.turned(Turn(0, 200, 100, mirrored=True))
        assert mirrored.rules == [across(10, 80, 180)]
        assert mirrored.strokes == [(191, 5, 195, 9)]


def painted(content: str, resources: str = "") -> Drawings:
    """What content operators draw on a page of 300 x 300 points."""
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 300 300] /Contents 4 0 R /Resources << {resources} >> >>",
        f"<< /Length {len(content)} >>\nstream\n{content}\nendstream",
    ]
    body = "".join(f"{number} 0 obj\n{text}\nendobj\n" for number, text in enumerate(objects, 1))
    with pdfium.PdfDocument(f"%PDF-1.7\n{body}trailer << /Root 1 0 R >>\n%%EOF".encode()) as pdf:
        page = pdf[0]
        return drawings.read(page, Frame.of(page, 40_000_000))


class TestFigures:
    def test_a_line_chart_with_its_labels(self) -> None:
        axes = [across(600, 300, 800), down(300, 300, 600)]
        curve = (310.0, 320.0, 790.0, 580.0)
        labels = [line(f"{k}0", 280, 320 + 90 * k, 15) for k in range(3)]
        labels += [line(f"{2000 + k}", 320 + 110 * k, 606) for k in range(4)]
        caption = line("Figure 1: Water level by year", 300, 612)
        far = line("A paragraph below it, of some length and more", 300, 700)
        [box] = figures(Drawings(axes, strokes=[curve]), [*labels, caption, far])
        assert box == (280, 300, 800, 616)

    def test_bars_of_several_heights(self) -> None:
        bars = [(300.0 + 40 * k, 600.0 - tall, 330.0 + 40 * k, 600.0) for k, tall in enumerate((200, 120, 260))]
        [box] = figures(Drawings([across(600, 300, 420)], panels=bars))
        assert box == (300.0, 340.0, 420.0, 600.0)
        alike = [(300.0 + 40 * k, 400.0, 330.0 + 40 * k, 600.0) for k in range(3)]
        assert figures(Drawings(panels=alike)) == []

    def test_a_diagram_of_many_shapes(self) -> None:
        shapes = [(300.0 + 60 * k, 300.0, 358.0 + 60 * k, 358.0) for k in range(5)]
        assert figures(Drawings(strokes=shapes)) == [(300, 300, 598, 358)]

    def test_a_rounded_frame_with_text_is_none(self) -> None:
        text = [worded("the river ran on to the sea past many a town", 310, 310 + 15 * k) for k in range(8)]
        assert figures(Drawings(strokes=[(300.0, 300.0, 600.0, 440.0)]), text) == []

    def test_rules_alone_are_none(self) -> None:
        assert figures(Drawings(frame(300, 300, 600, 500))) == []
        assert figures(Drawings()) == []

    def test_the_ground_of_a_heading_is_none(self) -> None:
        panels = [(100.0, y, 1100.0, y + 30) for y in (100.0, 400.0, 700.0)]
        headings = [line("A heading", 110, y + 10) for y in (100, 400, 700)]
        assert figures(Drawings(panels=panels), headings) == []

    @pytest.mark.parametrize(
        "box",
        [
            pytest.param((300.0, 300.0, 310.0, 310.0), id="a bullet"),
            pytest.param((300.0, 300.0, 380.0, 330.0), id="low"),
            pytest.param((300.0, 300.0, 350.0, 350.0), id="small"),
            pytest.param((0.0, 0.0, 1240.0, 1754.0), id="the page"),
        ],
    )
    def test_too_small_and_too_large(self, box: Box) -> None:
        assert figures(Drawings(strokes=[box])) == []

    def test_what_is_a_table_is_left_alone(self) -> None:
        shapes = [(300.0 + 60 * k, 300.0, 358.0 + 60 * k, 358.0) for k in range(5)]
        assert figures(Drawings(strokes=shapes), taken=[(290, 290, 610, 370)]) == []

    def test_shapes_far_from_each_other_are_two(self) -> None:
        shapes = [(300.0, 300.0, 500.0, 500.0), (600.0, 300.0, 800.0, 500.0)]
        curves = [(310.0, 310.0, 450.0, 450.0), (610.0, 310.0, 750.0, 450.0)]
        assert figures(Drawings(strokes=[*shapes, *curves])) == shapes

    def test_what_reaches_over_the_page_is_clipped(self) -> None:
        shapes = [(-50.0, 300.0, 300.0, 600.0), (100.0, 350.0, 280.0, 580.0)]
        assert figures(Drawings(strokes=shapes)) == [(0, 300, 300, 600)]

    def test_full_of_text_is_text(self) -> None:
        shapes = [(300.0 + 60 * k, 300.0, 358.0 + 60 * k, 358.0) for k in range(5)]
        words = typed("words      words      words      words      words\n" * 4, 305, 300)
        assert figures(Drawings(strokes=shapes), words) == []


def test_charts_in_two_columns_leave_the_prose_between_them() -> None:
    charts = [(100.0, 300.0, 500.0, 600.0), (700.0, 500.0, 1100.0, 800.0)]
    text = "a line of the prose that stands between"
    prose = [line(text, x=x, y=y, size=20) for x, top in ((100, 620), (700, 300)) for y in range(top, top + 190, 24)]
    ticks = [line(str(k), x=x - 20, y=y + 60 * k, size=16) for x, y, _, _ in charts for k in range(5)]
    found = figures(Drawings(strokes=charts), [*prose, *ticks])
    assert sorted(found) == [(80.0, 300.0, 500.0, 600.0), (680.0, 500.0, 1100.0, 800.0)]


def test_a_curve_from_corner_to_corner_is_a_figure() -> None:
    curve = Drawings(strokes=[(100.0, 300.0, 500.0, 600.0)])
    assert figures(curve) == curve.strokes
    assert figures(curve, [line("A frame of words", x=200, y=440, size=20)]) == []


def test_a_chart_on_a_page_is_a_picture_and_its_labels_no_text(
    tmp_path: Path, read: Read, images: dict[str, bytes]
) -> None:
    document = Document()
    document.paragraph(" ".join(SENTENCES[:2]))
    document.line(40, 60, 40, 110)
    document.line(40, 110, 140, 110)
    for k, (a, b) in enumerate(((100, 80), (80, 95), (95, 65))):
        document.line(45 + 30 * k, a, 75 + 30 * k, b)
    document.set_font("Helvetica", "", 8)
    for k in range(4):
        document.text(43 + 30 * k, 114, str(2020 + k))
    document.set_y(120)
    document.paragraph("Figure 1: Level by year.", 9)
    document.paragraph(SENTENCES[2])
    document.output(str(tmp_path / "a.pdf"))
    [page] = read(str(tmp_path / "a.pdf"))
    assert [block.label for block in page.blocks] == ["text", "image", "figure_title", "text"]
    assert "2021" not in page.markdown
    assert list(images) == ["p0001_figure_1.png"]


def test_a_framed_grid_on_a_page_is_a_table(tmp_path: Path, read: Read) -> None:
    document = Document()
    document.set_font("Helvetica", "", 11)
    with document.table(width=150, align="LEFT", num_heading_rows=2) as table:
        head = table.row()
        head.cell("Station", rowspan=2)
        head.cell("Level", colspan=2)
        row = table.row()
        row.cell("Low")
        row.cell("High")
        row = table.row()
        for text in ("Ashford", "2.5", "7.1"):
            row.cell(text)
    document.output(str(tmp_path / "a.pdf"))
    [page] = read(str(tmp_path / "a.pdf"))
    assert page.markdown == (
        '<table><tr><td rowspan="2">Station</td><td colspan="2">Level</td></tr>'
        "<tr><td>Low</td><td>High</td></tr><tr><td>Ashford</td><td>2.5</td><td>7.1</td></tr></table>"
    )


def test_rules_keep_their_length() -> None:
    assert (Rule(True, 5, 10, 40).length, Rule(True, 5, 10, 40).box) == (30, (10, 5, 40, 5))
