"""The small steps, each alone: text, headings, paragraphs, lists, margins."""

from pathlib import Path
from typing import Any

import pytest

from support.pp_ocr.documents import SENTENCES, Document
from support.pp_ocr.fixtures import Read
from support.pp_ocr.lines import MEASURE, line, typed
from worker.engines.pp_ocr import markup
from worker.engines.pp_ocr.model.frame import Turn
from worker.engines.pp_ocr.model.joining import join, join_lines, vocabulary
from worker.engines.pp_ocr.model.lines import Line, Measure, body_size, clean
from worker.engines.pp_ocr.model.lists import depths
from worker.engines.pp_ocr.model.parts import Part
from worker.engines.pp_ocr.structure.blocks import build
from worker.engines.pp_ocr.structure.furniture import set_apart
from worker.engines.pp_ocr.structure.headings import is_heading, level_of, stands_apart

HEIGHT = 1000
"""Of the page, in pixels."""


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
def test_join(first: str, second: str, joined: str) -> None:
    assert join(first, second) == joined


def test_join_lines_knows_hyphens_of_the_text_layer() -> None:
    lines = [line("see RFC-", hyphenated=True), line("2119 for it"), line("通 车")]
    assert join_lines(lines) == "see RFC-2119 for it通车"


@pytest.mark.parametrize(
    ("first", "second", "known", "joined"),
    [
        ("a two-", "part plan", "", "a two-part plan"),
        ("a tide-", "mill again", "the tide and the mill", "a tide-mill again"),
        ("a tide-", "mill again", "the tide-mill there", "a tide-mill again"),
        ("a tide-", "mill again", "the tidemill of the tide and the mill", "a tidemill again"),
        ("recom-", "mended", "nothing of it", "recommended"),
    ],
)
def test_the_words_of_the_page_tell_compounds(first: str, second: str, known: str, joined: str) -> None:
    assert join(first, second, vocabulary([known])) == joined


def test_pieces_of_broken_words_are_no_vocabulary() -> None:
    assert vocabulary(["a tide-mill recom-", "mended by all"]) == {"a", "tide-mill", "by", "all"}


def test_clean() -> None:
    assert clean("  ﬁne\u202e \x00text\u00a0here\ufffe ") == "fine text here"
    assert clean("\ud83d half") == "half"
    assert clean("‘‘so-called’’ ‘it’") == "“so-called” ‘it’"


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
def test_inline_escapes(text: str, escaped: str | None) -> None:
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
def test_paragraph_starts_are_escaped(text: str, escaped: str | None) -> None:
    assert markup.paragraph(text) == escaped


def test_headings_and_cells_are_escaped() -> None:
    assert markup.heading("C <T> #") == "C &lt;T> \\#"
    assert markup.table([["a|b", "c"], ["<i>"]]) == "| a\\|b | c |\n|---|---|\n| &lt;i> |  |"


def test_depths_follow_the_indent() -> None:
    assert depths([line("a", x=x) for x in (0, 20, 20, 40, 20, 0)]) == [1, 2, 2, 3, 2, 1]


def test_nested_lists_have_depths() -> None:
    parts = build([line("• one", 20, 0), line("• inner", 40, 15), line("• two", 20, 30)], MEASURE, HEIGHT)
    assert [(part.content, part.level, part.marker) for part in parts] == [
        ("one", 1, "-"),
        ("inner", 2, "-"),
        ("two", 1, "-"),
    ]


def test_the_text_of_an_item_hangs_under_its_marker() -> None:
    lines = [*typed("• one goes on and on\n  in the next row\n• two"), line("Plain text that follows the list.", y=60)]
    assert paragraphs(*lines) == ["one goes on and on in the next row", "two", "Plain text that follows the list."]


def test_an_item_goes_on_in_the_next_column_and_not_below_its_list() -> None:
    left = typed("• one\n• two that goes on in", y=100)
    assert paragraphs(*left, line("the next column", x=200)) == ["one", "two that goes on in the next column"]
    full = [*typed("- a first item that is long enough to fill its row\n- a second one that ends."), line("Text", y=30)]
    assert paragraphs(*full)[2] == "Text"
    below = [*typed("• one item that is long enough to fill its row, and\nthat goes on at the left"), line("Far", y=60)]
    assert paragraphs(*below) == ["one item that is long enough to fill its row, and that goes on at the left", "Far"]


def test_items_without_markdown_of_their_own_keep_their_marks() -> None:
    assert paragraphs(*typed("[1] Smith, 1984\n[2] Miller, 2001")) == ["[1] Smith, 1984", "[2] Miller, 2001"]
    assert [part.marker for part in build(typed("1 one\n2 two\n3 three"), MEASURE, HEIGHT)] == ["1.", "2.", "3."]


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
        ("Results 12", {"size": 14, "contents": True}, False),
        ("Ann Miller", {"size": 14, "boxed": True}, False),
        ("Results", {"size": 14, "upright": False}, False),
        ("x" * 200, {"size": 14}, False),
        ("Results Year", {"bold": True, "cells": 2}, False),
        ("2 Results Year", {"bold": True, "cells": 2}, True),
        ("Results Year", {"bold": True, "runs": 2}, False),
    ],
)
def test_is_heading(text: str, more: dict[str, Any], heading: bool) -> None:
    assert is_heading(line(text, **more), MEASURE) is heading


@pytest.mark.parametrize(
    ("text", "more", "heading"),
    [
        ("References", {}, True),
        ("参考文献", {}, True),
        ("Reference works", {}, False),
        ("2 RESULTS", {}, True),
        ("2 Results", {"face": "SmallCaps"}, True),
        ("2 Results", {"face": "Body"}, False),
        ("2.1 Results", {}, True),
        ("2.1 results", {}, False),
        ("A. Sources", {}, True),
        ("REFERENCES!", {}, False),
        ("References", {"size": 8}, False),
    ],
)
def test_what_stands_apart_may_be_a_heading_in_plain_type(text: str, more: dict[str, Any], heading: bool) -> None:
    measure = Measure(10.0, 1.3, 1.15, "Body")
    assert is_heading(line(text, **more), measure, apart=True) is heading
    assert not is_heading(line(text, **more), measure)


def test_white_above_sets_a_line_apart() -> None:
    above = line("text above")
    assert stands_apart(line("next", y=20), above, MEASURE)
    assert not stands_apart(line("next", y=13), above, MEASURE)
    assert stands_apart(line("next column", x=300, y=5), above, MEASURE)
    assert stands_apart(line("first"), None, MEASURE)


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
        ("A. A", 12, 3),
        ("II. A", 12, 2),
        ("References", 10, 2),
    ],
)
def test_levels(text: str, size: float, level: int) -> None:
    assert level_of(line(text, size=size), MEASURE) == level


def paragraphs(*lines: Line) -> list[str]:
    return [part.content for part in build(lines, MEASURE, HEIGHT)]


def test_paragraphs_part_at_gaps_indents_short_lines_and_cells() -> None:
    full = "some words " * 3 + "in a row"
    assert paragraphs(line(full), line(full, y=13), line(full, y=40)) == [f"{full} {full}", full]
    assert paragraphs(line(full), line(full, y=13), line(full, x=15, y=26)) == [f"{full} {full}", full]
    assert paragraphs(line(full), line("short.", y=13), line(full, y=26)) == [f"{full} short.", full]
    assert paragraphs(line(full, x=15), line(full, y=13)) == [f"{full} {full}"]
    assert paragraphs(line("label"), line("value", x=200), line(full, y=13)) == ["label value", full]
    assert paragraphs(line(full), line(full, y=13, size=13.9)) == [full, full]


def test_a_small_indent_parts_paragraphs_where_all_other_lines_are_flush() -> None:
    full = "some words " * 3 + "at an end."
    flush = [line(full, y=13 * k) for k in range(3)]
    assert len(paragraphs(*flush, line(full, x=6, y=39))) == 2
    assert len(paragraphs(line(full), line(full, x=4, y=13), line(full, y=26), line(full, x=6, y=39))) == 1


def test_a_note_in_smaller_type_does_not_go_on_with_the_text_above_it() -> None:
    full = "some words " * 3 + "that go on,"
    note = line("2 What else is to be said of it at length.", y=26, size=9.5)
    assert len(paragraphs(line(full), line(full, y=13), note)) == 2
    assert len(paragraphs(line(full), line(full, y=13), line("2 Mills and more of the same words.", y=26))) == 1


def test_a_sentence_goes_on_in_the_next_column() -> None:
    left = [line("and so the river ran on to the", y=100), line("sea, past many towns that", y=113, width=150)]
    right = [
        line("had never seen such water", x=200, y=0, width=150),
        line("before the great flood came.", x=200, y=13, width=150),
    ]
    assert len(paragraphs(*left, *right)) == 1
    left[-1].text = "sea, past many towns and."
    assert len(paragraphs(*left, *right)) == 2


def test_two_lines_of_one_heading_become_one() -> None:
    lines = [
        line("A title that is so long that it", size=20),
        line("takes two lines", y=24, size=20),
        line("text " * 20, y=60),
    ]
    parts = build(lines, MEASURE, HEIGHT, first_page=True)
    assert [(part.label, part.level) for part in parts] == [("doc_title", 1), ("text", None)]
    assert parts[0].content == "A title that is so long that it takes two lines"


def test_a_sentence_in_large_type_is_no_heading() -> None:
    rows = ["A longer sentence set in large type", "that runs on over several rows and", "then comes to its end."]
    parts = build([line(text, y=16 * i, size=13) for i, text in enumerate(rows)], MEASURE, HEIGHT)
    assert [(part.label, part.content) for part in parts] == [("text", " ".join(rows))]


def test_bold_words_that_fill_a_line_are_no_heading() -> None:
    lines = [
        line("Important words that run on and on and on", bold=True),
        line("and end in plain type, later than this.", y=13),
    ]
    assert len(build(lines, MEASURE, HEIGHT)) == 1


def test_a_heading_in_a_bold_run_and_two_of_several_levels() -> None:
    parts = build(
        [line("2 Results", size=12, bold=True), line("2.1 Levels", y=20, size=12, bold=True), line("text " * 9, y=40)],
        MEASURE,
        HEIGHT,
    )
    assert [(part.content, part.level) for part in parts[:2]] == [("2 Results", 2), ("2.1 Levels", 3)]


def test_three_larger_lines_one_below_the_other_are_an_address() -> None:
    measure = Measure(10.0, 1.5, 1.15)

    def labels(*texts: str) -> set[str]:
        lines = [line(text, y=18 * k, size=12) for k, text in enumerate(texts)]
        return {part.label for part in build(lines, measure, HEIGHT)}

    assert labels("Weir Ltd", "Mill Lane", "Brundle on the Lower Weir River") == {"text"}
    assert labels("Weir Ltd", "Brundle on the Lower Weir River") == {"paragraph_title"}
    assert labels("1 Weirs", "2 Mills", "3 Towns on the Lower Weir River") == {"paragraph_title"}


def test_a_table_of_contents_is_neither_headings_nor_a_list() -> None:
    rows = ["1 Introduction . . . . . . . . 3", "Preface 5", "2 Results . . . . . . . . . . 7"]
    parts = build([line(text, y=15 * k, size=12) for k, text in enumerate(rows)], MEASURE, HEIGHT)
    assert [(part.label, part.content) for part in parts] == [
        ("text", "1 Introduction 3"),
        ("text", "Preface 5"),
        ("text", "2 Results 7"),
    ]


def test_footnotes_stand_at_the_foot_in_small_type() -> None:
    note = "1 The sieve had a mesh of 0.8 mm."
    for y, size, label in ((900, 8, "footnote"), (100, 8, "text"), (900, 10, "text")):
        [part] = build([line(note, y=y, size=size)], MEASURE, HEIGHT)
        assert part.label == label


def test_captions() -> None:
    [part] = build([line("Table 3: Levels by year")], MEASURE, HEIGHT)
    assert part.label == "figure_title"


def test_a_sentence_goes_on_behind_a_float() -> None:
    image = Part("image", (0, 20, 100, 80), "a.png")
    parts = build([line("It should,"), image, line("however, not be so.", y=90)], MEASURE, HEIGHT)
    assert [part.content for part in parts] == ["It should, however, not be so.", "a.png"]
    parts = build([line("It ends."), image, line("however it begins.", y=90)], MEASURE, HEIGHT)
    assert len(parts) == 3


def test_a_value_in_a_form_is_a_paragraph_of_its_own() -> None:
    lines = [line("some words in a row, and more"), line("then a value of a form, boxed", y=13, boxed=True)]
    assert len(paragraphs(*lines)) == 2


def test_a_paragraph_has_the_box_of_its_first_column() -> None:
    left, right = line("and so the river ran on to the", y=100), line("sea of the north", x=200, width=150)
    [part] = build([left, right], MEASURE, HEIGHT)
    assert part.box == left.box


def test_the_body_is_what_most_characters_are_set_in() -> None:
    lines = [line("a heading", size=20), line("cell", size=8), *(line("text " * 9, y=13 * k) for k in range(3))]
    assert body_size(lines) == 10
    assert body_size([]) == 1
    measure = Measure.of([*lines, line("other face", face="Other")], 1.15)
    assert (measure.body, measure.pitch, measure.face) == (10, 1.3, "")
    assert measure.relative(line("x", size=12)) == 1.2


def test_white_between_all_lines_is_no_pitch_of_paragraphs() -> None:
    far = [line(f"Entry {k}", y=25 * k) for k in range(6)]
    assert Measure.of(far, 1.15).pitch == 1.3
    wide = [line("so the text runs on to the sea", y=20 * k) for k in range(6)]
    assert Measure.of(wide, 1.15).pitch == 2.0


class TestMargins:
    def test_page_numbers_stand_alone(self) -> None:
        number = line("- 7 -", x=300, y=980)
        for other in (line("text", y=500), line("far away", x=0, y=980)):
            found = set_apart([other, number], HEIGHT, MEASURE)[1]
            assert isinstance(found, Part)
            assert found.label == "number"
        for other in (line("12", x=300, y=968), line("Total", x=270, y=980)):
            found = set_apart([other, number], HEIGHT, MEASURE)[1]
            assert getattr(found, "label", "text") == "text"

    @pytest.mark.parametrize("text", ["7", "Page 7 of 12", "Seite 3", "xii", "第 3 页 共 9 页", "p. 4", "3/12"])
    def test_how_they_look(self, text: str) -> None:
        [part] = set_apart([line(text, y=980)], HEIGHT, MEASURE)
        assert isinstance(part, Part)
        assert part.label == "number"

    def test_a_number_in_the_middle_below_all_else_is_the_page_s(self) -> None:
        items = [line("The text of a page that is not full", y=300), line("62", x=82, y=630)]
        assert [getattr(item, "label", "") for item in set_apart(items, HEIGHT, MEASURE)] == ["", "number"]

    def test_in_the_middle_nothing_is_set_apart(self) -> None:
        number = line("Seite 3", y=500)
        assert set_apart([number], HEIGHT, MEASURE) == [number]

    def test_lines_alone_are_parts_of_their_own(self) -> None:
        [part] = set_apart([line("Water Board, report of 2024", y=60, size=8)], HEIGHT, MEASURE)
        assert isinstance(part, Part)
        assert (part.label, part.size) == ("text", 0.8)

    @pytest.mark.parametrize(
        "kept",
        [
            pytest.param(line("A heading", y=60, size=16), id="heading"),
            pytest.param(line("• an item", y=60), id="item"),
            pytest.param(line("on its side", y=60, upright=False), id="on its side"),
            pytest.param(line("long " * 30, y=60), id="long"),
        ],
    )
    def test_what_is_no_header(self, kept: Line) -> None:
        assert set_apart([kept], HEIGHT, MEASURE) == [kept]

    def test_a_paragraph_in_the_margin_is_none(self) -> None:
        rows = [line(text, y=60 + 13 * k) for k, text in enumerate(["A paragraph that", "goes on"])]
        assert set_apart(rows, HEIGHT, MEASURE) == rows


@pytest.mark.parametrize("quarters", [0, 1, 2, 3])
def test_turning_leads_back(quarters: int) -> None:
    turn = Turn(quarters, 100, 200)
    upright = turn.upright((10, 20, 40, 30))
    assert turn.back(upright) == (10, 20, 40, 30)
    assert (upright[2] - upright[0] == 30) == (quarters % 2 == 0)
    assert turn.upright_height == (100 if quarters % 2 else 200)


def test_text_on_its_side_is_read_upright(tmp_path: Path, read: Read) -> None:
    document = Document()
    document.set_font("Helvetica", "", 11)
    for i, sentence in enumerate(SENTENCES):
        with document.rotation(90, 40 + 6 * i, 250):
            document.text(40 + 6 * i, 250, sentence)
    document.set_y(20)
    document.paragraph("Beside it", 8)
    document.output(str(tmp_path / "a.pdf"))
    [page] = read(str(tmp_path / "a.pdf"))
    assert page.markdown.replace("\n\n", " ") == " ".join([*SENTENCES, "Beside it"])
    x0, y0, x1, y1 = page.blocks[0].bbox
    assert y1 - y0 > 2 * (x1 - x0)
