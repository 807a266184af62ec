"""What stands in a page's margins."""

from support.pp_ocr.lines import MEASURE, line
from worker.engines.pp_ocr.model.lines import Line
from worker.engines.pp_ocr.model.parts import Part
from worker.engines.pp_ocr.structure.furniture import set_apart

TEXT = "any was very trifling. Since the use of bones has, however, become general, it has been"


def labels(items: list[Line]) -> list[str]:
    return [item.label if isinstance(item, Part) else "line" for item in set_apart(items, 1000, MEASURE)]


def text(y: float) -> list[Line]:
    return [line(TEXT, 0, y + 13 * k, 430) for k in range(4)]


def test_a_running_head_close_above_the_text() -> None:
    head = [line("400", 0, 50), line("BRITISH HUSBANDRY.", 150, 50), line("[Ch. XIX.", 385, 50)]
    assert labels([*head, *text(63)]) == ["number", "text", "text", *["line"] * 4]


def test_a_row_of_a_table_at_the_head_of_the_page_is_none() -> None:
    rows = [item for y in (50, 63) for item in (line("400", 0, y), line("Bolts", 150, y), line("12.50", 385, y))]
    assert labels(rows) == ["line"] * 6


def test_neither_is_a_row_without_a_page_number_or_far_down() -> None:
    titles = [line("BRITISH HUSBANDRY.", 150, 50), line("[Ch. XIX.", 385, 50)]
    assert labels([*titles, *text(63)]) == ["line"] * 6
    numbered = [line("400", 0, 150), line("BRITISH HUSBANDRY.", 150, 150)]
    assert labels([*numbered, *text(163)]) == ["line"] * 6
