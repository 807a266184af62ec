"""Rules that are typed: rows of hyphens, underscores or equals signs."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from ..model.boxes import within
from ..model.lines import Line
from ..model.rules import Rule
from .table import Table

WIDEST_GAP = 2.0
"""Sizes of type between two stretches of one rule."""
DASHES = re.compile(r"[-_=~+─═—–]{4,}")
"""One stretch of a typed rule; a plus sign stands where it crosses another."""


def rules_of(lines: Sequence[Line]) -> dict[int, list[Rule]]:
    """The rules that lines consist of, by the lines' index: one of several stretches has seams between columns."""
    found = {}
    for i, line in enumerate(lines):
        if DASHES.match(line.text) and all(map(DASHES.fullmatch, line.text.split())) and line.upright:
            boxes = [word.box for word in line.words] or [line.box]
            gaps = [(a[2], b[0]) for a, b in pairwise(boxes)]
            if gaps and all(b - a < WIDEST_GAP * line.size for a, b in gaps):
                seams = tuple((a + b) / 2 for a, b in gaps)
                found[i] = [Rule(True, line.middle, boxes[0][0], boxes[-1][2], seams=seams)]
            else:
                found[i] = [Rule(True, line.middle, box[0], box[2]) for box in boxes]
    return found


def take_rules(tables: Sequence[Table], lines: Sequence[Line], typed: Sequence[int]) -> None:
    """Gives each table the typed rules within it: they are none of the text around it."""
    for table in tables:
        x0, y0, x1, y1 = table.box
        for i in typed:
            size = lines[i].size
            if within(lines[i].box, (x0 - size, y0 - size, x1 + size, y1 + size), 0.0):
                table.lines.add(i)
