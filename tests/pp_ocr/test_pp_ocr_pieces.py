"""The small steps, each alone."""

import pdf_inspector
import pypdfium2 as pdfium
import pytest
from pp_ocr_documents import SENTENCES, Document, simple

from app.errors import DocumentError
from worker.engines.pp_ocr import grid, markup
from worker.engines.pp_ocr.blocks import Part, build, page_markdown
from worker.engines.pp_ocr.frame import Turn
from worker.engines.pp_ocr.furniture import set_apart
from worker.engines.pp_ocr.headings import is_heading, level_of
from worker.engines.pp_ocr.joining import join, join_lines
from worker.engines.pp_ocr.lines import Line, Measure, clean
from worker.engines.pp_ocr.lists import depths, marker_of, markers
from worker.engines.pp_ocr.order import order
from worker.engines.pp_ocr.survey import survey
from worker.engines.pp_ocr.tables import pipe_tables, place
from worker.engines.pp_ocr.textlayer import sane

MEASURE = Measure(10.0, 1.3, 1.15)


def line(text: str, x: float = 0, y: float = 0, width: float | None = None, size: float = 10, **more) -> Line:
    """A line of `size` pixels whose letters are half as wide."""
    return Line(text, (x, y, x + (len(text) * size / 2 if width is None else width), y + size), size, **more)


@pytest.mark.parametrize(
    ("first", "second", "joined"),
    [
        ("a water", "supply", "a water supply"),
        ("recommen-", "dation", "recommendation"),
        ("Anglo-", "Saxon", "Anglo-Saxon"),
        ("pages 4-", "5", "pages 4- 5"),
        ("so –", "or not", "so – or not"),
        ("通", "车", "通车"),
        ("于", "1897年", "于1897年"),
        ("的 API", "接口", "的 API接口"),
        ("한국어", "문장", "한국어 문장"),
        ("", "alone", "alone"),
    ],
)
def test_join(first, second, joined):
    assert join(first, second) == joined


def test_join_lines_knows_hyphens_of_the_text_layer():
    lines = [line("see RFC-", hyphenated=True), line("2119 for it"), line("通 车")]
    assert join_lines(lines) == "see RFC-2119 for it通车"


def test_clean():
    assert clean("  ﬁne\u202e \x00text\u00a0here\ufffe ") == "fine text here"
    assert clean("\ud83d half") == "half"


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("plain text, 5 < 6 & 7 > 2, AT&T, $12 and $15, a_b_c, 2 * 3", None),
        ("<b>", "&lt;b>"),
        ("</p> <!-- x --> <?php", "&lt;/p> &lt;!-- x --> &lt;?php"),
        ("&lt;script&gt;", "&amp;lt;script&amp;gt;"),
        ("*a* and **b**", "\\*a\\* and \\*\\*b\\*\\*"),
        ("`code`", "\\`code\\`"),
        ("_a_ b", "\\_a\\_ b"),
        ("~~gone~~", "\\~\\~gone\\~\\~"),
        ("a\\*b", "a\\\\*b"),
        ("[x](javascript:y)", "[x\\](javascript:y)"),
        ("![x](y)", "\\![x\\](y)"),
        ("[x]: javascript:y", "[x\\]: javascript:y"),
    ],
)
def test_inline_escapes(text, escaped):
    assert markup.inline(text) == (text if escaped is None else escaped)


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("# x", "\\# x"),
        ("#x", "#x"),
        ("> x", "\\> x"),
        ("- x", "\\- x"),
        ("-x", "-x"),
        ("1. x", "1\\. x"),
        ("1.5 x", "1.5 x"),
        ("12) x", "12\\) x"),
        ("---", "\\---"),
        ("===", "\\==="),
        ("* * *", "\\* \\* \\*"),
        ("| a | b |", "\\| a | b |"),
        ("~~~", "\\~\\~\\~"),
    ],
)
def test_paragraph_starts_are_escaped(text, escaped):
    assert markup.paragraph(text) == escaped


def test_headings_and_cells_are_escaped():
    assert markup.heading("C <T> #", 2) == "## C &lt;T> \\#"
    assert markup.table([["a|b", "c"], ["<i>"]]) == "| a\\|b | c |\n|---|---|\n| &lt;i> |  |"


def test_markers():
    assert marker_of("• x").kind == "•"
    assert marker_of("- x").shown == "-"
    assert marker_of("-x") is None
    assert (marker_of("12. x").shown, marker_of("3) x").shown, marker_of("4、x").shown) == ("12.", "3)", "4.")
    assert marker_of("1.5 x") is None
    assert (marker_of("(2) x").length, marker_of("a) x").number) == (0, 1)
    assert marker_of("(2. x") is None


def test_numbers_need_a_sibling():
    lines = [line("1. one"), line("2. two", y=15), line("1984. a year", y=30), line("7. alone", y=45), line("- lonely")]
    assert sorted(markers(lines)) == [0, 1]
    assert sorted(markers([line("- one"), line("- two", y=15), line("- far", x=300)])) == [0, 1]


def test_depths_follow_the_indent():
    assert depths([line("a", x=x) for x in (0, 20, 20, 40, 20, 0)]) == [1, 2, 2, 3, 2, 1]


def test_nested_lists_are_indented():
    items = [line("• one", 20, 0), line("• inner", 40, 15), line("• two", 20, 30)]
    assert page_markdown(build(items, MEASURE)) == "- one\n   - inner\n- two"


@pytest.mark.parametrize(
    ("text", "more", "heading"),
    [
        ("Results", {"size": 14}, True),
        ("Results", {"bold": True}, True),
        ("Note:", {"bold": True}, False),
        ("2 Results", {"size": 10.8}, True),
        ("Results.", {"size": 12}, False),
        ("Results", {}, False),
        ("12", {"size": 20}, False),
        ("Results . . . . . . . . 12", {"size": 14}, False),
        ("Results", {"size": 14, "upright": False}, False),
        ("x" * 200, {"size": 14}, False),
        ("Results Year", {"bold": True, "cells": 2}, False),
    ],
)
def test_is_heading(text, more, heading):
    assert is_heading(line(text, **more), MEASURE) is heading


@pytest.mark.parametrize(
    ("text", "size", "level"),
    [
        ("Title", 20, 1),
        ("Part", 14, 2),
        ("Piece", 11.5, 3),
        ("Bit", 10, 4),
        ("2 A", 12, 2),
        ("2.1 A", 12, 3),
        ("第一章 A", 20, 2),
    ],
)
def test_levels(text, size, level):
    assert level_of(line(text, size=size), MEASURE) == level


def paragraphs(*lines: Line) -> list[str]:
    return [part.content for part in build(lines, MEASURE)]


def test_paragraphs_part_at_gaps_indents_short_lines_and_cells():
    full = "some words " * 3 + "in a row"
    assert paragraphs(line(full), line(full, y=13), line(full, y=40)) == [f"{full} {full}", full]
    assert paragraphs(line(full), line(full, y=13), line(full, x=15, y=26)) == [f"{full} {full}", full]
    assert paragraphs(line(full), line("short.", y=13), line(full, y=26)) == [f"{full} short.", full]
    assert paragraphs(line(full, x=15), line(full, y=13)) == [f"{full} {full}"]
    assert paragraphs(line("label"), line("value", x=200), line(full, y=13)) == ["label value", full]
    assert paragraphs(line(full), line(full, y=13, size=13.9)) == [full, full]


def test_a_sentence_goes_on_in_the_next_column():
    left = [line("and so the river ran on to the", y=100), line("sea, past many towns that", y=113, width=150)]
    right = [
        line("had never seen such water", x=200, y=0, width=150),
        line("before the great flood came.", x=200, y=13, width=150),
    ]
    assert len(paragraphs(*left, *right)) == 1
    left[-1].text = "sea, past many towns and."
    assert len(paragraphs(*left, *right)) == 2


def test_two_lines_of_one_heading_become_one():
    lines = [
        line("A title that is so long that it", size=20),
        line("takes two lines", y=24, size=20),
        line("text " * 20, y=60),
    ]
    parts = build(lines, MEASURE, first_page=True)
    assert [(part.label, part.level) for part in parts] == [("doc_title", 1), ("text", None)]
    assert parts[0].content == "A title that is so long that it takes two lines"


def test_a_sentence_in_large_type_is_no_heading():
    rows = ["A longer sentence set in large type", "that runs on over several rows and", "then comes to its end."]
    parts = build([line(text, y=16 * i, size=13) for i, text in enumerate(rows)], MEASURE)
    assert [(part.label, part.content) for part in parts] == [("text", " ".join(rows))]


def test_bold_words_that_fill_a_line_are_no_heading():
    lines = [
        line("Important words that run on and on and on", bold=True),
        line("and end in plain type, later than this.", y=13),
    ]
    assert len(build(lines, MEASURE)) == 1


def test_order_reads_columns_under_a_title():
    columns = [line(f"{x}{y}", x=x, y=y, width=180) for x in (0, 220) for y in range(40, 200, 14)]
    title = line("title", width=400)
    shuffled = sorted([*columns, title], key=lambda item: item.text[::-1])
    assert [item.text for item in order(shuffled, 9, 7)] == ["title", *[item.text for item in columns]]


def test_order_finds_a_gutter_that_lines_cross():
    items = [line(f"{x}{y}", x=x, y=y, width=190) for x in (0, 210) for y in range(0, 120, 12)]
    across = line("across", y=125, width=400)
    below = [line(f"b{x}{y}", x=x, y=y, width=190) for x in (0, 210) for y in range(140, 200, 12)]
    found = [item.text for item in order([*below, across, *items], 1000, 1000)]
    assert found == [item.text for item in [*items, across, *below]]


def test_order_of_rows_goes_left_to_right():
    assert [item.text for item in order([line("b", x=50, y=1), line("a"), line("c", y=14)], 1000, 1000)] == [
        "a",
        "b",
        "c",
    ]


def test_a_grid_needs_rows_and_columns():
    cells = [line(f"r{r}c{c}", x=c * 100, y=r * 15) for r in range(3) for c in range(3)]
    [table] = grid.lift(cells)
    assert table.content.splitlines()[0] == "| r0c0 | r0c1 | r0c2 |"
    assert grid.lift(cells[:6]) == cells[:6]
    prose = [line("p" * 40, x=c * 220, y=r * 15) for r in range(4) for c in range(3)]
    assert grid.lift(prose) == prose
    scattered = [line("word", x=c * 100 + r * 40, y=r * 15, width=20) for r in range(5) for c in range(3)]
    assert grid.lift(scattered) == scattered


def test_tables_of_markdown():
    text = "x\n|a|**b**|\n|---|---|\n|1<br>2|c\\|d|\n\n|only|row|\n|---|---|\n"
    assert pipe_tables(text) == [[["a", "b"], ["1 2", "c|d"]]]
    assert pipe_tables("|a||\n|-|-|\n|||") == []


def test_a_table_takes_the_place_of_exactly_its_lines():
    lines = [
        line("before"),
        line("Name", y=15),
        line("Age", x=50, y=15),
        line("Ann", y=30),
        line("31", x=50, y=30),
        line("after", y=45),
    ]
    rows = [["Name", "Age"], ["Ann", "31"]]
    before, table, after = place(lines, [rows])
    assert isinstance(table, Part)
    assert (before, after) == (lines[0], lines[-1])
    assert table.box == (0, 15, 65, 40)
    assert place(lines, [[["Name", "Age"], ["Bob", "31"]]]) == lines


def test_page_numbers_stand_alone_in_a_margin():
    number = line("- 7 -", x=300, y=980)
    for other in (line("text", y=500), line("far away", x=0, y=980)):
        [_, part] = set_apart([other, number], 1000)
        assert isinstance(part, Part)
    for other in (line("12", x=300, y=968), line("Total", x=270, y=980)):
        assert set_apart([other, number], 1000) == [other, number]
    assert set_apart([line("Seite 3", y=500)], 1000)[0].text == "Seite 3"


@pytest.mark.parametrize("quarters", [0, 1, 2, 3])
def test_turning_leads_back(quarters):
    turn = Turn(quarters, 100, 200)
    upright = turn.upright((10, 20, 40, 30))
    assert turn.back(upright) == (10, 20, 40, 30)
    assert (upright[2] - upright[0] == 30) == (quarters % 2 == 0)
    assert turn.upright_height == (100 if quarters % 2 else 200)


def test_text_on_its_side_is_read_upright(tmp_path, read):
    document = Document()
    document.set_font("Helvetica", "", 11)
    for i, sentence in enumerate(SENTENCES):
        with document.rotation(90, 40 + 6 * i, 250):
            document.text(40 + 6 * i, 250, sentence)
    document.set_y(20)
    document.line("Beside it", 8)
    document.output(str(tmp_path / "a.pdf"))
    [page] = read(str(tmp_path / "a.pdf"), hints=[{"route": "text", "reason": None}])
    assert page.markdown.replace("\n\n", " ") == " ".join([*SENTENCES, "Beside it"])
    x0, y0, x1, y1 = page.blocks[0].bbox
    assert y1 - y0 > 2 * (x1 - x0)


class TestSurvey:
    def test_hints_are_small_and_tell_the_body(self, article_path):
        hint = survey(article_path, [1])[1]
        assert (hint["route"], hint["reason"], hint["body"]) == ("text", None, 11)
        assert hint["tables"][0][1] == ["Ashford", "2021", "25.19", "2,764"]

    def test_without_pdf_inspector_the_text_layer_decides(self, article_path, scan_path, monkeypatch):
        class Panic(BaseException):
            pass

        def panic(path, pages):
            raise Panic

        monkeypatch.setattr(pdf_inspector, "extract_pages_markdown", panic)
        assert survey(article_path, [1]) == {1: {"route": "text", "reason": None, "body": 11}}
        assert list(survey(scan_path, [1, 2]).values()) == [{"route": "ocr", "reason": "scanned"}] * 2

    def test_an_interrupt_is_no_panic(self, article_path, monkeypatch):
        def interrupt(path, pages):
            raise KeyboardInterrupt

        monkeypatch.setattr(pdf_inspector, "extract_pages_markdown", interrupt)
        with pytest.raises(KeyboardInterrupt):
            survey(article_path, [1])

    def test_no_pdf(self, tmp_path):
        (tmp_path / "a.pdf").write_bytes(b"<html>")
        with pytest.raises(DocumentError):
            survey(str(tmp_path / "a.pdf"), [1])


def test_a_layer_of_unmapped_codes_is_not_sane(tmp_path):
    with pdfium.PdfDocument(simple(tmp_path / "a.pdf", "Text")) as document:
        assert sane(document[0])
    with pdfium.PdfDocument.new() as document:
        assert not sane(document.new_page(100, 100))
