"""A grid made finer: rows of text that are ruled together, and columns that share a column of the grid."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

from ..model.boxes import rows, union
from ..model.cells import Span
from ..model.lines import Line
from ..model.patterns import is_number
from .checks import is_aligned, is_prose
from .columns import Column, columns_of, crossing
from .cutting import split_wide
from .lattice import Lattice
from .rows import by_pitch

MOST_BANDS = 3
"""Rows of a grid that may be ruled together from rows of text which are no numbers."""
NUMERIC = 0.6
"""Share of the rows in a column of numbers that are numbers."""
LEAST_ROWED = 0.6
"""Share of the rows in a column of the grid that have a run in several columns, if it holds these."""

Pieces = Mapping[Span, Sequence[Line]]
"""What stands in each cell."""
Stack = Sequence[Sequence[Line]]
"""The rows of text of a cell."""


def with_columns(grid: Lattice, pieces: Pieces) -> Lattice:
    """The grid, each of its columns parted where all its rows of text have a gap between short runs."""
    cuts: dict[int, list[float]] = {}
    whole: set[Span] = set()
    for column in range(len(grid.xs) - 1):
        own = {span: parts for span, parts in pieces.items() if span.column == column and span.width == 1 and parts}
        columns = _columns_within([part for parts in own.values() for part in parts])
        if columns:
            cuts[column] = [(a.right + b.left) / 2 for a, b in pairwise(columns)]
            whole |= {span for span, parts in own.items() if any(_reaches_over(part, columns) for part in parts)}
    return grid.divided({}, cuts, whole) if cuts else grid


def with_rows(grid: Lattice, pieces: Pieces) -> Lattice:
    """The grid, each of its rows parted between the rows of a table that no rules part."""
    columns = [Column(a, b) for a, b in pairwise(grid.xs)]
    bands = len(grid.ys) - 1
    cuts: dict[int, list[float]] = {}
    for row in range(bands):
        stacks = {span: rows(parts) for span, parts in pieces.items() if span.row == row and span.height == 1 and parts}
        stacked = rows([part for stack in stacks.values() for text_row in stack for part in text_row])
        if _are_numbered(stacks, stacked) or (
            bands <= MOST_BANDS and _are_alike(list(stacks.values()), bands) and not is_prose(stacked, columns)
        ):
            boxes = [union(piece.box for piece in group) for group in by_pitch(stacked, columns)]
            cuts[row] = [(a[3] + b[1]) / 2 for a, b in pairwise(boxes) if b[1] > a[1]]
    return grid.divided(cuts, {}, set()) if cuts else grid


def _columns_within(parts: Sequence[Line]) -> list[Column]:
    """The columns that the runs in one column of a grid stand in, if they are several."""
    stacked = rows([piece for part in parts for piece in split_wide(part)])
    full = [row for row in stacked if len(row) > 1]
    if len(full) < 3 or len(full) < LEAST_ROWED * len(stacked):
        return []
    columns = columns_of(stacked)
    if len(columns) < 2 or not is_aligned(stacked, columns):
        return []
    return columns


def _reaches_over(part: Line, columns: Sequence[Column]) -> bool:
    first, last = crossing(part.box, columns)
    return first < last and len(split_wide(part)) == 1


def _are_numbered(stacks: Mapping[Span, Stack], stacked: Stack) -> bool:
    """Are there numbers one below the other in several columns, or in one beside as many labels?"""
    high = {span.column: stack for span, stack in stacks.items() if len(stack) > 1}
    numeric = [column for column, stack in high.items() if _is_numeric(stack)]
    labelled = bool(high) and min(high) not in numeric
    if len(numeric) < 2 and not (numeric and labelled):
        return False
    if len(numeric) < 0.5 * (len(high) - labelled):
        return False
    return len(stacked) <= 1.3 * max(map(len, high.values()))


def _is_numeric(stack: Stack) -> bool:
    return sum(all(is_number(piece.text) for piece in row) for row in stack) >= NUMERIC * len(stack)


def _are_alike(stacks: Sequence[Stack], bands: int) -> bool:
    """Have all cells as many rows of text?"""
    heights = [len(stack) for stack in stacks]
    least = 3 if bands > 1 else 5
    return len(heights) >= 2 and min(heights) >= least and max(heights) - min(heights) <= 1
