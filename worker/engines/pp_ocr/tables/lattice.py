"""Grids of cells from ruled lines: where rules cross, and which cells they leave open to each other."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import TypeVar

from ..model.boxes import Box
from ..model.cells import Span
from ..model.rules import Rule, joined

TOUCH = 4.0
"""Pixels between the end of a rule and the rule that it meets."""
JOIN = 4.0
"""Pixels between the borders of neighbouring cells, which are one rule."""
LEAST_BORDER = 0.6
"""Share of a cell's side that must be ruled."""
LEAST_SIDE = 0.9
"""The same of a whole side of the grid, if it is ruled at all."""
DENSE = 0.9
"""Cells per place of a grid that is one wherever its outer rules end."""
OPEN = 0.7
"""Share of the rules that may end before an open side: heads do, and those below them."""
MOST_CELLS, MOST_CROSSINGS = 5_000, 100_000
"""A finer grid is a chart or a pattern."""

Node = TypeVar("Node", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Lattice:
    """Edges of rows and columns in pixels, from the top left, and the cells between them.

    It is `soft` where only the edges of coloured grounds make it.
    """

    xs: list[float]
    ys: list[float]
    spans: list[Span]
    soft: bool = False

    @property
    def box(self) -> Box:
        return self.xs[0], self.ys[0], self.xs[-1], self.ys[-1]

    def cell(self, span: Span) -> Box:
        """The box of a cell."""
        return (
            self.xs[span.column],
            self.ys[span.row],
            self.xs[span.column + span.width],
            self.ys[span.row + span.height],
        )

    def divided(self, ys: Mapping[int, list[float]], xs: Mapping[int, list[float]], whole: Set[Span]) -> Lattice:
        """The grid with more edges within some rows and columns; cells in `whole`, and merged ones, stay whole."""
        tops, all_ys = _with_edges(self.ys, ys)
        lefts, all_xs = _with_edges(self.xs, xs)
        spans = []
        for span in self.spans:
            top, bottom = tops[span.row], tops[span.row + span.height]
            left, right = lefts[span.column], lefts[span.column + span.width]
            height = bottom - top if span.height > 1 else 1
            width = right - left if span.width > 1 or span in whole else 1
            spans += [Span(r, c, height, width) for r in range(top, bottom, height) for c in range(left, right, width)]
        return Lattice(all_xs, all_ys, sorted(spans, key=lambda span: (span.row, span.column)), self.soft)


def lattices(rules: Iterable[Rule]) -> list[Lattice]:
    """The grids that rules make by touching each other; a frame is one of one cell."""
    return _stacked(grid for group in _touching(joined(rules, JOIN)) if (grid := _lattice(group)) is not None)


def _stacked(grids: Iterable[Lattice]) -> list[Lattice]:
    """The grids, those that stand close below each other with the same columns as one: double rules part them."""
    found: list[Lattice] = []
    for grid in sorted(grids, key=lambda grid: grid.ys[0]):
        above = next((other for other in found if _goes_on(other, grid)), None)
        if above is None:
            found.append(grid)
            continue
        rows = len(above.ys) - 1
        below = [Span(span.row + rows, span.column, span.height, span.width) for span in grid.spans]
        ys = [*above.ys[:-1], (above.ys[-1] + grid.ys[0]) / 2, *grid.ys[1:]]
        found[found.index(above)] = Lattice(above.xs, ys, above.spans + below, above.soft and grid.soft)
    return found


def _goes_on(above: Lattice, below: Lattice) -> bool:
    return (
        len(above.xs) == len(below.xs) > 2
        and 0 <= below.ys[0] - above.ys[-1] < 2 * TOUCH
        and all(abs(a - b) <= TOUCH for a, b in zip(above.xs, below.xs, strict=True))
    )


def _with_edges(edges: Sequence[float], cuts: Mapping[int, list[float]]) -> tuple[list[int], list[float]]:
    """All edges, and for each of the old ones its new place."""
    places: list[int] = []
    found: list[float] = []
    for i, edge in enumerate(edges):
        places.append(len(found))
        found += [edge, *cuts.get(i, ())]
    return places, found


def _touching(rules: Sequence[Rule]) -> list[list[Rule]]:
    """The rules in groups that hang together."""
    level = [i for i, rule in enumerate(rules) if rule.level]
    upright = [i for i, rule in enumerate(rules) if not rule.level]
    if len(level) * len(upright) > MOST_CROSSINGS:
        return []
    pairs = [(i, k) for i in level for k in upright if _meet(rules[i], rules[k])]
    return [[rules[i] for i in group] for group in _grouped(range(len(rules)), pairs)]


def _meet(level: Rule, upright: Rule) -> bool:
    return (
        level.start - TOUCH <= upright.at <= level.end + TOUCH
        and upright.start - TOUCH <= level.at <= upright.end + TOUCH
    )


def _grouped(items: Iterable[Node], pairs: Iterable[tuple[Node, Node]]) -> list[list[Node]]:
    """The items in groups that the pairs hold together."""
    parent = {item: item for item in items}

    def root(item: Node) -> Node:
        while parent[item] != item:
            parent[item] = item = parent[parent[item]]
        return item

    for a, b in pairs:
        parent[root(b)] = root(a)
    groups: dict[Node, list[Node]] = defaultdict(list)
    for item in parent:
        groups[root(item)].append(item)
    return list(groups.values())


def _lattice(rules: Sequence[Rule]) -> Lattice | None:
    level = [rule for rule in rules if rule.level]
    upright = [rule for rule in rules if not rule.level]
    if not level or not upright:
        return None
    ys = _positions([rule.at for rule in level] + _open_ends(upright, level))
    xs = _positions([rule.at for rule in upright] + _open_ends(level, upright))
    rows, columns = len(ys) - 1, len(xs) - 1
    if rows < 1 or columns < 1 or rows * columns > MOST_CELLS:
        return None
    sides = [(level, ys[0], xs), (level, ys[-1], xs), (upright, xs[0], ys), (upright, xs[-1], ys)]
    spans = _spans(xs, ys, level, upright)
    drawn = not any(rule.soft for rule in rules)  # shades of values fill a table, too
    dense = drawn and min(rows, columns) >= 3 and len(spans) >= DENSE * rows * columns
    if (
        not dense
        and rows * columns > 1
        and any(0.05 < _share(rules, at, ends[0], ends[-1]) < LEAST_SIDE for rules, at, ends in sides)
    ):
        return None  # boxes that lines connect
    return Lattice(xs, ys, spans, all(rule.soft for rule in rules))


def _open_ends(rules: Sequence[Rule], across: Sequence[Rule]) -> list[float]:
    """Where a side without a rule is: there the rules that run towards it end, most of them."""
    first, last = min(rule.at for rule in across), max(rule.at for rule in across)
    ends = []
    for outer, end in ((True, min(rule.start for rule in rules)), (False, max(rule.end for rule in rules))):
        short = [rule for rule in rules if (rule.start - first if outer else last - rule.end) > -2 * TOUCH]
        if len(short) <= OPEN * len(rules):
            ends.append(end)
    return ends


def _positions(values: Sequence[float]) -> list[float]:
    """The values, those that lie close together as one."""
    found: list[list[float]] = []
    for value in sorted(values):
        if found and value - found[-1][-1] <= 2 * TOUCH:
            found[-1].append(value)
        else:
            found.append([value])
    return [sum(values) / len(values) for values in found]


def _spans(xs: Sequence[float], ys: Sequence[float], level: Sequence[Rule], upright: Sequence[Rule]) -> list[Span]:
    """The cells, those without a rule between them as one, if they are a rectangle."""
    rows, columns = len(ys) - 1, len(xs) - 1
    grid = [(r, c) for r in range(rows) for c in range(columns)]
    open_to = [
        ((r, c), (r, c + 1)) for r, c in grid if c + 1 < columns and not _ruled(upright, xs[c + 1], ys[r], ys[r + 1])
    ]
    open_to += [
        ((r, c), (r + 1, c)) for r, c in grid if r + 1 < rows and not _ruled(level, ys[r + 1], xs[c], xs[c + 1])
    ]
    spans: list[Span] = []
    for cells in _grouped(grid, open_to):
        top, left = min(r for r, _ in cells), min(c for _, c in cells)
        height, width = max(r for r, _ in cells) - top + 1, max(c for _, c in cells) - left + 1
        if height * width == len(cells):
            spans.append(Span(top, left, height, width))
        else:
            spans += [Span(r, c) for r, c in cells]
    return sorted(spans, key=lambda span: (span.row, span.column))


def _ruled(rules: Sequence[Rule], at: float, start: float, end: float) -> bool:
    return _share(rules, at, start, end) >= LEAST_BORDER


def _share(rules: Sequence[Rule], at: float, start: float, end: float) -> float:
    """The share of a side that is ruled."""
    covered = sum(
        max(0.0, min(rule.end, end) - max(rule.start, start)) for rule in rules if abs(rule.at - at) <= 2 * TOUCH
    )
    return covered / max(end - start, 1.0)
