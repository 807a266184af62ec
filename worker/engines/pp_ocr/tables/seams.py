"""Tables whose level rules, or coloured rows, are drawn cell by cell: where the pieces meet, columns do."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

from ..model.boxes import Box, rows
from ..model.lines import Line
from ..model.rules import Rule
from .checks import is_uneven
from .columns import Column
from .cutting import recut
from .table import Sheet, Table
from .unruled import head_of, table_of

SAME = 3.0
"""Pixels by which the seams of two rules may be out of line."""
COMMON = 0.5
"""Share of a table's rules that have a seam where two of its columns meet."""


def disagree(one: Rule, other: Rule) -> bool:
    """Are both drawn in pieces, none of which meet at the same place?"""
    return bool(one.seams and other.seams) and not any(abs(a - b) <= SAME for a in one.seams for b in other.seams)


def seams_of(group: Sequence[Rule]) -> list[float]:
    """The edges of columns, in pixels, where the pieces of most rules of a table meet; none if they do not."""
    found: list[list[float]] = []
    for x in sorted(x for rule in group for x in rule.seams):
        if found and x - found[-1][-1] <= SAME:
            found[-1].append(x)
        else:
            found.append([x])
    inner = [xs[0] for xs in found if len(xs) >= COMMON * len(group)]
    return [group[0].start, *inner, group[0].end] if inner else []


def within_seams(
    sheet: Sheet, inside: Mapping[int, Line], box: Box, cuts: Sequence[float], edges: Sequence[float]
) -> Table | None:
    """A table of the lines in a box, by index, with level rules at `cuts` and columns between `edges`, in pixels."""
    if not edges or is_uneven(inside.values()):
        return None
    columns = [Column(a, b) for a, b in pairwise(edges)]
    filled = [_filled(column, inside.values()) for column in columns]
    inside = dict(sorted({**inside, **head_of(sheet.free, columns, _cut(inside, columns, filled))}.items()))
    stacked = _cut(inside, columns, filled)
    top = min(piece.box[1] for piece in stacked[0])
    partial = sheet.level_rules((box[0], top, box[2], box[3]))
    return table_of(inside, stacked, columns, cuts, (box[0], min(box[1], top - 4), box[2], box[3]), partial)


def _filled(column: Column, lines: Iterable[Line]) -> Column:
    """The column as far as text fills it: where cells begin and end tells what stands in one."""
    own = [line.box for line in lines if column.left - SAME <= line.box[0] and line.box[2] <= column.right + SAME]
    return Column(min(box[0] for box in own), max(box[2] for box in own)) if own else column


def _cut(inside: Mapping[int, Line], columns: Sequence[Column], filled: Sequence[Column]) -> list[list[Line]]:
    return rows([piece for line in inside.values() for piece in recut(line, columns, filled)])
