"""Sizes of type on a scan: detection draws some boxes tighter than others."""

import statistics
from collections.abc import Sequence

from ..model.boxes import overlap_x, overlap_y
from ..model.lines import Line

LEAST_CHARS = 20
"""Of a line whose characters are as wide as others' of its size, on average."""
SAME_WIDTH = 0.08
"""Share of a character's mean width by which lines of one size differ."""
REACH = 4.0
"""Sizes of type up and down in which lines are compared."""


def even_out(lines: Sequence[Line]) -> None:
    """Gives each long line at least the usual size of those around it whose characters are as wide."""
    long = [line for line in lines if len(line.text) >= LEAST_CHARS]
    sizes = [statistics.median([line.size, *(other.size for other in long if _alike(line, other))]) for line in long]
    for line, size in zip(long, sizes, strict=True):
        line.size = max(line.size, size)


def _alike(line: Line, other: Line) -> bool:
    if overlap_x(line.box, other.box) <= 0 or overlap_y(line.box, other.box) < -REACH * line.size:
        return False
    return abs(_width(line) - _width(other)) < SAME_WIDTH * _width(line)


def _width(line: Line) -> float:
    """The mean width of its characters."""
    return (line.box[2] - line.box[0]) / len(line.text)
