"""Tables that rules tell: in grids, or between level rules of the same extent."""

from __future__ import annotations

import math
import statistics
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

from ..model.boxes import Box, area, overlapping, rows, sides, within
from ..model.lines import Line
from ..model.patterns import is_number
from ..model.rules import Rule, joined
from .checks import is_aligned
from .columns import columns_of
from .cutting import split_wide
from .grids import from_grid
from .lattice import Lattice, lattices
from .seams import disagree, seams_of, within_seams
from .table import Sheet, Table
from .typewritten import rules_of, take_rules
from .unruled import is_spanning, within_rows

HIGHEST_FRAME = 120.0
"""Pixels: a frame that is no higher holds a value of a form."""
MOST_ROWED = 9.0
"""Sizes of type from one rule under a row to the next."""
ALIKE = 6.0
"""Pixels by which the ends of a table's rules may be apart."""
INTERRUPTED = 7.0
"""Pixels between two parts of one rule."""
LEAST_LINES = 4
LONGEST_TITLE = 40
"""Characters of a title within a table."""
ROW_GAP = 2.0
"""Sizes of type between two rows of a table, at most: groups of rows are set apart."""
WIDE_TEXT = 0.3
"""Share of a rule's length that a line of running text below it takes."""
LARGER = 1.1
"""How much larger than the rest of a table the title of some of its rows may be."""
MOST_STACKED, INSET = 6, 0.3
"""How much higher than the ground of a line is that of its cell, and pixels between their sides, at least."""
MOST_GROUNDS = 1_000
"""Panels of a page that may be such grounds: any number may be on a hostile one."""
MOST_HEADS = 3
"""Rows of text in the head of a table."""


def ruled(lines: Sequence[Line], rules: Sequence[Rule], panels: Sequence[Box] = ()) -> list[Table]:
    """The tables that rules, or the edges of coloured grounds, tell; lines may come in any order."""
    typed = rules_of(lines)
    rules = [*rules, *(rule for stretches in typed.values() for rule in stretches)]
    sheet = Sheet(lines, rules, typed)
    edges = [edge for panel in _grounds(panels) for edge in _edges(panel)]
    drawn = lattices(rules)
    grids = lattices([*rules, *edges]) if edges else drawn
    for grid in sorted(grids, key=lambda grid: -area(grid.box)):
        sheet.add(from_grid(sheet, grid))
    taken = [table.box for table in sheet.tables] + [grid.box for grid in drawn if _is_stack(grid)]
    frames = [grid.box for grid in drawn if len(grid.spans) == 1]
    free = [
        rule
        for rule in [*rules, *edges]
        if not any(within(rule.box, box, 4.0) for box in taken) and not any(_is_edge(rule, box) for box in frames)
    ]
    groups = _groups(free)
    for group in groups:
        for part in _parted(sheet, group):
            sheet.add(_between(sheet, part))
    for group in groups:
        for rule in reversed(group):  # what is below the last one may be the second of two tables
            sheet.add(_under_head(sheet, rule))
    take_rules(sheet.tables, lines, list(typed))
    return sheet.tables


def _grounds(panels: Sequence[Box]) -> list[Box]:
    """The panels but for those of lines of text within the ground of a cell: office programs colour both."""
    if len(panels) > MOST_GROUNDS:
        return list(panels)
    ordered = sorted(panels, key=lambda panel: panel[1])
    tops = [panel[1] for panel in ordered]
    found = []
    for panel in ordered:
        width, height = sides(panel)
        first = bisect_left(tops, panel[1] - MOST_STACKED * height)
        last = bisect_right(tops, panel[1])
        if not any(
            outer[0] + INSET < panel[0]
            and panel[2] < outer[2] - INSET
            and panel[3] <= outer[3] + INSET
            and sides(outer)[0] < 2 * width
            and sides(outer)[1] < MOST_STACKED * height
            for outer in ordered[first:last]
        ):
            found.append(panel)
    return found


def _edges(panel: Box) -> list[Rule]:
    x0, y0, x1, y1 = panel
    return [
        Rule(True, y0, x0, x1, True),
        Rule(True, y1, x0, x1, True),
        Rule(False, x0, y0, y1, True),
        Rule(False, x1, y0, y1, True),
    ]


def _is_stack(grid: Lattice) -> bool:
    """Is it a value's box in a form, or some, one upon the other?"""
    return len(grid.xs) == 2 and all(b - a < HIGHEST_FRAME for a, b in pairwise(grid.ys))


def _is_edge(rule: Rule, box: Box) -> bool:
    """Is the rule the top or the bottom of the box?"""
    return rule.level and min(abs(rule.at - box[1]), abs(rule.at - box[3])) < 4 and within(rule.box, box, 6.0)


def _groups(rules: Iterable[Rule]) -> list[list[Rule]]:
    """Level rules of the same extent, from the top; the largest groups first."""
    groups: list[list[Rule]] = []
    for rule in sorted(joined([rule for rule in rules if rule.level], INTERRUPTED), key=lambda rule: rule.at):
        for group in groups:
            if abs(group[-1].start - rule.start) < ALIKE and abs(group[-1].end - rule.end) < ALIKE:
                group.append(rule)
                break
        else:
            groups.append([rule])
    return sorted(groups, key=lambda group: -(group[-1].at - group[0].at) * group[0].length)


def _parted(sheet: Sheet, group: Sequence[Rule]) -> list[list[Rule]]:
    """The rules in groups, parted where there is running text between two of them, or other columns begin."""
    parts = [[group[0]]]
    for above, below in pairwise(group):
        inside = sheet.inside((above.start, above.at, above.end, below.at))
        stacked = rows([piece for line in inside.values() for piece in split_wide(line)])
        if disagree(above, below) or _is_text(stacked, above, above.seams if below.seams else ()):
            parts.append([])
        parts[-1].append(below)
    return [part for part in parts if len(part) >= 2]


def _is_text(stacked: Sequence[Sequence[Line]], rule: Rule, seams: Sequence[float]) -> bool:
    """Is it running text, not rows of cells? Where rules have seams it runs over them; the title of some rows may."""
    lone = [row[0] for row in stacked if len(row) == 1]
    if not seams:
        wide = any(line.box[2] - line.box[0] > WIDE_TEXT * rule.length for line in lone)
        return len(lone) > 0.5 * len(stacked) and (wide or len(lone) == len(stacked))
    return sum(any(line.box[0] < x < line.box[2] for x in seams) for line in lone) > 1


def _between(sheet: Sheet, group: Sequence[Rule]) -> Table | None:
    """A table where the runs between level rules of the same extent fall into columns."""
    cuts = [rule.at for rule in group]
    region = group[0].start, cuts[0], group[0].end, cuts[-1]
    inside = sheet.inside(region)
    if not inside or any(overlapping(table.box, region) for table in sheet.tables):
        return None
    size = statistics.median(line.size for line in inside.values())
    bands = sorted((b.at - a.at, a.soft and b.soft) for a, b in pairwise(group))
    high = [soft for height, soft in bands if height > MOST_ROWED * size]
    # Rules under a head and around a body, or one under each row; not the bars over the parts of a form.
    if any(high) or (len(bands) > 2 and len(high) > 1):
        return None
    edges = [] if high else seams_of(group)  # rules at the head and at the foot of a page part no rows
    if edges or len(cuts) == 2 or (group[-1].soft and len(group) > 5):
        inside = _prolonged(sheet, inside, region)
    if len(inside) < LEAST_LINES:
        return None
    return within_seams(sheet, inside, region, cuts, edges) or within_rows(sheet, inside, region, cuts)


def _under_head(sheet: Sheet, rule: Rule) -> Table | None:
    """A table with one rule only, below its head."""
    region = rule.start, rule.at, rule.end, rule.at
    if rule.soft or any(overlapping(table.box, region) for table in sheet.tables):
        return None
    above = {
        id(line): i
        for i, line in sheet.free.items()
        if line.middle < rule.at and rule.start - line.size < line.box[0] and line.box[2] < rule.end + line.size
    }
    head: dict[int, Line] = {}
    top, taken = rule.at, 0
    for row in reversed(rows([sheet.free[i] for i in above.values()])):
        gap = top - max(line.box[3] for line in row)
        if gap > row[0].size or taken == MOST_HEADS:
            break
        if sum(len(split_wide(line)) for line in row) < 2:
            if head and is_spanning(row[0], head.values()):
                head[above[id(row[0])]] = row[0]
                top = row[0].box[1]
            break
        head.update((above[id(line)], line) for line in row)
        top, taken = min(line.box[1] for line in row), taken + 1
    inside = _prolonged(sheet, head, region) if head else head
    if len(inside) - len(head) < LEAST_LINES:
        return None
    numbers = [is_number(line.text) for line in head.values()]
    if any(numbers) and not all(line.bold for line in head.values()) and (taken > 1 or numbers[0]):
        return None  # a sum above what it adds up to
    stacked = rows([piece for line in inside.values() for piece in split_wide(line)])
    if not is_aligned(stacked, columns_of(stacked)):
        return None
    region = rule.start, top, rule.end, rule.at
    return within_seams(sheet, inside, region, [rule.at], seams_of([rule])) or within_rows(
        sheet, inside, region, [rule.at]
    )


def _prolonged(sheet: Sheet, inside: Mapping[int, Line], region: Box) -> dict[int, Line]:
    """With the rows below: the table may go on over the page, and then no rule ends it."""
    x0, _, x1, bottom = region
    below = {
        id(line): i
        for i, line in sheet.free.items()
        if line.middle > bottom and x0 - line.size < line.box[0] and line.box[2] < x1 + line.size
    }
    found = dict(inside)
    largest = LARGER * max((line.size for line in inside.values()), default=math.inf)
    single: list[Line] = []
    for row in rows([sheet.free[i] for i in below.values()]):
        gap = min(line.box[1] for line in row) - bottom
        lone = sum(len(split_wide(line)) for line in row) < 2
        if gap > ROW_GAP * row[0].size or (
            lone and (single or len(row[0].text) > LONGEST_TITLE or row[0].size > largest)
        ):
            break
        bottom = max(line.box[3] for line in row)
        if lone:  # the title of some rows, if rows follow
            single = row
            continue
        found.update((below[id(line)], line) for line in [*single, *row])
        single = []
    return dict(sorted(found.items()))
