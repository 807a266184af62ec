"""Which lines of a scan were read, and what is said of the others."""

import pytest

from worker.engines.pp_ocr.raster.legibility import Legibility, judge, warning

LINE, SPECK = (600.0, 30.0), (30.0, 25.0)
READ = ("The harbour board met in the town hall", 0.98)


def judged(*lines: tuple[str, float], sides: tuple[float, float] = LINE) -> Legibility:
    return judge([sides] * len(lines), [text for text, _ in lines], [score for _, score in lines])


def test_what_was_read_is_kept() -> None:
    assert judged(READ, ("水位报告", 0.99)) == Legibility([0, 1], [], strange=False)
    assert judged() == Legibility([], [], strange=False)


def test_lines_of_low_confidence_are_counted_but_for_specks() -> None:
    assert judged(*[READ] * 5, ("jl ri", 0.4)) == Legibility([0, 1, 2, 3, 4], [5], strange=False)
    assert judge([LINE, SPECK], [READ[0], "i"], [0.98, 0.3]) == Legibility([0], [], strange=False)


@pytest.mark.parametrize("text", ["        ", "    .   ", "", "3     "])
def test_a_line_without_letters_is_of_an_unknown_script_however_sure(text: str) -> None:
    assert judged((text, 0.97)) == Legibility([], [0], strange=True)
    assert judged(*[READ] * 9, (text, 0.97)) == Legibility([*range(9)], [9], strange=False)


def test_a_column_is_as_long_as_a_row() -> None:
    assert judged(("  ", 0.9), sides=(30, 600)).unread == [0]


def test_a_rule_is_no_strange_script() -> None:
    assert judged(READ, ("—", 0.6)) == Legibility([0, 1], [], strange=False)


def test_garbage_is_left_out_where_most_is_garbage() -> None:
    garbage = ("TE TAfRHAR3iTTT", 0.6)
    assert judged(garbage, garbage, READ) == Legibility([2], [0, 1], strange=True)
    assert judged(garbage, READ, READ) == Legibility([0, 1, 2], [], strange=False)


def test_warnings() -> None:
    assert warning(0, strange=False) is None
    assert warning(1, strange=False) == "1 line of text is left out: OCR could not read it with confidence."
    assert "paddleocr_vl" in str(warning(3, strange=True))
    assert str(warning(0, strange=True)).startswith("Much of the text may be wrong")
