"""The measures of plain text: edit distance, words, losses, sentences."""

from typing import Any

import pytest

from benchmarks.real.geotopo import recall_and_precision
from benchmarks.real.losses import words_lost
from benchmarks.real.plain_text import without_markup, words
from benchmarks.real.sentences import broken_sentences
from benchmarks.real.unlv import distance


def test_distance_joins_words_broken_by_hyphens() -> None:
    assert distance("A weath-\nered  time", "A weathered\ntime") == 0
    assert distance("abcd", "abce") == 0.25


def test_recall_and_precision_count_words_as_often_as_they_occur() -> None:
    recall, precision = recall_and_precision("one one two", "one **two** three four")
    assert recall == pytest.approx(2 / 3)
    assert precision == 0.5


def shown(markdown: str, *hidden: str, warnings: tuple[str, ...] = ()) -> dict[str, Any]:
    blocks = [{"label": "text", "content": markdown}, *({"label": "footer", "content": text} for text in hidden)]
    return {"markdown": markdown, "blocks": blocks, "warnings": [*warnings]}


def test_words_that_nothing_holds_are_lost() -> None:
    assert words_lost("one two three", shown("one three")) == ["two"]
    assert words_lost("one one", shown("one")) == ["one"]


def test_furniture_and_warnings_hold_words() -> None:
    assert words_lost("one two page 3", shown("one", "page 3", warnings=("'two' is hidden",))) == []


def test_words_may_be_joined_or_cut() -> None:
    assert words_lost("weath\u0002\nered time", shown("weathered time")) == []
    assert words_lost("weath- ered", shown("weathered")) == []
    assert words_lost("twowords", shown("two words")) == []


def test_sentences_broken_over_paragraphs() -> None:
    one, other = "This sentence goes", "on over here."
    assert broken_sentences(f"{one}\n\n{other}") == [f"{one} | {other}"]
    for whole in (f"{one}.\n\n{other}", f"# {one}\n\n{other}", f"{one}\n\nOn over here.", f"{one}\n\nx axis"):
        assert broken_sentences(whole) == []


def test_markup_is_no_words() -> None:
    assert words(without_markup("![a b](p.png) R<sup>2</sup><br>[here](#top) 3. item &amp; 中文")) == [
        *("r2", "here", "3", "item", "中", "文")
    ]
