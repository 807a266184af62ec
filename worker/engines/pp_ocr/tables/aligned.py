"""Tables without rules: runs of short text that stand under each other."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from itertools import pairwise

from ..model.boxes import rows
from ..model.lines import Line
from ..model.lists import has_marker
from ..model.parts import Part
from ..model.patterns import LEADERS
from .checks import SHORT, is_aligned
from .columns import Column, columns_of
from .cutting import recut, split_wide
from .table import Table, lift
from .unruled import MOST_COLUMNS, head_of, table_of

GAP = 0.9
"""Sizes of type of white between two cells."""
MOST_HEADS = 3
"""Rows of a head that stand elsewhere in the content."""
LEAST_LINES, LEAST_GAPS, LEAST_ROWS = 6, 5, 3

Row = dict[int, Line]
"""Lines beside each other by index, from left to right."""


def lift_aligned(items: Sequence[Line | Part]) -> list[Line | Part]:
    """The items, in content or reading order, with tables that nothing but alignment tells in place of their lines."""
    found: list[Line | Part] = []
    pending: list[Line] = []
    for item in items:
        if isinstance(item, Line):
            pending.append(item)
        else:
            found += [*_lifted(pending), item]
            pending = []
    return [*found, *_lifted(pending)]


def aligned(lines: Sequence[Line]) -> list[Table]:
    """The tables of the lines, in content or reading order, that nothing but alignment tells."""
    free = {i: line for i, line in enumerate(lines) if line.upright}
    found: list[Table] = []
    for block in _blocks(lines):
        for part in _apart(block):
            table = _table({i: line for i, line in part.items() if i in free}, free)
            if table is not None:
                found.append(table)
                free = {i: line for i, line in free.items() if i not in table.lines}
    return found


def _lifted(lines: Sequence[Line]) -> list[Line | Part]:
    return lift(lines, aligned(lines))


def _table(lines: Mapping[int, Line], free: Mapping[int, Line]) -> Table | None:
    columns = columns_of(rows([piece for line in lines.values() for piece in split_wide(line, GAP)]))
    if not 2 <= len(columns) <= MOST_COLUMNS:
        return None
    stacked = _trimmed(rows([piece for line in lines.values() for piece in recut(line, columns)]), columns)
    if not is_aligned(stacked, columns):
        return None
    for _ in range(MOST_HEADS):  # text layers may list the head elsewhere
        head = head_of({i: line for i, line in free.items() if i not in lines}, columns, stacked)
        if not head:
            break
        lines = {**head, **lines}
        stacked = rows(
            [
                *(piece for line in head.values() for piece in recut(line, columns)),
                *(piece for row in stacked for piece in row),
            ]
        )
    return table_of(lines, stacked, columns)


def _trimmed(stacked: Sequence[list[Line]], columns: Sequence[Column]) -> list[list[Line]]:
    """Without rows at both ends that hold one run: what stands above the table, and what follows it."""
    kept = list(stacked)
    while kept and len(kept[-1]) == 1 and (kept[-1][0].box[0] <= columns[0].right or len(kept[-1][0].text) > SHORT):
        kept.pop()
    while kept and len(kept[0]) == 1:
        kept.pop(0)
    return kept


def _apart(block: Mapping[int, Line]) -> list[Mapping[int, Line]]:
    """The lines of a block, parted at white that is wider than between its rows."""
    stacked = rows(list(block.values()))
    gaps = [min(p.box[1] for p in b) - max(p.box[3] for p in a) for a, b in pairwise(stacked)]
    if len(gaps) < LEAST_GAPS:
        return [block]
    widest = max(gaps)
    k = gaps.index(widest) + 1
    if widest < statistics.median(gaps) + 0.5 * stacked[0][0].size or min(k, len(stacked) - k) < LEAST_ROWS:
        return [block]
    above = {id(line) for row in stacked[:k] for line in row}
    upper = {i: line for i, line in block.items() if id(line) in above}
    lower = {i: line for i, line in block.items() if id(line) not in above}
    return [*_apart(upper), *_apart(lower)]


def _blocks(lines: Sequence[Line]) -> list[Row]:
    """Lines that follow each other and stand in rows of several, by index; a lone one close below goes with them."""
    blocks: list[Row] = []
    block: Row = {}
    before: Row = {}
    few = False
    for row in _rows_in_order(lines):
        here = list(row.values())
        fits = _fits(here)
        if block and few and len(row) >= 4:  # labels and values end, a table begins
            blocks.append(block)
            block = {}
        if block:
            size = here[0].size
            gap = min(line.box[1] for line in here) - max(line.box[3] for line in before.values())
            lone = len(row) == 1 and gap < 0.8 * size
            if not -0.5 * size < gap < 1.7 * size or not (fits or lone):
                blocks.append(block)
                block = {}
            else:
                fits = True
        if fits:
            few = len(row) <= 2 and (few or not block)
            block = {**block, **row}
        before = row
    return [block for block in [*blocks, block] if len(block) >= LEAST_LINES]


def _fits(row: Sequence[Line]) -> bool:
    """Are they several cells beside each other: short, neither an item of a list nor a title with its page?"""
    return (
        len(row) >= 2
        and all(b.box[0] > a.box[2] - 2 for a, b in pairwise(row))
        and statistics.mean(len(line.text) for line in row) < 1.5 * SHORT
        and not has_marker(row[0].text + " x")
        and not any(LEADERS.search(line.text) for line in row)
    )


def _rows_in_order(lines: Sequence[Line]) -> list[Row]:
    """Upright lines that follow each other from left to right on one row."""
    found: list[Row] = []
    for i, line in enumerate(lines):
        last = lines[i - 1] if found and i - 1 in found[-1] else None
        if (
            last is not None
            and abs(last.middle - line.middle) < 0.5 * min(last.size, line.size)
            and line.box[0] > last.box[2] - 2
            and line.upright
        ):
            found[-1][i] = line
        elif line.upright:
            found.append({i: line})
    return found
