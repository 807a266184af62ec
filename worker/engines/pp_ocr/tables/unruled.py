"""Tables whose rows or columns no rule tells: they are seen from where the runs of text stand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from ..model.boxes import Box, overlap_x, rows, union, within
from ..model.lines import Line
from ..model.patterns import CAPTION
from .checks import is_layout, is_pairs, is_prose, is_uneven
from .columns import Column, columns_of, crossing
from .cutting import recut, split_wide
from .rows import cells_of, gathered
from .table import Sheet, Table

LEAST_FILLED = 0.4
"""Share of a ruled grid's cells that hold something: a form to be filled in has its labels."""
LEAST_FILLED_OPEN = 0.55
"""The same where nothing but alignment makes it a table."""
LARGER = 1.3
"""How much larger than a table's type its head may be: what is larger is a heading above it."""
LONGEST_HEAD = 40
"""Characters of a head over several columns."""
LEAST_CELLS = 4
"""Cells of a ruled table that hold something."""
MOST_COLUMNS = 24


def within_rows(sheet: Sheet, inside: Mapping[int, Line], box: Box, cuts: Sequence[float]) -> Table | None:
    """A table of the lines in a box, by index, with level rules at `cuts`, heights in pixels; a head may be above."""
    stacked = rows([piece for line in inside.values() for piece in split_wide(line)])
    columns = columns_of(stacked)
    if not 2 <= len(columns) <= MOST_COLUMNS or is_uneven(inside.values()):
        return None
    inside = dict(sorted({**inside, **head_of(sheet, columns, stacked)}.items()))
    stacked = rows([piece for line in inside.values() for piece in recut(line, columns)])
    while stacked and len(stacked[0]) == 1 and not (stacked[1:] and is_spanning(stacked[0][0], stacked[1])):  # a title
        stacked = stacked[1:]
    if not stacked or is_prose(stacked, columns) or is_pairs(stacked, columns, cuts):
        return None
    if len(stacked) <= 2 and not all(piece.bold for piece in stacked[0]):  # two boxes of a form
        return None
    top = min(piece.box[1] for piece in stacked[0])
    return table_of(inside, stacked, columns, cuts, (box[0], max(box[1], top - 4), box[2], box[3]))


def table_of(
    inside: Mapping[int, Line],
    stacked: Sequence[list[Line]],
    columns: Sequence[Column],
    cuts: Sequence[float] = (),
    box: Box | None = None,
) -> Table | None:
    """The table that rows of pieces of the lines make, if its cells are filled; `box` is around its rules."""
    table_rows = gathered(stacked, columns, cuts)
    cells = cells_of(table_rows, columns)
    filled = [cell for cell in cells if cell.text]
    covered = sum(cell.span.width - 1 for cell in cells)
    least = LEAST_FILLED_OPEN if box is None else LEAST_FILLED
    if len(table_rows) < 2 or len(filled) < least * len(table_rows) * len(columns) - covered:
        return None
    if len({cell.span.column for cell in filled}) < 2:
        return None
    if box is not None and (len(filled) < LEAST_CELLS or is_layout(filled)):
        return None
    members = [piece.box for row in table_rows for piece in row]
    used = {i for i, line in inside.items() if any(within(member, line.box, 1.0) for member in members)}
    if not used:
        return None
    return Table(union([*members, *([] if box is None else [box])]), len(table_rows), len(columns), cells, used)


def is_spanning(line: Line, below: Iterable[Line]) -> bool:
    """Is the line, which stands alone above a head, a head of several of its columns, though not of the first?"""
    first, *others = sorted((other.box for other in below), key=lambda box: box[0])
    return (
        line.box[0] > first[2]
        and sum(overlap_x(line.box, box) > 0 for box in others) > 1
        and len(line.text) <= LONGEST_HEAD
        and CAPTION.match(line.text) is None
    )


def head_of(sheet: Sheet, columns: Sequence[Column], stacked: Sequence[Sequence[Line]]) -> dict[int, Line]:
    """The row above the uppermost rule, if it stands in the same columns."""
    top = min(piece.box[1] for piece in stacked[0])
    size = stacked[0][0].size
    near = {
        i: line
        for i, line in sheet.free.items()
        if not CAPTION.match(line.text)
        and line.size < LARGER * size
        and -0.5 * size < top - line.box[3] < 1.6 * size
        and columns[0].left - size < line.box[0] < columns[-1].right
        and line.box[2] < columns[-1].right + size
    }
    pieces = [piece for line in near.values() for piece in recut(line, columns)]
    firsts = {crossing(piece.box, columns)[0] for piece in pieces}
    apart = len(pieces) >= max(2, 0.5 * len(columns)) and len(firsts) == len(pieces) and len(rows(pieces)) == 1
    return near if apart else {}
