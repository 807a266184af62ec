"""Labels of rows that stand left of a table's frame."""

from __future__ import annotations

import statistics
from collections.abc import Mapping

from ..model.boxes import Box
from ..model.lines import Line
from ..model.patterns import is_number
from .cutting import slot
from .lattice import Lattice
from .refining import Pieces
from .table import Sheet

REACH = 3.0
"""Sizes of type between the widest label and the frame."""
LEAST_ROWS, LEAST_LABELLED = 3, 0.6
"""Rows with a label: at least so many, and this share of them."""
NUMERIC = 0.6
"""Share of the cells in the first column that are numbers: else it has the labels."""
LONGEST = 60
"""Characters of a label."""


def labels_of(sheet: Sheet, grid: Lattice, pieces: Pieces) -> dict[int, Line]:
    """The lines left of the grid, by index, if there is one in most of its rows, and nothing else."""
    own = [" ".join(part.text for part in parts) for span, parts in pieces.items() if span.column == 0 and parts]
    if sum(map(is_number, own)) < NUMERIC * len(own) or len(grid.ys) <= LEAST_ROWS:
        return {}
    size = statistics.median(line.size for parts in pieces.values() for line in parts)
    x0, y0, _, y1 = grid.box
    near = {i: line for i, line in sheet.free.items() if line.box[2] <= x0 + 2 and y0 - 2 < line.middle < y1 + 2}
    if not near or x0 - max(line.box[2] for line in near.values()) > REACH * size:
        return {}
    return near if _are_labels(near, grid) else {}


def _are_labels(lines: Mapping[int, Line], grid: Lattice) -> bool:
    rows = [slot(grid.ys, line.middle) for line in lines.values()]
    fitting = all(_fits(line.box, grid, row) for line, row in zip(lines.values(), rows, strict=True))
    enough = len(set(rows)) >= max(LEAST_ROWS, LEAST_LABELLED * (len(grid.ys) - 1))
    return fitting and enough and len(rows) == len(set(rows)) and all(len(x.text) <= LONGEST for x in lines.values())


def _fits(box: Box, grid: Lattice, row: int) -> bool:
    slack = 0.3 * (box[3] - box[1])
    return grid.ys[row] - slack < box[1] and box[3] < grid.ys[row + 1] + slack
