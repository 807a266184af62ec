"""Straight rules: drawn on a born-digital page, or found in the raster of a scan."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from .boxes import Box

ALIGNED = 3.0
"""Pixels by which the parts of one rule may be out of line."""
MEETING = 4.0
"""Pixels by which two pieces of one rule may be apart, or overlap."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A straight line in pixels: at height `at` from `start` to `end` if `level`, else upright at x = `at`.

    The edge of a coloured ground is `soft`: it may mean nothing. `seams` are where the pieces met that it was drawn in.
    """

    level: bool
    at: float
    start: float
    end: float
    soft: bool = False
    seams: tuple[float, ...] = ()

    @classmethod
    def along(cls, box: Box) -> Rule:
        """The middle line of a thin box."""
        x0, y0, x1, y1 = box
        if x1 - x0 >= y1 - y0:
            return cls(True, (y0 + y1) / 2, x0, x1)
        return cls(False, (x0 + x1) / 2, y0, y1)

    @property
    def length(self) -> float:
        return self.end - self.start

    @property
    def box(self) -> Box:
        if self.level:
            return self.start, self.at, self.end, self.at
        return self.at, self.start, self.at, self.end


def joined(rules: Iterable[Rule], gap: float) -> list[Rule]:
    """The rules, with those that prolong each other as one: the borders of a table come cell by cell."""
    found: list[Rule] = []
    ordered = sorted(rules, key=lambda rule: (rule.level, rule.at, rule.start))
    rows: list[list[Rule]] = []
    for rule in ordered:
        if rows and rows[-1][0].level == rule.level and rule.at - rows[-1][-1].at <= ALIGNED:
            rows[-1].append(rule)
        else:
            rows.append([rule])
    for row in rows:
        row.sort(key=lambda rule: rule.start)
        pieces = [row[0]]
        end = row[0].end
        for rule in row[1:]:
            if rule.start - end > gap:
                found.append(_whole(pieces))
                pieces = []
            pieces.append(rule)
            end = max(end, rule.end)
        found.append(_whole(pieces))
    return found


def _whole(pieces: Sequence[Rule]) -> Rule:
    """The rule that pieces from left to right, or from the top, make up; it lies where the longest does."""
    if len(pieces) == 1:
        return pieces[0]
    longest = max(pieces, key=lambda rule: rule.length)
    soft = all(rule.soft for rule in pieces)
    return Rule(longest.level, longest.at, pieces[0].start, max(rule.end for rule in pieces), soft, _seams(pieces))


def _seams(pieces: Sequence[Rule]) -> tuple[float, ...]:
    """Where one of the pieces ends and the next begins."""
    ends = sorted(rule.end for rule in pieces)
    starts = sorted({rule.start for rule in pieces})
    return tuple(x for x in starts if (i := bisect_left(ends, x - MEETING)) < len(ends) and ends[i] <= x + MEETING)
