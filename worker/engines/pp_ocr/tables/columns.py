"""The columns of a table, from the runs of text that stand in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from ..model.boxes import Box
from ..model.lines import Line

ODD_ROWS = 0.2
"""Share of the rows that may reach over the white between two columns; one may always."""
MOST_ODD = 8
HEAD_ROWS, BESIDE = 2, 2.5
"""Rows of text that a head has, and sizes of type that it may be beside its column."""
LEAST_GAP = 0.25
"""Sizes of type between two columns."""
MOST_HEADED = 60
"""Columns of what may be a table with heads: no table has more, and any number may be on a hostile page."""


@dataclass(frozen=True, slots=True)
class Column:
    """A stretch of x, in pixels."""

    left: float
    right: float

    @property
    def width(self) -> float:
        return max(self.right - self.left, 1.0)

    def shared(self, box: Box) -> float:
        """How far the box lies in the column; negative: the gap between them."""
        return min(box[2], self.right) - max(box[0], self.left)


def columns_of(stacked: Sequence[Sequence[Line]]) -> list[Column]:
    """The stretches of x that runs take up, parted where all rows are white.

    A few rows may reach over the white: heads of several columns. Rows of one run tell nothing.
    """
    telling = [row for row in stacked if len(row) >= 2]
    if not telling:
        return []
    size = telling[0][0].size
    found = _covered(telling, size)
    for _ in range(max(1, int(ODD_ROWS * len(telling)))):
        if len(telling) < 3:
            break
        widest = sorted(telling, key=lambda row: -max(piece.box[2] - piece.box[0] for piece in row))[:MOST_ODD]
        without = [[row for row in telling if row is not odd] for odd in widest]
        trials = [(_covered(rest, size), rest) for rest in without]
        columns, rest = max(trials, key=lambda trial: len(trial[0]))
        if len(columns) <= len(found):
            break
        found, telling = columns, rest
    return _with_heads(found, stacked, size) if len(found) <= MOST_HEADED else found


def _with_heads(columns: list[Column], stacked: Sequence[Sequence[Line]], size: float) -> list[Column]:
    """The columns, with one that only the head has joined to the one beside it that the head has not."""
    filled: list[set[int]] = [set() for _ in columns]
    for r, row in enumerate(stacked):
        for piece in row:
            filled[column_of(piece.box, columns)].add(r)
    for k, (a, b) in enumerate(pairwise(columns)):
        head, body = sorted((filled[k], filled[k + 1]), key=len)
        if b.left - a.right < BESIDE * size and head and max(head) < HEAD_ROWS and not head & body and len(body) > 2:
            return _with_heads([*columns[:k], Column(a.left, b.right), *columns[k + 2 :]], stacked, size)
    return columns


def _covered(stacked: Sequence[Sequence[Line]], size: float) -> list[Column]:
    found: list[Column] = []
    for box in sorted((piece.box for row in stacked for piece in row), key=lambda box: box[0]):
        if found and box[0] < found[-1].right + LEAST_GAP * size:
            found[-1] = Column(found[-1].left, max(found[-1].right, box[2]))
        else:
            found.append(Column(box[0], box[2]))
    return found


def column_of(box: Box, columns: Sequence[Column]) -> int:
    """The column that holds most of the box."""
    shares = [column.shared(box) for column in columns]
    return shares.index(max(shares))


def crossing(box: Box, columns: Sequence[Column]) -> tuple[int, int]:
    """The first and the last column that the box reaches well into."""
    width = box[2] - box[0]
    reached = [k for k, column in enumerate(columns) if column.shared(box) > 0.35 * min(column.width, width)]
    reached = reached or [column_of(box, columns)]
    return min(reached), max(reached)
