"""Lines cut into the pieces that stand in the cells of a table."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from ..model.boxes import union
from ..model.lines import Line, Word
from ..model.patterns import CJK_GAP, CJK_START, LEADERS, is_number
from .columns import LEAST_GAP, Column, column_of

WIDE = 0.75
"""Sizes of type: white between two words of a line that stand in cells of their own."""
LEADER = re.compile(r"[.·…]+")
"""A word of such dots."""
NOTE = re.compile(r"\(\d{1,2}\)")


def slot(edges: Sequence[float], at: float) -> int:
    """Between which of the edges something at that place stands; what stands outside counts to the outermost."""
    return max(0, min(sum(edge <= at for edge in edges) - 1, len(edges) - 2))


def cut(line: Line, xs: Sequence[float]) -> list[Line]:
    """The line, parted where column edges, in pixels, run between its words."""
    inner = _inner(line, xs)
    if not inner:
        return [line]
    if not line.words:
        return _cut_by_share(line, inner)
    groups: list[list[Word]] = []
    last = None
    for word in line.words:
        here = slot(xs, (word.box[0] + word.box[2]) / 2)
        if here != last:
            groups.append([])
        groups[-1].append(word)
        last = here
    return [_piece(line, group) for group in groups]


def breaks(line: Line, xs: Sequence[float]) -> bool:
    """Would the edges of columns break the line between words of a sentence?"""
    inner = _inner(line, xs)
    if not inner or len(line.words) < 2:
        return bool(inner) and bool(line.words)
    gaps = [(a.box[2], b.box[0]) for a, b in pairwise(line.words) if b.box[0] - a.box[2] > WIDE * line.size]
    return not all(any(low - 2 <= x <= high + 2 for low, high in gaps) for x in inner)


def split_wide(line: Line, gap: float = WIDE) -> list[Line]:
    """The line, parted at white of `gap` sizes of type; half of it is enough between numbers."""
    if len(line.words) < 2:
        return [line]
    groups = [[line.words[0]]]
    for word in line.words[1:]:
        last = groups[-1][-1]
        least = gap / 2 if _is_value(last.text) and _is_value(word.text) else gap
        if word.box[0] - last.box[2] > least * line.size:
            groups.append([])
        groups[-1].append(word)
    return _pieces(line, groups)


def without_leaders(line: Line) -> Line:
    """The line without the dots that lead from a label to its value: they are white."""
    if LEADERS.search(line.text) is None:
        return line
    words = [word for word in line.words if LEADER.fullmatch(word.text) is None]
    return _piece(line, words) if words else line


def recut(line: Line, columns: Sequence[Column], filled: Sequence[Column] = ()) -> list[Line]:
    """The line, parted where two of its words stand in columns of their own, which text may not fill to their edges."""
    if len(line.words) < 2:
        return [line]
    filled = filled or columns
    groups = [[line.words[0]]]
    for before, word in pairwise(line.words):
        a, b = column_of(before.box, columns), column_of(word.box, columns)
        gap = word.box[0] - before.box[2]
        own = b > a and _sits(groups[-1], filled[a], line.size) and _sits([word], filled[b], line.size)
        if b > a and (gap > WIDE * line.size or (own and gap > LEAST_GAP * line.size)):
            groups.append([])
        groups[-1].append(word)
    return _pieces(line, groups)


def _is_value(text: str) -> bool:
    """Is it a number, neither a dash between two nor the mark of a note?"""
    return is_number(text) and any(map(str.isdigit, text)) and NOTE.fullmatch(text) is None


def _inner(line: Line, xs: Sequence[float]) -> list[float]:
    """The edges that run through the line."""
    return [x for x in xs if line.box[0] + 2 < x < line.box[2] - 2]


def _cut_by_share(line: Line, inner: Sequence[float]) -> list[Line]:
    """Where words have no known places, characters are taken as equally wide, and parted at a space nearby."""
    text, (x0, y0, x1, y1) = line.text, line.box
    if " " not in text and CJK_START.search(text) is None:  # one word, whose box is too wide
        return [line]
    found, start, left = [], 0, x0
    for x in inner:
        guess = round((x - x0) / (x1 - x0) * len(text))
        spaces = [k for k in range(max(guess - 4, start), min(guess + 5, len(text))) if text[k] == " "]
        end = min(spaces, key=lambda k: abs(k - guess)) if spaces else guess
        if text[start:end].strip():
            found.append(Line(text[start:end].strip(), (left, y0, x, y1), line.size))
        start, left = end, x
    if text[start:].strip():
        found.append(Line(text[start:].strip(), (left, y0, x1, y1), line.size))
    return found


def _sits(words: Sequence[Word], column: Column, size: float) -> bool:
    """Do the words begin, end or centre with the column?"""
    left, right = words[0].box[0], words[-1].box[2]
    middle = abs((left + right) - (column.left + column.right)) / 2
    return min(abs(left - column.left), abs(right - column.right), middle) < 0.7 * size


def _pieces(line: Line, groups: Sequence[Sequence[Word]]) -> list[Line]:
    return [line] if len(groups) == 1 else [_piece(line, group) for group in groups]


def _piece(line: Line, words: Sequence[Word]) -> Line:
    text = CJK_GAP.sub("", " ".join(word.text for word in words))
    return Line(text, union(word.box for word in words), line.size, line.bold, words=words)
