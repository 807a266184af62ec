"""Reading order of boxes that come in none: gutters first, then the white between rows."""

from collections import defaultdict
from collections.abc import Sequence

from ..model.boxes import Boxed, Item, overlap_y, rows
from ..model.lines import Line
from .gutters import are_columns, crossed_gutter, is_prose, widest_gap
from .wrapping import wrapped

STEP, STACK = 20, 4
"""Pixels within which lines begin under each other, and how many do so at the edge of a column."""
SLACK = 0.5
"""Sizes of type by which the box of a line may reach over a gutter."""
DEEPEST = 100
"""Cuts within cuts; a page that needs more is read row by row."""


def order(items: Sequence[Item], min_x: float, min_y: float, depth: int = 0) -> list[Item]:
    """The items in reading order; `min_x` and `min_y` are the least white, in pixels, that divides columns and rows."""
    if len(items) < 2:
        return list(items)
    if depth < DEEPEST:
        if (banner := _banner(items)) is not None:
            middle = banner.box[1] + banner.box[3]
            others = [item for item in items if item is not banner]
            above = [item for item in others if item.box[1] + item.box[3] < middle]
            below = [item for item in others if item.box[1] + item.box[3] >= middle]
            return [*order(above, min_x, min_y, depth + 1), banner, *order(below, min_x, min_y, depth + 1)]
        if gap := widest_gap(items, 0, min_x):
            left, right = _split(items, 0, gap)
            if are_columns(left, right):
                return order(left, min_x, min_y, depth + 1) + order(right, min_x, min_y, depth + 1)
        if found := wrapped(items):
            regions = (found.above, found.left, found.right, found.below)
            return [item for region in regions for item in order(region, min_x, min_y, depth + 1)]
        if gutter := crossed_gutter(items):
            return _bands(items, gutter, min_x, min_y, depth)
        if gap := widest_gap(items, 1, min_y):
            upper, lower = _split(items, 1, gap)
            return order(upper, min_x, min_y, depth + 1) + order(lower, min_x, min_y, depth + 1)
    return [item for row in rows(items) for item in row]


def _banner(items: Sequence[Item]) -> Item | None:
    """A heading, alone on its row, that reaches over the edge between columns: what stands above it is read first."""
    edges: dict[int, int] = defaultdict(int)
    for item in items:
        if is_prose(item):
            edges[round(item.box[0] / STEP)] += 1
    starts = [key * STEP for key, count in edges.items() if count + edges.get(key + 1, 0) >= STACK]
    for item in items:
        size = getattr(item, "size", 0.0)
        if not getattr(item, "bold", False) or not any(item.box[0] + 2 * size < x < item.box[2] - size for x in starts):
            continue
        if not any(other is not item and overlap_y(other.box, item.box) > 0.3 * size for other in items):
            return item
    return None


def _split(lines: Sequence[Item], axis: int, cut: float) -> tuple[list[Item], list[Item]]:
    return [line for line in lines if line.box[axis + 2] <= cut], [line for line in lines if line.box[axis + 2] > cut]


def _bands(items: Sequence[Item], gutter: float, min_x: float, min_y: float, depth: int) -> list[Item]:
    """What crosses the gutter parts the page into bands; in each the left column comes first.

    An inset does not part them: a picture or a caption that both columns run around. It comes after them.
    """
    result: list[Item] = []
    left: list[Item] = []
    right: list[Item] = []
    insets: list[Item] = []
    beside = [item for item in items if not _crosses(item, gutter)]

    def close() -> None:
        for column in (left, right, insets):
            result.extend(order(column, min_x, min_y, depth + 1))
            column.clear()

    for item in sorted(items, key=lambda item: item.box[1]):
        if not _crosses(item, gutter):
            (left if item.box[0] + item.box[2] < 2 * gutter else right).append(item)
        elif _runs_around(beside, item):
            insets.append(item)
        else:
            close()
            result.append(item)
    close()
    return result


def _crosses(item: Boxed, gutter: float) -> bool:
    """Does it reach over the gutter, further than the box of a line on a page that is not quite straight may?"""
    slack = max(SLACK * item.size, 2.0) if isinstance(item, Line) else 2.0
    return item.box[0] < gutter - slack and item.box[2] > gutter + slack


def _runs_around(items: Sequence[Item], inset: Item) -> bool:
    """Do lines of text stand on either side of it?"""
    level = [item.box for item in items if is_prose(item) and overlap_y(item.box, inset.box) > 0]
    return any(box[2] <= inset.box[0] for box in level) and any(box[0] >= inset.box[2] for box in level)
