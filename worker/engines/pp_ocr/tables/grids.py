"""Tables in grids that are ruled all over, or as far as their columns or rows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ..model.boxes import rows
from ..model.cells import Cell, Span
from ..model.lines import Line
from .checks import is_layout, is_outside, is_uneven
from .cutting import breaks, cut, slot, split_wide
from .labels import labels_of
from .lattice import Lattice
from .refining import Pieces, with_columns, with_rows
from .table import Sheet, Table
from .unruled import LEAST_FILLED, within_rows

LABELLED = 0.8
"""Share of the rows, and of the columns, of an empty table that hold something."""
OPENED = 0.6
"""Share of the cells that a merged one covers with a run in them, where it is none."""
MOST_BROKEN = 0.15
"""Share of the lines that a grid may break: heads of several columns."""


def from_grid(sheet: Sheet, grid: Lattice) -> Table | None:
    """A table where the grid holds text in two rows and two columns."""
    inside = sheet.inside(grid.box)
    walls = _walls(grid)
    broken = sum(breaks(line, walls[slot(grid.ys, line.middle)]) for line in inside.values())
    if not inside or broken > MOST_BROKEN * len(inside):
        return None
    if len(grid.xs) == 2:
        return within_rows(sheet, inside, grid.box, grid.ys) if len(grid.ys) > 2 else None
    grid = with_columns(grid, _pieces(inside.values(), grid))
    grid = with_rows(grid, _opened(_pieces(inside.values(), grid), grid))
    pieces = _opened(_pieces(inside.values(), grid), grid)
    grid, pieces = _without_notes(grid, pieces)
    if labels := labels_of(sheet, grid, pieces):
        inside = {**labels, **inside}
        grid, pieces = _with_labels(grid, pieces, labels.values())
    inside = {i: line for i, line in inside.items() if grid.ys[0] - 2 <= line.middle <= grid.ys[-1] + 2}
    cells = [Cell.of(span, parts, grid.cell(span)) for span, parts in pieces.items()]
    filled = [cell for cell in cells if cell.text]
    if is_uneven(inside.values()) or len({cell.span.column for cell in filled}) < 2:
        return None
    titles = max(len(rows(parts)) for parts in pieces.values()) < 2
    if len(grid.ys) == 2 and (titles or grid.soft):  # a bar with titles, the coloured head of what follows
        return None
    if (len(filled) < LEAST_FILLED * len(cells) and not _is_labelled(filled, grid)) or is_layout(filled):
        return None
    return Table(grid.box, len(grid.ys) - 1, len(grid.xs) - 1, cells, set(inside))


def _pieces(lines: Iterable[Line], grid: Lattice) -> dict[Span, list[Line]]:
    """The lines, cut at the edges of the cells that they stand in."""
    pieces: dict[Span, list[Line]] = {span: [] for span in grid.spans}
    at, walls = _places(grid), _walls(grid)
    for line in lines:
        row = slot(grid.ys, line.middle)
        for piece in cut(line, walls[row]):
            pieces[at[row, slot(grid.xs, (piece.box[0] + piece.box[2]) / 2)]].append(piece)
    return pieces


def _places(grid: Lattice) -> dict[tuple[int, int], Span]:
    """The cell at each row and column."""
    return {
        (span.row + r, span.column + c): span
        for span in grid.spans
        for r in range(span.height)
        for c in range(span.width)
    }


def _walls(grid: Lattice) -> list[list[float]]:
    """The edges of the cells of each row, from left to right."""
    at, last = _places(grid), len(grid.xs) - 1
    return [
        [x for c, x in enumerate(grid.xs) if c in (0, last) or at[row, c - 1] is not at[row, c]]
        for row in range(len(grid.ys) - 1)
    ]


def _is_labelled(filled: Sequence[Cell], grid: Lattice) -> bool:
    """Do the rows and the columns of a grid to be filled in have their labels? On a scan, a letter may be missed."""
    heads, labels = ({cell.span.column for cell in filled}, {cell.span.row for cell in filled})
    return (
        not grid.soft and len(heads) >= LABELLED * (len(grid.xs) - 1) and len(labels) >= LABELLED * (len(grid.ys) - 1)
    )


def _with_labels(grid: Lattice, pieces: Pieces, labels: Iterable[Line]) -> tuple[Lattice, Pieces]:
    """The grid with a column for the labels left of it."""
    found = {Span(span.row, span.column + 1, span.height, span.width): parts for span, parts in pieces.items()}
    found |= {Span(row, 0): [] for row in range(len(grid.ys) - 1)}
    found |= {Span(slot(grid.ys, label.middle), 0): [label] for label in labels}
    spans = sorted(found, key=lambda span: (span.row, span.column))
    left = min(label.box[0] for label in labels)
    return Lattice([left, *grid.xs], grid.ys, spans, grid.soft), {span: found[span] for span in spans}


def _without_notes(grid: Lattice, pieces: Pieces) -> tuple[Lattice, Pieces]:
    """The grid without rows at its ends that are one cell with a caption or with notes."""
    columns = len(grid.xs) - 1
    whole = {span.row: parts for span, parts in pieces.items() if span.width == columns and span.height == 1 and parts}
    texts = {row: " ".join(part.text for part in parts) for row, parts in whole.items()}
    first, last = 0, len(grid.ys) - 1
    while first in texts and is_outside(texts[first], above=True):
        first += 1
    while last - 1 in texts and last - 1 > first and is_outside(texts[last - 1], above=False):
        last -= 1
    if last - first < 2:
        return grid, pieces
    kept = {
        Span(span.row - first, span.column, span.height, span.width): parts
        for span, parts in pieces.items()
        if first <= span.row < last
    }
    return Lattice(grid.xs, grid.ys[first : last + 1], list(kept), grid.soft), kept


def _opened(pieces: Pieces, grid: Lattice) -> Pieces:
    """A wide cell with a run in each cell that it covers is as many cells: no rule shows on a dark bar."""
    found: dict[Span, Sequence[Line]] = {}
    for span, lines in pieces.items():
        parts = [part for line in lines for part in split_wide(line)] if span.width > 1 else []
        places = [_place(part, grid) if span.height > 1 else (span.row, _place(part, grid)[1]) for part in parts]
        fitting = all(
            grid.xs[column] - 2 < part.box[0] and part.box[2] < grid.xs[column + 1] + 2
            for part, (_, column) in zip(parts, places, strict=True)
        )
        one = span.height == 1 and len(rows(parts)) == 1
        if len(set(places)) >= max(2, OPENED * span.width * span.height) and (fitting or one):
            for row in range(span.row, span.row + span.height):
                for column in range(span.column, span.column + span.width):
                    own = [part for part, place in zip(parts, places, strict=True) if place == (row, column)]
                    found[Span(row, column)] = own
        else:
            found[span] = lines
    return found


def _place(part: Line, grid: Lattice) -> tuple[int, int]:
    return slot(grid.ys, part.middle), slot(grid.xs, (part.box[0] + part.box[2]) / 2)
