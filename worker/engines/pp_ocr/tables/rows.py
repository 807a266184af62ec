"""Rows of text to rows of a table, whose cells may have several rows of text."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from ..model.boxes import union
from ..model.cells import Cell, Span
from ..model.lines import Line
from ..model.patterns import is_number
from .columns import Column, column_of, crossing

WRAPPED = 0.8
"""Share of its column's width that a line takes together with the word that did not fit in."""
PITCH_JUMP = 1.3
"""How much farther apart than the rows of a cell those of the table are."""


def gathered(stacked: Sequence[list[Line]], columns: Sequence[Column], cuts: Sequence[float]) -> list[list[Line]]:
    """The rows of the table, each with all its pieces; `cuts` are the heights of rules between them, in pixels."""
    bands: dict[int, list[list[Line]]] = {}
    for row in stacked:
        bands.setdefault(sum(cut < row[0].middle for cut in cuts), []).append(row)
    found: list[list[Line]] = []
    for k, band in enumerate(bands.values()):
        if (len(bands) > 2 or (k == 0 and len(bands) == 2)) and _is_one(band, columns):
            found.append([piece for row in band for piece in row])
        else:
            found += by_pitch(band, columns)
    return found


def cells_of(gathered_rows: Sequence[Sequence[Line]], columns: Sequence[Column], start: int = 0) -> list[Cell]:
    """The cells of all rows, counted from `start`; a piece that reaches over several columns spans them if empty."""
    cells = []
    for r, row in enumerate(gathered_rows, start):
        _, top, _, bottom = union(piece.box for piece in row)
        slots: dict[int, list[Line]] = {}
        widths: dict[int, int] = {}
        for piece in row:
            first, last = crossing(piece.box, columns)
            slots.setdefault(first, []).append(piece)
            widths[first] = max(widths.get(first, 1), last - first + 1)
        c = 0
        while c < len(columns):
            width = widths.get(c, 1)
            while width > 1 and any(k in slots for k in range(c + 1, c + width)):
                width -= 1
            box = columns[c].left, top, columns[c + width - 1].right, bottom
            cells.append(Cell.of(Span(r, c, 1, width), slots.get(c, []), box))
            c += width
    return cells


def _is_one(band: Sequence[Sequence[Line]], columns: Sequence[Column]) -> bool:
    """Is the text between two rules one row of cells that have several rows of text?"""
    ends = [(column_of(row[-1].box, columns), len(row)) for row in band if len(row) > 1 and is_number(row[-1].text)]
    if len(ends) > len(set(ends)):
        return False
    full = 0
    for row in band:
        reached = [crossing(piece.box, columns) for piece in row]
        if any(last > first for first, last in reached):
            return len(band) == 1
        full += len({first for first, _ in reached}) > 0.7 * len(columns)
    return full < 2 or len(band) == 1


def by_pitch(stacked: Sequence[list[Line]], columns: Sequence[Column]) -> list[list[Line]]:
    """Rows closer to each other than others belong to the same cells, if their columns allow it."""
    found: list[list[Line]] = []
    pitches = [b[0].middle - a[0].middle for a, b in pairwise(stacked)]
    least = min(pitches, default=0.0)
    spread = max(pitches, default=0.0) > PITCH_JUMP * least
    for i, row in enumerate(stacked):
        if found and pitches[i - 1] <= PITCH_JUMP * least and _goes_on(found[-1], row, columns, spread=spread):
            found[-1].extend(row)
        else:
            found.append(list(row))
    return found


def _goes_on(group: Sequence[Line], row: Sequence[Line], columns: Sequence[Column], *, spread: bool) -> bool:
    """Does the row of text go on with cells of the group?"""
    if any(first < last for first, last in (crossing(piece.box, columns) for piece in [*group, *row])):
        return False
    above = {column_of(piece.box, columns) for piece in group}
    here = {column_of(piece.box, columns) for piece in row}
    if not here <= above or all(is_number(piece.text) for piece in row):
        return False
    small = all(piece.text[:1].islower() for piece in row)
    if here == above or (here == {0} and small):
        return small and len(above) > 1 and _are_wrapped(group, row, columns)
    return 0 not in here or (spread and (len(here) == 1 or small))


def _are_wrapped(group: Sequence[Line], row: Sequence[Line], columns: Sequence[Column]) -> bool:
    """Did the row's first words not fit in behind the text above them, which begins with no small letter itself?"""
    for piece in row:
        k = column_of(piece.box, columns)
        above = sorted((other for other in group if column_of(other.box, columns) == k), key=lambda line: line.middle)
        word = piece.words[0].box if piece.words else piece.box
        end = above[-1].box[2] + word[2] - word[0]
        if above[0].text[:1].islower() or end < columns[k].left + WRAPPED * columns[k].width:
            return False
    return True
