"""Sizes of type on a scan."""

from support.pp_ocr.lines import line
from worker.engines.pp_ocr.raster.sizes import even_out


def test_a_line_in_a_tight_box_is_as_large_as_those_around_it() -> None:
    lines = [line(f"the line {k} of a paragraph in one size", y=30 * k, size=28, width=500) for k in range(5)]
    lines[2].size = 21
    even_out(lines)
    assert [line.size for line in lines] == [28] * 5


def test_a_heading_keeps_its_size() -> None:
    lines = [line(f"the line {k} of a paragraph in one size", y=30 * k, size=20, width=400) for k in range(5)]
    heading = line("A heading of some more words", y=150, size=30, width=420)
    even_out([*lines, heading])
    assert heading.size == 30
