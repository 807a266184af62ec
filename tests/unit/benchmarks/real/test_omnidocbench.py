"""Texts, order and tables of a page of OmniDocBench."""

from typing import Any

import pytest

from benchmarks.real.omnidocbench import match, score_page

ONE, TWO = "The first paragraph of the page.", "And a second one, which is longer."


def page(*blocks: dict[str, Any]) -> dict[str, Any]:
    return {"layout_dets": [*blocks]}


def text(content: str, order: int | None, category: str = "text_block") -> dict[str, Any]:
    return {"category_type": category, "text": content, "order": order}


def test_equal_pages() -> None:
    score = score_page(page(text(ONE, 1), text(TWO, 2)), f"# {ONE}\n\n{TWO}")
    assert (score.text, score.order, score.tables) == (0, 0, [])


def test_paragraphs_may_be_joined_or_cut() -> None:
    assert match([ONE, TWO], [ONE + TWO]) == [([0, 1], [0])]
    assert match([ONE + TWO], [ONE, TWO]) == [([0], [0, 1])]
    assert match([ONE], [TWO]) == [([0], []), ([], [0])]


def test_furniture_does_not_count_but_inventions_do() -> None:
    truth = page(text("abcdefghij", 1), text("Journal of Tests", None, "header"))
    assert score_page(truth, "abcdefghij\n\nJournal of Tests").text == 0
    assert score_page(truth, "abcdefghij\n\nzzzzzzzzzz").text == pytest.approx(0.5)
    assert score_page(truth, "").text == 1


def test_order() -> None:
    assert score_page(page(text(ONE, 2), text(TWO, 1)), f"{ONE}\n\n{TWO}").order == 1


def test_tables() -> None:
    truth = page({"category_type": "table", "html": "<table><tr><td>a</td><td>b</td></tr></table>", "order": 1})
    assert score_page(truth, "| a | b |\n|---|---|").tables == [1]
    assert score_page(truth, "none").tables == [0]
