"""The columns of a table, from the runs of text that stand in them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from ..model.boxes import Box
from ..model.lines import Line

ODD_ROWS = 0.2
"""Share of the rows that may reach over the white between two columns; one may always."""
HEAD_ROWS, BESIDE = 2, 2.5
"""Rows of text that a head has, and sizes of type that it may be beside its column."""
LEAST_GAP, LEAST_WHITE = 0.25, 0.35
"""Sizes of type between two columns, and between two runs of a row that stand in columns close to each other."""
LEAST_BESIDE = 2
"""Rows with a run in both of two columns, if others reach over the white between them."""
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

    @property
    def box(self) -> Box:
        return self.left, 0.0, self.right, 0.0

    def shared(self, box: Box) -> float:
        """How far the box lies in the column; negative: the gap between them."""
        return min(box[2], self.right) - max(box[0], self.left)


def columns_of(stacked: Sequence[Sequence[Line]]) -> list[Column]:
    """The stretches of x that runs take up, parted where nearly all rows are white.

    A few rows may reach over the white: heads of several columns, titles, sums in bold. Rows of one run tell nothing.
    """
    telling = [row for row in stacked if len(row) >= 2]
    if not telling:
        return []
    size = telling[0][0].size
    boxes = [[piece.box for piece in row] for row in telling]
    odd = max(1, int(ODD_ROWS * len(telling))) if len(telling) >= 3 else 0
    dense = _joined_unless_apart(_covered(boxes, odd), boxes, size)
    found = _with_rare(dense, boxes, size)
    return _with_heads(found, stacked, size) if len(found) <= MOST_HEADED else found


def _covered(boxes: Sequence[Sequence[Box]], odd: int) -> list[Column]:
    """The stretches of x that more than `odd` rows take up."""
    ends = sorted([(box[0], 1) for row in boxes for box in row] + [(box[2], -1) for row in boxes for box in row])
    found: list[Column] = []
    depth, left = 0, 0.0
    for x, step in ends:
        depth += step
        if step > 0 and depth == odd + 1:
            left = x
        elif step < 0 and depth == odd:
            found.append(Column(left, x))
    return found


def _joined_unless_apart(columns: Sequence[Column], boxes: Sequence[Sequence[Box]], size: float) -> list[Column]:
    """The columns, those as one that only a chance has parted: between true ones is white in row after row."""
    found = list(columns)
    while len(found) <= MOST_HEADED:
        gaps = [(b.left - a.right, k) for k, (a, b) in enumerate(pairwise(found)) if not _are_apart(a, b, boxes, size)]
        if not gaps:
            break
        _, k = min(gaps)
        found[k : k + 2] = [Column(found[k].left, found[k + 1].right)]
    return found


def _are_apart(a: Column, b: Column, boxes: Sequence[Sequence[Box]], size: float) -> bool:
    beside, over = 0, 0
    for row in boxes:
        over += any(a.shared(box) > 0 and b.shared(box) > 0 for box in row)
        left = max((box[2] for box in row if a.shared(box) > 0 >= b.shared(box)), default=None)
        right = min((box[0] for box in row if b.shared(box) > 0 >= a.shared(box)), default=None)
        beside += left is not None and right is not None and right - left > LEAST_WHITE * size
    return beside >= LEAST_BESIDE if over or b.left - a.right < LEAST_GAP * size else True


def _with_rare(dense: Sequence[Column], boxes: Sequence[Sequence[Box]], size: float) -> list[Column]:
    """The columns as wide as the runs that stand in one of them each, with columns that only a few rows fill.

    A run without one in the column beside it may reach into that: it tells nothing on that side.
    """
    lefts, rights = [column.left for column in dense], [column.right for column in dense]
    rare: list[Column] = []
    for row in boxes:
        reached = [[k for k, column in enumerate(dense) if column.shared(box) > 0] for box in row]
        filled = {-1, len(dense), *(k for ks in reached for k in ks)}
        for box, ks in zip(row, reached, strict=True):
            if not ks:
                rare.append(Column(box[0], box[2]))
            elif len(ks) == 1:
                [k] = ks
                lefts[k] = min(lefts[k], box[0]) if k - 1 in filled else lefts[k]
                rights[k] = max(rights[k], box[2]) if k + 1 in filled else rights[k]
    found = [Column(left, right) for left, right in zip(lefts, rights, strict=True)]
    for column in _united(rare, size):
        near = [k for k, other in enumerate(found) if other.shared(column.box) > -LEAST_GAP * size]
        if near:
            other = found.pop(near[0])
            found.append(Column(min(other.left, column.left), max(other.right, column.right)))
        else:
            found.append(column)
    return sorted(found, key=lambda column: column.left)


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


def _united(columns: Iterable[Column], size: float) -> list[Column]:
    """The columns, those that overlap or nearly touch as one."""
    found: list[Column] = []
    for column in sorted(columns, key=lambda column: column.left):
        if found and column.left < found[-1].right + LEAST_GAP * size:
            found[-1] = Column(found[-1].left, max(found[-1].right, column.right))
        else:
            found.append(column)
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
