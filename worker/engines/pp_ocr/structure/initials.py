"""Letters set apart for show: headings with spaced letters, and the large first letter of a chapter."""

from __future__ import annotations

import re
import statistics
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from ..model.boxes import union
from ..model.lines import Line, Word

LEAST_SPACED = 4
"""Letters of a word with spaced letters."""
WORD_GAP = 1.5
"""White between two words with spaced letters, in the white between these."""
WIDEST = 1.0
"""White between two letters of a word, in sizes of type, at most."""
CAP = re.compile(r"[“‘\"'«„]?[^\W\d_]{1,2}")
CAP_SIZE = 1.8
"""How many times as large as the text beside it a first letter is."""
CAP_GAP = 2.0
"""Sizes of the text between the letter and the rest of its word, at most."""
ALONE = {"A", "I", "O", "À", "Y"}
"""Letters that are words, too."""


def without_spaces(lines: Sequence[Line]) -> list[Line]:
    """The lines, with words whose letters are set apart as words: "M I N U T E S"."""
    return [_closed(line) if _is_spaced(line.text) else line for line in lines]


def _is_spaced(text: str) -> bool:
    if text[1:2] != " " or text[3:4] != " ":
        return False
    pieces = text.split(" ")
    letters = [piece for piece in pieces if len(piece) == 1 and piece.isalpha() and piece < "\u2e80"]
    if len(letters) < LEAST_SPACED or any(len(piece) > 1 and piece[0].isalnum() for piece in pieces):
        return False
    return any(ord(b) - ord(a) != 1 for a, b in pairwise(letters))  # "A B C D" heads columns


def _closed(line: Line) -> Line:
    words = list(line.words)
    gaps = [b.box[0] - a.box[2] for a, b in pairwise(words)]
    if " ".join(word.text for word in words) != line.text or max(map(abs, gaps)) > 3 * WIDEST * line.size:
        return line
    usual = statistics.median_low(gaps)
    if not 0 <= usual < WIDEST * line.size:
        return line
    found = words[:1]
    for gap, word in zip(gaps, words[1:], strict=True):
        if gap > WORD_GAP * max(usual, 1.0):
            found.append(word)
        else:
            found[-1] = Word(found[-1].text + word.text, union((found[-1].box, word.box)))
    return replace(line, text=" ".join(word.text for word in found), words=found)


def with_initials(lines: Sequence[Line]) -> list[Line]:
    """The lines, with large first letters joined to their words, and all lines beside one at its left edge."""
    caps = [line for line in lines if len(line.text) <= 3 and CAP.fullmatch(line.text)]
    found: list[Line | None] = list(lines)
    for cap in caps:
        beside = [i for i, line in enumerate(lines) if found[i] is line and _is_beside(cap, line)]
        first = min(beside, key=lambda i: lines[i].middle, default=None)
        if first is None or not _begins_word(cap.text, lines[first].text):
            continue
        if lines[first].box[1] > cap.middle and len(beside) > 1:  # sunk into the lines, or raised above one
            continue
        for i in beside:
            line = lines[i]
            text = _joined(cap.text, line.text, lines) if i == first else line.text
            found[i] = replace(line, text=text, box=(cap.box[0], *line.box[1:]), words=())
        found = [None if line is cap else line for line in found]
    return [line for line in found if line is not None]


def _is_beside(cap: Line, line: Line) -> bool:
    """Is it a line of the text that the letter begins?"""
    return (
        line is not cap
        and line.upright
        and cap.size > CAP_SIZE * line.size
        and cap.box[1] < line.middle < cap.box[3]
        and -0.3 * line.size < line.box[0] - cap.box[2] < CAP_GAP * line.size
    )


def _begins_word(cap: str, text: str) -> bool:
    """May the text be the rest of the letter's word? "B Results" is a heading with its letter."""
    rest = text.split(" ", 1)[0]
    return cap[-1:] in ALONE or rest[:1].islower() or rest.isupper()


def _joined(cap: str, text: str, lines: Sequence[Line]) -> str:
    """The letter and the rest of its word, or the next word where the letter is one."""
    rest = text.split(" ", 1)[0].strip(".,;:")
    if cap[-1:] in ALONE and len(cap) == 1:
        known = {word.strip(".,;:").lower() for line in lines if line.text is not text for word in line.text.split(" ")}
        if rest.lower() in known and (cap + rest).lower() not in known:
            return f"{cap} {text}"
    return cap + text
