"""Reading order of boxes that come in none: gutters first, then the white between rows."""

from collections.abc import Sequence
from typing import Protocol, TypeVar

import numpy as np

from .lines import Box, same_row


class Boxed(Protocol):
    """Anything with a place on the page."""

    box: Box


Item = TypeVar("Item", bound=Boxed)

DEEPEST = 100
"""Cuts within cuts; a page that needs more is read row by row."""


def order(lines: Sequence[Item], min_x: float, min_y: float, depth: int = 0) -> list[Item]:
    """The lines in reading order; `min_x` and `min_y` are the least white, in pixels, that divides columns and rows."""
    if len(lines) < 2:
        return list(lines)
    if depth < DEEPEST:
        if gap := _widest_gap(lines, 0, min_x):
            left, right = _split(lines, 0, gap)
            if len(left) >= 3 and len(right) >= 3:
                return order(left, min_x, min_y, depth + 1) + order(right, min_x, min_y, depth + 1)
        if gutter := _crossed_gutter(lines):
            return _bands(lines, gutter)
        if gap := _widest_gap(lines, 1, min_y):
            upper, lower = _split(lines, 1, gap)
            return order(upper, min_x, min_y, depth + 1) + order(lower, min_x, min_y, depth + 1)
    return [line for row in rows(lines) for line in row]


def rows(lines: Sequence[Item]) -> list[list[Item]]:
    """The lines that stand beside each other, from left to right; the rows from top to bottom."""
    found: list[list[Item]] = []
    for line in sorted(lines, key=lambda line: line.box[1] + line.box[3]):
        if found and same_row(found[-1][0].box, line.box):
            found[-1].append(line)
        else:
            found.append([line])
    return [sorted(row, key=lambda line: line.box[0]) for row in found]


def _widest_gap(lines: Sequence[Item], axis: int, least: float) -> float | None:
    """The middle of the widest empty stripe across x (0) or y (1)."""
    spans = sorted((line.box[axis], line.box[axis + 2]) for line in lines)
    end, best, middle = spans[0][1], least, None
    for low, high in spans[1:]:
        if low - end >= best:
            best, middle = low - end, (low + end) / 2
        end = max(end, high)
    return middle


def _split(lines: Sequence[Item], axis: int, cut: float) -> tuple[list[Item], list[Item]]:
    return [line for line in lines if line.box[axis + 2] <= cut], [line for line in lines if line.box[axis + 2] > cut]


def _crossed_gutter(lines: Sequence[Item]) -> float | None:
    """Where a gutter runs that a few lines cross: a title, a wide figure's caption."""
    n = len(lines)
    if n < 8:
        return None
    left, right = np.array([line.box[0] for line in lines]), np.array([line.box[2] for line in lines])
    low, high = left.min(), right.max()
    best: tuple[float, float, float] | None = None
    for x in np.linspace(low + 0.2 * (high - low), high - 0.2 * (high - low), 61):
        crossing = int(np.count_nonzero((left < x - 2) & (right > x + 2)))
        before = int(np.count_nonzero(right <= x + 2))
        if crossing <= 0.4 * n and min(before, n - before - crossing) >= max(3, 0.2 * (n - crossing)):
            found = (float(crossing), abs(float(x) - float(low + high) / 2), float(x))
            best = min(best or found, found)
    return best[2] if best else None


def _bands(lines: Sequence[Item], gutter: float) -> list[Item]:
    """Lines across the gutter part the page into bands; in each the left column comes first."""
    result: list[Item] = []
    band: list[Item] = []

    def close() -> None:
        for column in ([b for b in band if b.box[0] < gutter - 2], [b for b in band if b.box[0] >= gutter - 2]):
            result.extend(line for row in rows(column) for line in row)
        band.clear()

    for line in sorted(lines, key=lambda line: line.box[1]):
        if line.box[0] < gutter - 2 and line.box[2] > gutter + 2:
            close()
            result.append(line)
        else:
            band.append(line)
    close()
    return result
