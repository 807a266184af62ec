"""A table: cells in a grid, and the lines that it takes."""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass

from .. import markup
from ..model.boxes import Box, overlap_x
from ..model.cells import Cell
from ..model.lines import Line
from ..model.parts import Part
from ..model.rules import Rule, joined
from .cutting import without_leaders

PIECES = 2.0
"""Pixels between two pieces of one rule; those under neighbouring heads are farther apart."""
WHOLE = 0.9
"""Share of a table's width that a rule takes which parts all of its columns."""


@dataclass(slots=True)
class Table:
    """A grid of `rows` x `columns`, its cells, and the lines that they are made of, by index."""

    box: Box
    rows: int
    columns: int
    cells: list[Cell]
    lines: set[int]

    def part(self) -> Part:
        """The table as markdown, as HTML where cells are merged."""
        merged = any(cell.span.height > 1 or cell.span.width > 1 for cell in self.cells)
        return Part("table", self.box, self._html() if merged else self._pipes(), cells=self.cells)

    def _pipes(self) -> str:
        grid = [[""] * self.columns for _ in range(self.rows)]
        for cell in self.cells:
            grid[cell.span.row][cell.span.column] = cell.text
        return markup.table(grid)

    def _html(self) -> str:
        grid: list[list[tuple[str, int, int]]] = [[] for _ in range(self.rows)]
        for cell in self.cells:
            grid[cell.span.row].append((cell.text, cell.span.height, cell.span.width))
        return markup.html_table(grid)


class Sheet:
    """The upright lines of a page that no table has taken, by index, and its tables: a line belongs to one at most.

    Lines that are typed rules are no text of a table, nor are the dots that lead from a label to its value.
    """

    def __init__(self, lines: Sequence[Line], rules: Iterable[Rule] = (), typed: Container[int] = ()) -> None:
        self.free = {i: without_leaders(line) for i, line in enumerate(lines) if line.upright and i not in typed}
        self.tables: list[Table] = []
        self._level = joined([rule for rule in rules if rule.level and not rule.soft], PIECES)

    def level_rules(self, region: Box) -> list[Rule]:
        """The level rules within the region that are shorter than it."""
        x0, y0, x1, y1 = region
        return [
            rule
            for rule in self._level
            if y0 <= rule.at <= y1
            and x0 - PIECES < rule.start
            and rule.end < x1 + PIECES
            and rule.length < WHOLE * (x1 - x0)
        ]

    def inside(self, region: Box) -> dict[int, Line]:
        """The free lines that lie in the region, in pixels."""
        _, y0, _, y1 = region
        return {
            i: line
            for i, line in self.free.items()
            if y0 - 2 <= line.middle <= y1 + 2 and overlap_x(line.box, region) > 0.6 * (line.box[2] - line.box[0])
        }

    def add(self, table: Table | None) -> None:
        """Takes the table, if one was found, and its lines."""
        if table is not None:
            self.tables.append(table)
            for i in table.lines:
                del self.free[i]


def lift(lines: Sequence[Line], tables: Sequence[Table]) -> list[Line | Part]:
    """The lines, with each table in the place of the first of its lines."""
    place = {min(table.lines): table for table in tables}
    taken = {i for table in tables for i in table.lines}
    items: list[Line | Part] = []
    for i, line in enumerate(lines):
        if i in place:
            items.append(place[i].part())
        elif i not in taken:
            items.append(line)
    return items
