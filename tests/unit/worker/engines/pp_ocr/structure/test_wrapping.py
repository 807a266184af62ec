"""Text beside a picture at an edge of the column."""

import pytest

from support.pp_ocr.lines import line
from worker.engines.pp_ocr.model.lines import Line
from worker.engines.pp_ocr.model.parts import Part
from worker.engines.pp_ocr.structure.order import order
from worker.engines.pp_ocr.structure.wrapping import wrapped

TEXT = "a line of the text that runs on and on"


def lines(name: str, x: float, width: float, rows: range) -> list[Line]:
    return [line(f"{name} {k} {TEXT}", x, 12 * k, width) for k in rows]


def picture(x: float) -> Part:
    return Part("image", (x, 63, x + 130, 150), "")


def names(items: list[Line | Part]) -> list[str]:
    return [item.text if isinstance(item, Line) else item.label for item in items]


@pytest.mark.parametrize("side", ["left", "right"])
def test_a_picture_its_caption_and_the_text_beside_them(side: str) -> None:
    at, beside = (0, 150) if side == "left" else (170, 0)
    above, below = lines("above", 0, 300, range(5)), lines("below", 0, 300, range(15, 20))
    caption = [line("Fig. 1: The weir", at + 20, 155, 90), line("in spring", at + 40, 167, 50)]
    text = lines("beside", beside, 150, range(5, 15))
    shown = [picture(at), *caption]
    expected = [*above, *(shown if side == "left" else text), *(text if side == "left" else shown), *below]
    mixed: list[Line | Part] = [*below, *text, *caption, picture(at), *above]
    assert names(order(mixed, 9, 7)) == names(expected)


def test_without_lines_over_the_whole_width_it_is_a_column() -> None:
    items: list[Line | Part] = [picture(0), *lines("beside", 150, 150, range(5, 15))]
    assert wrapped(items) is None


def test_labels_beside_a_picture_are_no_text() -> None:
    items: list[Line | Part] = [*lines("above", 0, 300, range(5)), picture(0)]
    items += [line("label", 150, 12 * k) for k in range(5, 15)]
    assert wrapped(items) is None


def test_text_on_both_sides_is_not_beside_it() -> None:
    items: list[Line | Part] = [*lines("above", 0, 330, range(5)), picture(100)]
    items += [*lines("left", 0, 90, range(5, 14)), *lines("right", 240, 90, range(5, 14))]
    assert wrapped(items) is None
