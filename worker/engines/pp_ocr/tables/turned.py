"""Text on its side: whole tables on an upright page, and the heads of an upright table's narrow columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from ..model.boxes import Box, centred_in
from ..model.cells import Cell, Span
from ..model.frame import Turn
from ..model.joining import join_lines
from ..model.lines import Line, Word
from ..model.rules import Rule
from .aligned import aligned
from .ruled import ruled
from .table import Table

LEAST_LINES = 6
"""Lines on their side that may be a table."""
LEAST_HEADS = 2
"""Columns of a table with a head on its side."""
NEAR = 1.6
"""Sizes of type between a head on its side and the table below it."""


def turned(lines: Sequence[Line], rules: Sequence[Rule], panels: Sequence[Box]) -> list[Table]:
    """The tables whose text lies on its side, each with its place on the page."""
    found = []
    for quarters in (1, 3):
        places = [i for i, line in enumerate(lines) if line.turned == quarters]
        if len(places) < LEAST_LINES:
            continue
        turn = Turn(quarters, 0, 0)
        own = [_upright(lines[i], turn) for i in places]
        straight = [replace(Rule.along(turn.upright(rule.box)), soft=rule.soft) for rule in rules]
        tables = ruled(own, straight, [turn.upright(panel) for panel in panels])
        taken = {i for table in tables for i in table.lines}
        free = [i for i in range(len(own)) if i not in taken]
        for table in aligned([own[i] for i in free]):
            table.lines = {free[i] for i in table.lines}
            tables.append(table)
        for table in tables:
            table.box = turn.back(table.box)
            table.lines = {places[i] for i in table.lines}
            for cell in table.cells:
                cell.box = turn.back(cell.box)
        found += tables
    return found


def _upright(line: Line, turn: Turn) -> Line:
    words = [Word(word.text, turn.upright(word.box)) for word in line.words]
    return replace(line, box=turn.upright(line.box), words=words, upright=True, turned=0)


def take_heads(tables: Sequence[Table], lines: Sequence[Line]) -> None:
    """Gives tables the heads on their side that stand in empty cells, or above the first row."""
    sideways = {i: line for i, line in enumerate(lines) if line.turned % 2}
    for table in tables if sideways else ():
        free = {i: line for i, line in sideways.items() if not any(i in other.lines for other in tables)}
        _fill(table, free)
        _put_on_top(table, {i: line for i, line in free.items() if i not in table.lines})


def _fill(table: Table, free: Mapping[int, Line]) -> None:
    for cell in table.cells:
        own = {i: line for i, line in free.items() if centred_in(line.box, cell.box)} if not cell.text else {}
        if own:
            cell.text = _text(list(own.values()))
            table.lines |= set(own)


def _put_on_top(table: Table, free: Mapping[int, Line]) -> None:
    x0, top, x1, bottom = table.box
    sides: dict[int, tuple[float, float]] = {}
    for cell in table.cells:
        if cell.span.width == 1:
            left, right = sides.get(cell.span.column, (x1, x0))
            sides[cell.span.column] = min(left, cell.box[0]), max(right, cell.box[2])
    heads: dict[int, dict[int, Line]] = {}
    for i, line in free.items():
        middle = (line.box[0] + line.box[2]) / 2
        if sides and x0 <= middle <= x1 and -line.size < top - line.box[3] < NEAR * line.size:
            heads.setdefault(min(sides, key=lambda k: abs(2 * middle - sum(sides[k]))), {})[i] = line
    if len(heads) < LEAST_HEADS:
        return
    own = {i: line for column in heads.values() for i, line in column.items()}
    table.box = x0, min(line.box[1] for line in own.values()), x1, bottom
    for cell in table.cells:
        cell.span = replace(cell.span, row=cell.span.row + 1)
    table.cells[:0] = [
        Cell(Span(0, k), _text([*heads.get(k, {}).values()]), (left, table.box[1], right, top))
        for k, (left, right) in ((k, sides.get(k, (x0, x1))) for k in range(table.columns))
    ]
    table.rows += 1
    table.lines |= set(own)


def _text(lines: Sequence[Line]) -> str:
    """Text that runs upwards goes on to the right, text that runs downwards to the left."""
    return join_lines(sorted(lines, key=lambda line: line.box[0] if line.turned == 3 else -line.box[0]))
