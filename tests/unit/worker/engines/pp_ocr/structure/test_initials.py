"""Letters set apart for show."""

from collections.abc import Sequence

import pytest

from worker.engines.pp_ocr.model.lines import Line, Word
from worker.engines.pp_ocr.structure.initials import with_initials, without_spaces


def spaced(words: Sequence[str], gap: float = 6, space: float = 16) -> Line:
    """Letters of 10 pixels, with so much white after each and after a word."""
    found, x = [], 0.0
    for word in words:
        for letter in word:
            found.append(Word(letter, (x, 0, x + 10, 20)))
            x += 10 + gap
        x += space - gap
    return Line(" ".join(word.text for word in found), (0, 0, x, 20), 20, words=found)


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["MINUTES"], "MINUTES"),
        (["HARBOUR", "BOARD"], "HARBOUR BOARD"),
        (["REPORT", "2015"], "REPORT 2015"),
        (["ABCDE"], "A B C D E"),
        (["UN"], "U N"),
    ],
)
def test_spaced_letters_are_words(words: list[str], text: str) -> None:
    assert [line.text for line in without_spaces([spaced(words)])] == [text]


def initial(letter: str, first: str, *others: str) -> list[Line]:
    """A letter of 60 pixels, and the lines beside it."""
    rows = [Line(row, (60, 22 * i, 400, 22 * i + 20), 20) for i, row in enumerate([first, *others])]
    return [Line(letter, (0, 0, 50, 60), 60), *rows]


def test_a_large_letter_begins_its_word_and_the_lines_beside_it() -> None:
    lines = with_initials(initial("T", "he board met in the", "town hall in March"))
    assert [(line.text, line.box[0]) for line in lines] == [("The board met in the", 0), ("town hall in March", 0)]


@pytest.mark.parametrize(
    ("first", "text"),
    [
        ("board met again", "A board met again"),
        ("fter this, the", "After this, the"),
    ],
)
def test_a_letter_may_be_a_word(first: str, text: str) -> None:
    assert with_initials(initial("A", first, "hall where the board was"))[0].text == text


def test_the_letter_of_a_heading_stays_apart() -> None:
    lines = initial("B", "Results of the year")
    assert with_initials(lines) == lines
