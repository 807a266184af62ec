"""Columns of text: where the white between them runs, and whether what stands on both sides are some."""

import statistics
from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from ..model.boxes import Box, Boxed, Item, rows
from ..model.patterns import CJK_LETTER

APART = 4.0
"""Sizes of type between an address and what stands beside it."""
PROSE = 26
"""Letters, Chinese ones twice, of a line of a paragraph at least."""
FULL, RAGGED, EVEN = 0.5, 2.5, 0.2
"""Share of a column's lines that end at its edge; how many sizes of type before it they may, and justified ones."""
COLUMN_LINES = 6
"""Lines of prose in a column of a page that is set in columns throughout."""
TALL = 0.6
"""Share of the page's height that two sides of any content have."""
LEVEL_ROWS = 0.6
"""Share of the smaller side's items that stand level with others, where the sides are those of a table."""


def has_columns(items: Sequence[Item], min_x: float) -> bool:
    """Does the page as a whole have columns of text? `min_x` is the least white, in pixels, that divides them."""
    if len(items) < 2 * COLUMN_LINES:
        return False
    gutters = [x for x in (widest_gap(items, 0, min_x), crossed_gutter(items)) if x is not None]
    prose = [item for item in items if is_prose(item)]
    return any(
        len(side) >= COLUMN_LINES and _is_column(side) and len(other) >= COLUMN_LINES and _is_column(other)
        for side, other in (_sides(prose, x) for x in gutters)
    )


def widest_gap(lines: Sequence[Item], axis: int, least: float) -> float | None:
    """The middle of the widest empty stripe across x (0) or y (1), `least` pixels wide or more."""
    spans = sorted((line.box[axis], line.box[axis + 2]) for line in lines)
    end, best, middle = spans[0][1], least, None
    for low, high in spans[1:]:
        if low - end >= best:
            best, middle = low - end, (low + end) / 2
        end = max(end, high)
    return middle


def crossed_gutter(items: Sequence[Item]) -> float | None:
    """Where a gutter runs that a few lines cross: a title, a wide figure's caption."""
    prose = [item for item in items if is_prose(item)]
    x = _gutter(prose, 0.4)
    if x is not None and all(len(side) >= 3 and _is_column(side) for side in _sides(prose, x)):
        return x
    x = _gutter(items, 0.15)
    return x if x is not None and are_columns(*_sides(items, x)) else None


def are_columns(left: Sequence[Item], right: Sequence[Item]) -> bool:
    """Are both sides columns of text, not those of a table or a form, whose rows go across?"""
    if min(len(left), len(right)) < 3:
        return False
    if all(any(getattr(item, "boxed", False) for item in side) for side in (left, right)):
        return False  # a form
    if _is_column(left) and _is_column(right):
        return True
    white = min(item.box[0] for item in right) - max(item.box[2] for item in left)
    if (
        _runs_a_row(left) < 1.3
        and _runs_a_row(right) > 1.6
        and _height([*left, *right]) < 1.3 * _height(left)
        and white > APART * statistics.median(item.box[3] - item.box[1] for item in left)
    ):
        return True  # an address, and labels with values beside it
    few, many = sorted((left, right), key=len)
    level = sum(any(_level(a.box, b.box) for b in many) for a in few)
    whole = _height([*left, *right])
    return level < LEVEL_ROWS * len(few) and min(_height(left), _height(right)) > TALL * whole


def is_prose(item: Boxed) -> bool:
    """Is it a line of a paragraph, or something set between such?"""
    text = getattr(item, "text", None)
    return text is None or len(text) + len(CJK_LETTER.findall(text)) >= PROSE


def _sides(items: Sequence[Item], gutter: float) -> tuple[list[Item], list[Item]]:
    """What ends before the gutter and what begins behind it."""
    return [item for item in items if item.box[2] <= gutter + 2], [item for item in items if item.box[0] >= gutter - 2]


def _runs_a_row(items: Sequence[Item]) -> float:
    return len(items) / len(rows(items))


def _is_column(items: Sequence[Item]) -> bool:
    """Do most lines that begin under each other end there, too, as those of paragraphs do?"""
    stacks: dict[int, list[Box]] = defaultdict(list)
    size = statistics.median(item.box[3] - item.box[1] for item in items)
    prose = [item for item in items if is_prose(item)]
    for item in prose:
        stacks[round(item.box[0] / size / 2)].append(item.box)
    even = EVEN * statistics.median(getattr(item, "size", size) for item in items)
    full = sum(_full(sorted(boxes, key=lambda box: box[1]), RAGGED * size, even) for boxes in stacks.values())
    return len(prose) >= 2 and full >= FULL * len(prose)


def _full(stack: Sequence[Box], ragged: float, even: float) -> int:
    """How many lines end at the edge of their stack; or three in a row at the same place, as beside a picture."""
    if len(stack) < 3:
        return 0
    ends = [box[2] for box in stack]
    edge = sorted(ends)[int(0.8 * (len(ends) - 1))] - ragged
    solid = {
        i + k for i in range(len(ends) - 2) if max(ends[i : i + 3]) - min(ends[i : i + 3]) < even for k in range(3)
    }
    return sum(end > edge or i in solid for i, end in enumerate(ends))


def _height(items: Sequence[Item]) -> float:
    return max(item.box[3] for item in items) - min(item.box[1] for item in items)


def _level(a: Box, b: Box) -> bool:
    """Do they stand on the same base, as cells of a row do?"""
    return abs((a[1] + a[3]) - (b[1] + b[3])) < 0.36 * min(a[3] - a[1], b[3] - b[1])


def _gutter(lines: Sequence[Item], most: float) -> float | None:
    """The x that the fewest lines cross, no more than that share of them; near the middle if there is a choice."""
    n = len(lines)
    if n < 8:
        return None
    left, right = np.array([line.box[0] for line in lines]), np.array([line.box[2] for line in lines])
    low, high = left.min(), right.max()
    best: tuple[float, float, float] | None = None
    for x in np.linspace(low + 0.2 * (high - low), high - 0.2 * (high - low), 61):
        crossing = int(np.count_nonzero((left < x - 2) & (right > x + 2)))
        before = int(np.count_nonzero(right <= x + 2))
        if crossing <= most * n and min(before, n - before - crossing) >= max(3, 0.2 * (n - crossing)):
            found = (float(crossing), abs(float(x) - float(low + high) / 2), float(x))
            best = min(best or found, found)
    return best[2] if best else None
