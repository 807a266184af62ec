"""Straight rules: drawn on a born-digital page, or found in the raster of a scan."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from .boxes import Box

ALIGNED = 3.0
"""Pixels by which the parts of one rule may be out of line."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A straight line in pixels: at height `at` from `start` to `end` if `level`, else upright at x = `at`.

    The edge of a coloured ground is `soft`: it may mean nothing.
    """

    level: bool
    at: float
    start: float
    end: float
    soft: bool = False

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
        current = row[0]
        longest = current
        for rule in row[1:]:
            if rule.start - current.end <= gap:
                longest = max(longest, rule, key=lambda rule: rule.length)
                soft = current.soft and rule.soft
                current = Rule(rule.level, longest.at, current.start, max(current.end, rule.end), soft)
            else:
                found.append(current)
                current = longest = rule
        found.append(current)
    return found
