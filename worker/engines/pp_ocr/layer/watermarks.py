"""Watermarks: slanted words laid over a page, which are none of its text."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from ..model.boxes import Box, overlapping
from ..model.lines import Line, body_size

LARGE = 1.5
"""Sizes of the body from which on slanted words may be a watermark; labels of charts and tables are smaller."""
CROSSED, FAR, TILES = 2, 0.3, 3
"""Lines that it runs across, the share of the page's shorter side that it spans, or how often it is repeated."""
HUGE = 3.0
"""Sizes of the body from which on it is one wherever it lies over lines: some come letter by letter."""
LONGEST_SHOWN = 60


@dataclass(frozen=True, slots=True)
class Slanted:
    """A slanted line and where, in pixels, it begins and ends."""

    line: Line
    start: tuple[float, float]
    end: tuple[float, float]


def watermarks(found: Sequence[Slanted], level: Sequence[Line], width: int, height: int) -> list[Line]:
    """Those of the slanted lines that are watermarks; `level` are the page's other lines."""
    if sum(len(slanted.line.text) for slanted in found) > sum(len(line.text) for line in level):
        return []  # a page that is itself slanted, or art
    body = body_size(level)
    times = Counter(slanted.line.text for slanted in found)
    marks = []
    for slanted in found:
        crossed = sum(_crosses(slanted, line.box) for line in level)
        far = math.dist(slanted.start, slanted.end) > FAR * min(width, height)
        large = slanted.line.size > LARGE * body
        over = slanted.line.size > HUGE * body and any(overlapping(slanted.line.box, line.box) for line in level)
        if over or (large and (crossed >= CROSSED or far)) or (crossed and times[slanted.line.text] >= TILES):
            marks.append(slanted.line)
    return marks


def warning(marks: Sequence[str]) -> str | None:
    """What a page says of the watermarks that were left out."""
    if not marks:
        return None
    shown = "; ".join(dict.fromkeys(mark[:LONGEST_SHOWN] for mark in marks))
    return f"A watermark was left out: {shown}."


def _crosses(slanted: Slanted, box: Box) -> bool:
    """Does it run through the box? A few points on its way tell."""
    (x0, y0), (x1, y1) = slanted.start, slanted.end
    steps = 40
    return any(
        box[0] <= x0 + (x1 - x0) * k / steps <= box[2] and box[1] <= y0 + (y1 - y0) * k / steps <= box[3]
        for k in range(steps + 1)
    )
