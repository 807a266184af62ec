"""Tables without rules to see: rows of short runs that stand under each other."""

import statistics
from collections.abc import Sequence
from itertools import pairwise

from . import markup
from .blocks import Part
from .lines import Line, union
from .order import rows

LEAST_ROWS, LEAST_CELLS, MOST_COLUMNS = 3, 3, 12
SHORT = 28
"""Characters that a cell has on average; columns of prose have more."""
FILLED = 0.6
"""Share of the cells that must hold something."""


def lift(lines: Sequence[Line]) -> list[Line | Part]:
    """The lines, in any order, with those that make up tables replaced by the tables."""
    items: list[Line | Part] = list(lines)
    for table in _candidates(lines):
        if (cells := _grid(table)) is not None:
            taken = {id(line) for row in table for line in row}
            content = markup.table(cells)
            box = union(line.box for row in table for line in row)
            items = [item for item in items if id(item) not in taken] + [Part("table", box, content, content)]
    return items


def _candidates(lines: Sequence[Line]) -> list[list[list[Line]]]:
    if not lines:
        return []
    usual = statistics.median(line.box[3] - line.box[1] for line in lines)
    runs: list[list[list[Line]]] = [[]]
    for row in rows(lines):
        apart = all(b.box[0] > a.box[2] - 2 for a, b in pairwise(row))
        fits = len(row) >= LEAST_CELLS and apart and statistics.mean(len(cell.text) for cell in row) < SHORT
        run = runs[-1]
        if not fits or (run and row[0].box[1] - max(cell.box[3] for cell in run[-1]) > 3 * usual):
            runs.append([])
        if fits:
            runs[-1].append(row)
    return [run for run in runs if len(run) >= LEAST_ROWS]


def _grid(table: Sequence[Sequence[Line]]) -> list[list[str]] | None:
    """The cells in columns; None where the rows do not agree on any."""
    columns = _columns(table)
    if not 2 <= len(columns) <= MOST_COLUMNS:
        return None
    grid = [[""] * len(columns) for _ in table]
    for texts, row in zip(grid, table, strict=True):
        for cell in row:
            shares = [min(cell.box[2], high) - max(cell.box[0], low) for low, high in columns]
            k = shares.index(max(shares))
            texts[k] = f"{texts[k]} {cell.text}".strip()
    return grid if sum(bool(text) for texts in grid for text in texts) >= FILLED * len(grid) * len(columns) else None


def _columns(table: Sequence[Sequence[Line]]) -> list[tuple[float, float]]:
    """Stretches of x that cells share. Narrow cells found them; a wide one only joins, for it may span several."""
    found: list[tuple[float, float]] = []
    spans = sorted(((cell.box[0], cell.box[2]) for row in table for cell in row), key=lambda span: span[1] - span[0])
    for low, high in spans:
        k = next((k for k, (a, b) in enumerate(found) if min(high, b) > max(low, a)), None)
        if k is None:
            found.append((low, high))
        elif high - low < 1.5 * (found[k][1] - found[k][0]):
            found[k] = (min(found[k][0], low), max(found[k][1], high))
    merged: list[tuple[float, float]] = []
    for low, high in sorted(found):
        if merged and low < merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], high))
        else:
            merged.append((low, high))
    return merged
