"""Which lines make a paragraph."""

from support.pp_ocr.lines import MEASURE, line
from worker.engines.pp_ocr.model.lines import Line
from worker.engines.pp_ocr.structure.grouping import groups_of

WIDE, NARROW = "a full line of a text that runs on and on over it", "a line beside the picture"


def paragraphs(lines: list[Line]) -> list[int]:
    """How many lines each has."""
    return [len(group.lines) for group in groups_of(lines, MEASURE)]


def set_at(text: str, x: float, right: float, rows: range) -> list[Line]:
    return [line(text, x, 13 * k, right - x) for k in rows]


def test_a_paragraph_that_runs_around_a_picture_on_its_right() -> None:
    lines = [*set_at(WIDE, 0, 300, range(4)), *set_at(NARROW, 0, 150, range(4, 9)), *set_at(WIDE, 0, 300, range(9, 12))]
    assert paragraphs(lines) == [12]


def test_a_paragraph_that_runs_around_a_picture_on_its_left() -> None:
    lines = [*set_at(WIDE, 0, 300, range(4)), *set_at(NARROW, 150, 300, range(4, 9))]
    assert paragraphs(lines) == [9]


def test_an_indent_beside_a_picture_begins_a_paragraph() -> None:
    first = [*set_at(WIDE, 0, 300, range(4)), *set_at(NARROW, 150, 300, range(4, 8))]
    last = line("and its last one.", 150, 13 * 8, 148)
    second = [line("A new one", 160, 13 * 9, 140), *set_at(NARROW, 150, 300, range(10, 14))]
    assert paragraphs([*first, last, *second]) == [9, 5]


def test_two_short_lines_of_one_length_are_not_full() -> None:
    lines = [*set_at(WIDE, 0, 300, range(4)), line("short one.", 0, 52, 60), line("Another one.", 0, 65, 60)]
    assert paragraphs(lines) == [5, 1]
