"""Tables whose rows or columns no rule tells: they are seen from where the runs of text stand."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence

from ..model.boxes import Box, overlap_x, rows, union, within
from ..model.lines import Line
from ..model.patterns import CAPTION
from ..model.rules import Rule
from .checks import SOURCE, is_axis, is_layout, is_outside, is_pairs, is_prose, is_uneven
from .columns import Column, columns_of, crossing
from .cutting import recut, split_wide
from .heads import head_cells, head_rows, rule_under
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
CLOSE = 0.5
"""Sizes of type between two rows of text of one cell, at most."""
LEAST_CELLS = 4
"""Cells of a ruled table that hold something."""
MOST_COLUMNS = 24


def within_rows(sheet: Sheet, inside: Mapping[int, Line], box: Box, cuts: Sequence[float]) -> Table | None:
    """A table of the lines in a box, by index, with level rules at `cuts`, heights in pixels; a head may be above."""
    stacked = rows([piece for line in inside.values() for piece in split_wide(line)])
    columns = columns_of(stacked)
    if not 2 <= len(columns) <= MOST_COLUMNS or is_uneven(inside.values()):
        return None
    inside = dict(sorted({**inside, **head_of(sheet.free, columns, stacked)}.items()))
    region = box[0], min(line.box[1] for line in inside.values()), box[2], box[3]
    partial = sheet.level_rules(region)
    stacked = rows([piece for line in inside.values() for piece in _cut(line, columns, partial)])
    stacked = _without_title(stacked, columns)
    if not stacked or is_prose(stacked, columns) or is_pairs(stacked, columns, cuts):
        return None
    if len(stacked) <= 2 and not all(piece.bold for piece in stacked[0]):  # two boxes of a form
        return None
    top = min(piece.box[1] for piece in stacked[0])
    return table_of(inside, stacked, columns, cuts, (box[0], max(box[1], top - 4), box[2], box[3]), partial)


def _cut(line: Line, columns: Sequence[Column], rules: Sequence[Rule]) -> list[Line]:
    """The line, parted between columns, but for heads that a rule shows to stand over several."""
    if not any(rule_under(piece, rules) for piece in split_wide(line)):
        return recut(line, columns)
    parts = [[piece] if rule_under(piece, rules) else recut(piece, columns) for piece in split_wide(line)]
    return [piece for part in parts for piece in part]


def _without_title(stacked: Sequence[list[Line]], columns: Sequence[Column]) -> list[list[Line]]:
    """The rows from the first on that has several runs, or one that belongs to the head."""
    first = next((i for i, row in enumerate(stacked) if len(row) > 1), len(stacked))
    begin = next((i for i in range(first) if _is_head(stacked[i][0], stacked[i + 1 :], columns)), first)
    return list(stacked[begin:])


def _is_head(line: Line, below: Sequence[Sequence[Line]], columns: Sequence[Column]) -> bool:
    """Does the line stand over several columns, or close above another of its column, though not the first?"""
    first, last = crossing(line.box, columns)
    if not below or first == 0 or len(line.text) > LONGEST_HEAD or CAPTION.match(line.text):
        return False
    close = below[0][0].box[1] - line.box[3] < CLOSE * line.size
    return first < last or (close and any(crossing(other.box, columns) == (first, last) for other in below[0]))


def table_of(
    inside: Mapping[int, Line],
    stacked: Sequence[list[Line]],
    columns: Sequence[Column],
    cuts: Sequence[float] = (),
    box: Box | None = None,
    rules: Sequence[Rule] = (),
) -> Table | None:
    """The table that rows of pieces of the lines make, if its cells are filled; `box` is around its rules.

    `rules` are level ones that part the levels of its head.
    """
    stacked = _without_notes(stacked, columns)
    if not stacked:
        return None
    count = head_rows(stacked, columns, cuts)
    height, cells = head_cells(stacked[:count], columns, rules) if count else (0, [])
    table_rows = gathered(stacked[count:], columns, cuts)
    cells += cells_of(table_rows, columns, height)
    height += len(table_rows)
    filled = [cell for cell in cells if cell.text]
    covered = sum(cell.span.width * cell.span.height - 1 for cell in cells)
    least = LEAST_FILLED_OPEN if box is None else LEAST_FILLED
    if height < 2 or len(filled) < least * height * len(columns) - covered:
        return None
    if len({cell.span.column for cell in filled}) < 2 or is_axis(filled, height * len(columns) - covered):
        return None
    if box is not None and (len(filled) < LEAST_CELLS or is_layout(filled)):
        return None
    members = sorted((piece.box for row in stacked for piece in row), key=lambda box: box[1])
    tops = [member[1] for member in members]
    used = {
        i
        for i, line in inside.items()
        if any(
            within(member, line.box, 1.0)
            for member in members[bisect_left(tops, line.box[1] - 1) : bisect_left(tops, line.box[3])]
        )
    }
    if not used:
        return None
    return Table(union([*members, *([] if box is None else [box])]), height, len(columns), cells, used)


def _without_notes(stacked: Sequence[list[Line]], columns: Sequence[Column]) -> Sequence[list[Line]]:
    """The rows without a caption above and notes below them."""
    first, last = 0, len(stacked)
    while first < last and _is_caption(stacked[first]):
        first += 1
    while first < last and _is_note(stacked[last - 1], columns):
        last -= 1
    return stacked[first:last]


def _is_caption(row: Sequence[Line]) -> bool:
    text = " ".join(piece.text for piece in row)
    return CAPTION.match(text) is not None or (len(row) == 1 and is_outside(text, above=True))


def _is_note(row: Sequence[Line], columns: Sequence[Column]) -> bool:
    if crossing(row[0].box, columns)[0] > 0:
        return False
    text = " ".join(piece.text for piece in row)
    return SOURCE.match(text) is not None or (len(row) == 1 and is_outside(text, above=False))


def is_spanning(line: Line, below: Iterable[Line]) -> bool:
    """Is the line, which stands alone above a head, a head of several of its columns, though not of the first?"""
    first, *others = sorted((other.box for other in below), key=lambda box: box[0])
    return (
        line.box[0] > first[2]
        and sum(overlap_x(line.box, box) > 0 for box in others) > 1
        and len(line.text) <= LONGEST_HEAD
        and CAPTION.match(line.text) is None
    )


def head_of(free: Mapping[int, Line], columns: Sequence[Column], stacked: Sequence[Sequence[Line]]) -> dict[int, Line]:
    """The row of free lines above these, by index, if it stands in the same columns."""
    top = min(piece.box[1] for piece in stacked[0])
    size = stacked[0][0].size
    near = {
        i: line
        for i, line in free.items()
        if not CAPTION.match(line.text)
        and line.size < LARGER * size
        and -0.5 * size < top - line.box[3] < 1.6 * size
        and columns[0].left - size < line.box[0] < columns[-1].right
        and line.box[2] < columns[-1].right + size
    }
    nearest = {id(line) for line in rows(list(near.values()))[-1]} if near else set()
    near = {i: line for i, line in near.items() if id(line) in nearest}
    pieces = [piece for line in near.values() for piece in recut(line, columns)]
    firsts = {crossing(piece.box, columns)[0] for piece in pieces}
    apart = len(pieces) >= max(2, 0.5 * len(columns)) and len(firsts) == len(pieces) and len(rows(pieces)) == 1
    return near if apart else {}
