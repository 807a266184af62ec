"""The head of a table: cells of several rows of text, on levels where some stand over several columns."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import takewhile

from ..model.boxes import union
from ..model.cells import Cell, Span
from ..model.lines import Line
from ..model.patterns import is_number
from ..model.rules import Rule
from .columns import Column, crossing

MOST_ROWS = 8
"""Rows of text in a head."""
NUMERIC = 0.5
"""Share of a row's cells behind the first that are numbers, where the body has begun."""
FULL = 0.9
"""Share of the columns that the last row of text of a head fills, but no other."""
LEADING = 1.2
"""Sizes of type between two rows of text of one cell."""
UNDER = 0.8
"""Sizes of type from a head to the rule that shows over which columns it stands."""

Stacked = Sequence[Sequence[Line]]


@dataclass(slots=True)
class _Head:
    """A cell in the making: its columns, the row of text that it begins in, its pieces, and the level it stands on."""

    first: int
    last: int
    row: int
    pieces: list[Line]
    level: int = 0
    below: list[_Head] = field(default_factory=list)

    @property
    def bottom(self) -> float:
        return max(piece.box[3] for piece in self.pieces)


def rule_under(piece: Line, rules: Iterable[Rule]) -> Rule | None:
    """The rule close below that shows over which columns the piece stands."""
    x0, _, x1, bottom = piece.box
    for rule in rules:
        near = -0.3 * piece.size < rule.at - bottom < UNDER * piece.size
        if near and rule.start < x0 + piece.size and rule.end > x1 - piece.size:
            return rule
    return None


def head_rows(stacked: Stacked, columns: Sequence[Column], cuts: Sequence[float]) -> int:
    """How many of the rows of text are the head: those before the first rule, or before the first row of numbers."""
    plain = sum(1 for _ in takewhile(lambda row: not _is_body(row, columns), stacked))
    inner = [cut for cut in cuts if stacked[0][0].middle < cut < stacked[-1][0].middle]
    if inner:
        count = sum(row[0].middle < inner[0] for row in stacked)
        return count if 1 < count <= min(plain, MOST_ROWS) and count < len(stacked) else 0
    while plain and _is_title(stacked[plain - 1], columns):
        plain -= 1
    full = sum(len(row) >= FULL * len(columns) for row in stacked[:plain])
    return plain if 1 < plain <= MOST_ROWS and plain < len(stacked) and full <= 1 else 0


def head_cells(stacked: Stacked, columns: Sequence[Column], rules: Sequence[Rule]) -> tuple[int, list[Cell]]:
    """The rows of the table that the head has, and its cells."""
    heads: list[_Head] = []
    lowest: list[_Head | None] = [None] * len(columns)
    for number, row in enumerate(stacked):
        for piece in row:
            first, last = _reach(piece, columns, rules)
            above = {id(head): head for head in lowest[first : last + 1] if head is not None}
            same = next(iter(above.values())) if len(above) == 1 else None
            if same is not None and (same.first, same.last) == (first, last) and _goes_on(same, piece, rules):
                same.pieces.append(piece)
                continue
            level = max((other.level + 1 for other in above.values()), default=0)
            head = _Head(first, last, number, [piece], level)
            for other in above.values():
                other.below.append(head)
            heads.append(head)
            lowest[first : last + 1] = [head] * (last - first + 1)
    count = 1 + max(head.level for head in heads)
    begins = [min(head.row for head in heads if head.level == level) for level in range(count)]
    for head in heads:  # what stands alone in its column may stand beside the lowest
        if head.level == 0 and not head.below:
            head.level = max(level for level in range(count) if begins[level] <= head.row)
    cells = [_cell(head, min((other.level for other in head.below), default=count), columns) for head in heads]
    taken = {
        (row, column)
        for cell in cells
        for row in range(cell.span.row, cell.span.row + cell.span.height)
        for column in range(cell.span.column, cell.span.column + cell.span.width)
    }
    _, top, _, bottom = union(piece.box for row in stacked for piece in row)
    cells += [
        Cell(Span(row, column), "", (columns[column].left, top, columns[column].right, bottom))
        for row in range(count)
        for column in range(len(columns))
        if (row, column) not in taken
    ]
    return count, sorted(cells, key=lambda cell: (cell.span.row, cell.span.column))


def _cell(head: _Head, end: int, columns: Sequence[Column]) -> Cell:
    _, top, _, bottom = union(piece.box for piece in head.pieces)
    span = Span(head.level, head.first, end - head.level, head.last - head.first + 1)
    return Cell.of(span, head.pieces, (columns[head.first].left, top, columns[head.last].right, bottom))


def _reach(piece: Line, columns: Sequence[Column], rules: Sequence[Rule]) -> tuple[int, int]:
    """The first and the last column that the piece stands over."""
    rule = rule_under(piece, rules)
    if rule is None:
        return crossing(piece.box, columns)
    covered = [k for k, column in enumerate(columns) if column.shared(rule.box) > 0.5 * column.width]
    first, last = crossing(piece.box, columns)
    return min([first, *covered]), max([last, *covered])


def _goes_on(head: _Head, piece: Line, rules: Sequence[Rule]) -> bool:
    """Is the piece the next row of text of the head's cell, with no rule between?"""
    low, high = head.bottom, piece.middle
    parted = any(low - piece.size / 3 < rule.at < high and _over(rule, piece) for rule in rules)
    return piece.box[1] - low < LEADING * piece.size and not parted


def _over(rule: Rule, piece: Line) -> bool:
    return min(rule.end, piece.box[2]) - max(rule.start, piece.box[0]) > 0.5 * (piece.box[2] - piece.box[0])


def _is_body(row: Sequence[Line], columns: Sequence[Column]) -> bool:
    """Does the row hold the numbers of a body?"""
    values = [piece for piece in row if crossing(piece.box, columns)[0] > 0]
    return bool(values) and sum(is_number(piece.text) for piece in values) >= NUMERIC * len(values)


def _is_title(row: Sequence[Line], columns: Sequence[Column]) -> bool:
    """Does the row name the rows that follow?"""
    return len(row) == 1 and crossing(row[0].box, columns)[0] == 0
