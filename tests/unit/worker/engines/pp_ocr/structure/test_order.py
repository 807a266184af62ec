"""The order in which a page is read."""

import random
from collections.abc import Iterable

import pytest

from support.pp_ocr.lines import line, typed, worded
from worker.engines.pp_ocr.model.lines import Line
from worker.engines.pp_ocr.model.parts import Part
from worker.engines.pp_ocr.structure.gutters import are_columns, has_columns
from worker.engines.pp_ocr.structure.order import order
from worker.engines.pp_ocr.structure.sequence import in_sequence

FULL = "a full line of the text that runs on"


def column(name: str, x: float, y: float, rows: int, width: float = 180) -> list[Line]:
    """Lines of a paragraph, 14 pixels apart."""
    return [line(f"{name} {k} {FULL}", x, y + 14 * k, width) for k in range(rows)]


def read(items: Iterable[Line]) -> list[str]:
    shuffled = list(items)
    random.Random(3).shuffle(shuffled)
    return [item.text for item in order(shuffled, 9, 7)]


def texts(items: Iterable[Line]) -> list[str]:
    return [item.text for item in items]


def test_columns_under_a_title() -> None:
    items = [line("title", width=400), *column("left", 0, 40, 9), *column("right", 220, 40, 9)]
    assert read(items) == texts(items)


def test_a_gutter_that_lines_cross() -> None:
    above = [*column("left", 0, 0, 9, 190), *column("right", 210, 0, 9, 190)]
    across = line("a line across both columns of the page", y=128, width=400)
    below = [*column("left below", 0, 145, 5, 190), *column("right below", 210, 145, 5, 190)]
    assert read([*above, across, *below]) == texts([*above, across, *below])


def test_a_box_that_reaches_a_little_over_the_gutter_stays_in_its_column() -> None:
    """On pages that are not quite straight, boxes are wider than their lines."""
    left, right = column("left", 0, 0, 9, 196), column("right", 200, 0, 9, 192)
    across = line("a line across both columns of the page", y=140, width=392)
    right[4].box = (193, 56, 392, 70)
    assert read([*left, *right, across]) == texts([*left, *right, across])


def test_three_columns_with_a_banner_over_two_of_them() -> None:
    first = column("first", 0, 0, 20)
    banner = line("Flood on the lower river", 200, 70, 380, size=20, bold=True)
    middle, last = column("middle", 200, 100, 12), column("last", 400, 100, 12)
    found = read([*first, banner, *middle, *last])
    rest = [text for text in found if not text.startswith("first")]
    assert rest == texts([banner, *middle, *last])


def test_a_banner_is_read_after_what_stands_above_it() -> None:
    above = [*column("left", 0, 0, 6), *column("right", 200, 0, 6)]
    banner = line("Flood on the lower river", 0, 90, 380, size=20, bold=True)
    below = [*column("left below", 0, 120, 6), *column("right below", 200, 120, 6)]
    assert read([*above, banner, *below]) == texts([*above, banner, *below])


def test_rows_go_from_left_to_right() -> None:
    assert texts(order([line("b", x=50, y=1), line("a"), line("c", y=14)], 1000, 1000)) == ["a", "b", "c"]
    assert read([line("alone")]) == ["alone"]
    assert order([], 9, 7) == []


def test_rows_of_a_form_are_no_columns() -> None:
    rows = [
        item
        for k in range(8)
        for item in (line(f"Label {k}", 0, 30 * k), line(f"value {k}", 200, 30 * k, 100, boxed=True))
    ]
    assert read(rows) == texts(rows)
    assert not are_columns(
        [line("a", y=20 * k, boxed=True) for k in range(4)], [line("b", 90, 20 * k, boxed=True) for k in range(4)]
    )


def test_an_address_beside_labels_and_values() -> None:
    address = [line(text, 0, 14 * k) for k, text in enumerate(["Weir Ltd", "Mill Lane 4", "Brundle", "NR13"])]
    pairs = typed("Date          2 May 2024\nNumber        318\nCustomer      4711\nContact       A. Smith", 250, 3)
    assert read([*address, *pairs]) == texts([*address, *pairs])


def test_two_sides_that_share_no_rows_are_columns() -> None:
    left = [line(f"note {k}", 0, 17 * k, 60) for k in range(12)]
    right = [line(f"word {k}", 100, 5 + 23 * k, 60) for k in range(9)]
    assert are_columns(left, right)
    assert not are_columns(left, [line(f"cell {k}", 100, 17 * k, 60) for k in range(12)])
    assert not are_columns(left, right[:2])


def test_pages_in_columns() -> None:
    assert has_columns([*column("left", 0, 0, 8), *column("right", 220, 0, 8)], 9)
    assert not has_columns(column("left", 0, 0, 20), 9)
    assert not has_columns([*column("left", 0, 0, 8), *(line("7.5", 220, 14 * k) for k in range(8))], 9)
    assert not has_columns(column("left", 0, 0, 4), 9)


def test_columns_that_run_around_a_picture_in_the_middle() -> None:
    left = [*column("left", 0, 0, 5, 190), *column("wrapped", 0, 70, 8, 130), *column("left below", 0, 182, 5, 190)]
    right = [
        *column("right", 210, 0, 5, 190),
        *column("wrapped too", 270, 70, 8, 130),
        *column("right below", 210, 182, 5, 190),
    ]
    caption = [line("The town", 170, 140, 60), line("in spring", 170, 154, 60)]
    assert has_columns([*left, *right, *caption], 9)
    assert read([*left, *right, *caption]) == texts([*left, *right, *caption])


def test_fields_of_a_form_that_end_nearly_alike_are_no_columns() -> None:
    """Labels above their values, of one left edge."""
    label = "Name of a field and its value"
    ends = [211, 158, 151, 146, 305, 211, 413, 470, 508]
    left = [Line(label, (0, 95 * k, end, 95 * k + 77), 26) for k, end in enumerate(ends)]
    right = [Line(label, (513, 95 * k, 830, 95 * k + 77), 26) for k in range(4)]
    assert not are_columns(left, right)


class TestSequence:
    """Parts in the order in which a program drew them."""

    @staticmethod
    def part(name: str, y: float, x: float = 0, width: float = 400) -> Part:
        return Part("text", (x, y, x + width, y + 40), name)

    @staticmethod
    def names(parts: list[Part]) -> list[str]:
        return [part.content for part in in_sequence(parts)]

    def test_what_is_in_order_stays(self) -> None:
        parts = [self.part(str(k), 50 * k) for k in range(4)]
        assert self.names(parts) == ["0", "1", "2", "3"]
        assert in_sequence([]) == []

    @pytest.mark.parametrize("drawn", ["1230", "3012", "0312"])
    def test_a_title_drawn_last_and_a_footer_drawn_first(self, drawn: str) -> None:
        assert self.names([self.part(k, 50 * int(k)) for k in drawn]) == ["0", "1", "2", "3"]

    def test_columns_keep_their_order(self) -> None:
        parts = [self.part(f"{x}{y}", 50 * y, 220 * x, 200) for x in (0, 1) for y in (0, 1, 2)]
        assert self.names(parts) == ["00", "01", "02", "10", "11", "12"]
        title = self.part("title", -50)
        assert self.names([*parts, title]) == ["title", "00", "01", "02", "10", "11", "12"]

    def test_a_page_of_very_many_parts_is_left_as_it_comes(self) -> None:
        parts = [self.part(str(k), -50 * k) for k in range(401)]
        assert in_sequence(parts) == parts


def test_worded_lines_are_read_like_others() -> None:
    assert read([worded("one", 0, 0), worded("two", 0, 40)]) == ["one", "two"]
