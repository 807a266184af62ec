"""Which lines make a paragraph."""

from pathlib import Path

from support.pp_ocr.documents import painted, words
from support.pp_ocr.fixtures import Read
from support.pp_ocr.lines import MEASURE, line
from worker.engines.pp_ocr.layer.drawings import Drawings
from worker.engines.pp_ocr.model.lines import Line, Measure
from worker.engines.pp_ocr.structure.forms import with_values
from worker.engines.pp_ocr.structure.grouping import groups_of

WIDE, BESIDE = "a full line of a text that runs on and on over it", "a line beside the picture"


def paragraphs(lines: list[Line]) -> list[int]:
    """How many lines each has."""
    return [len(group.lines) for group in groups_of(lines, MEASURE)]


def set_at(text: str, x: float, right: float, rows: range) -> list[Line]:
    return [line(text, x, 13 * k, right - x) for k in rows]


def test_a_paragraph_that_runs_around_a_picture_on_its_right() -> None:
    lines = [*set_at(WIDE, 0, 300, range(4)), *set_at(BESIDE, 0, 150, range(4, 9)), *set_at(WIDE, 0, 300, range(9, 12))]
    assert paragraphs(lines) == [12]


def test_a_paragraph_that_runs_around_a_picture_on_its_left() -> None:
    lines = [*set_at(WIDE, 0, 300, range(4)), *set_at(BESIDE, 150, 300, range(4, 9))]
    assert paragraphs(lines) == [9]


def test_an_indent_beside_a_picture_begins_a_paragraph() -> None:
    first = [*set_at(WIDE, 0, 300, range(4)), *set_at(BESIDE, 150, 300, range(4, 8))]
    last = line("and its last one.", 150, 13 * 8, 148)
    second = [line("A new one", 160, 13 * 9, 140), *set_at(BESIDE, 150, 300, range(10, 14))]
    assert paragraphs([*first, last, *second]) == [9, 5]


def test_two_short_lines_of_one_length_are_not_full() -> None:
    lines = [*set_at(WIDE, 0, 300, range(4)), line("short one.", 0, 52, 60), line("Another one.", 0, 65, 60)]
    assert paragraphs(lines) == [5, 1]


LONG = [
    "The harbour board met in the town hall and heard the report on the new sluice",
    "gates. Two of the seven gates had leaked in the storm of January, and the divers",
    "found that the seals had been fitted the wrong way round by the contractor, who",
    "then repaired them.",
]
NARROW = [
    "Beside the picture the text is narrower",
    "than it is elsewhere on this page, and",
    "its lines end long before the margin",
    "although nothing ends there but them.",
]


def texts(rows: list[str], top: float, pitch: float, width: float = 7.0, size: float = 14.0) -> list[Line]:
    return [
        Line(row, (100.0, top + i * pitch, 100.0 + width * len(row), top + i * pitch + size), size)
        for i, row in enumerate(rows)
    ]


def test_widely_set_text_is_one_paragraph_beside_rows_of_another_pitch() -> None:
    rows = texts([f"Row {i} of a dense table" for i in range(20)], 100, 17)
    prose = texts(LONG, 600, 30)
    assert [group.lines for group in groups_of(prose, Measure.of([*rows, *prose], 1.15))] == [prose]


def test_widely_set_entries_stay_apart() -> None:
    rows = texts([f"Row {i} of a dense table" for i in range(20)], 100, 17)
    entries = texts(["The first entry of the list", "Another one, no longer", "The third entry of the list"], 600, 30)
    assert len(groups_of(entries, Measure.of([*rows, *entries], 1.15))) == 3


def test_lines_beside_a_float_are_full_at_its_edge() -> None:
    wide, narrow = texts(LONG * 3, 100, 18), texts(NARROW, 400, 18)
    groups = groups_of([*wide, *narrow], Measure.of([*wide, *narrow], 1.15))
    assert groups[-1].lines == narrow


def test_a_paragraph_shaded_line_by_line_is_no_form() -> None:
    lines = texts(LONG * 2, 100, 18)
    stripes = Drawings(panels=[(96.0, line.box[1] - 2, 800.0, line.box[1] + 16) for line in lines])
    assert with_values(lines, stripes, Measure.of(lines, 1.15)) == lines


def test_a_double_spaced_page_with_a_table(tmp_path: Path, read: Read) -> None:
    table = "".join(words(60 + 100 * k, 800 - 14 * i, f"{(i + 1) * (k + 3)}.5") for i in range(12) for k in range(4))
    prose = "".join(words(60, 600 - 27 * i, row) for i, row in enumerate(LONG))
    (page,) = read(painted(tmp_path / "double.pdf", table + prose))
    assert page.markdown.split("\n\n")[-1] == " ".join(LONG)
