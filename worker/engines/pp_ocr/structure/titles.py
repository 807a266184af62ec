"""The title of a document, and what stands right below it: more of the title, authors, a date."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import takewhile

from ..model.lines import Line, Measure
from ..model.parts import Part
from .grouping import Group
from .headings import KNOWN, LABEL_ALONE, NUMBERED

TITLE = 1.3
"""How many times as large as the body a title is."""
KICKER = 1.1
"""How many times as large as the body what stands above a title is at most, if it is no heading."""
SAME_TYPE = 0.06
"""Share of their size by which headings of one kind may differ: a scan tells no more."""
CUT = re.compile(r"[^A-Za-z].*")
"""What follows the family in a face's name: its size, weight and slope."""


def title_of(grouped: Sequence[Group | Part], measure: Measure) -> Group | None:
    """The heading that is the title: the first on the page, or one in larger type than all others, if not numbered."""
    heads = _headings(grouped)
    largest = max(heads, key=lambda group: group.lines[0].size, default=None)
    if largest is None or largest.lines[0].size < TITLE * measure.body:
        return None
    if largest is heads[0]:
        return largest
    least = (1 - SAME_TYPE) * largest.lines[0].size
    alone = all(other.lines[0].size < least for other in heads if other is not largest)
    return largest if alone and not NUMBERED.match(largest.lines[0].text) else None


def demote_kickers(grouped: Sequence[Group | Part], title: Group, measure: Measure) -> None:
    """What stands above the title in type no larger than the body is no heading: a page header, the kind of paper."""
    for group in _headings(grouped[: grouped.index(title)]):
        line = group.lines[0]
        if line.size < KICKER * measure.body and not _is_section(line.text):
            group.heading = False


def demote_bylines(grouped: Sequence[Group | Part], title: Group, measure: Measure) -> None:
    """Plain type right below the title, unlike that of the other headings, is no heading."""
    if LABEL_ALONE.fullmatch(title.lines[0].text):  # the title follows
        return
    below = [item for item in grouped[grouped.index(title) + 1 :] if not _is_margin(item)]
    bylines = list(takewhile(lambda group: _is_byline(group, title, measure), below))
    others = [group.lines[0] for group in _headings(grouped) if group not in bylines]
    for group in _headings(bylines):
        group.heading = any(_alike(group.lines[0], other) for other in others)


def _headings(grouped: Sequence[Group | Part]) -> list[Group]:
    return [group for group in grouped if isinstance(group, Group) and group.heading]


def _is_byline(group: Group | Part, title: Group, measure: Measure) -> bool:
    """Is it a heading by its size only: not bold, nor numbered, nor in a family of type that headings have?"""
    if isinstance(group, Part) or not group.heading:
        return False
    line = group.lines[0]
    if line.bold or _is_section(line.text):
        return False
    return title.lines[0].bold or _family(line.face) == _family(measure.face)


def _is_section(text: str) -> bool:
    """Is it a heading by its words, or numbered as the first section is? "J. Smith" and "12 May" are not."""
    found = NUMBERED.match(text)
    if found is None:
        return KNOWN.fullmatch(text) is not None
    return not found["part"] and (found["number"] or "1").partition(".")[0] in ("0", "1")


def _is_margin(item: Group | Part) -> bool:
    """Is it a line in the page's margin? Some programs print these first."""
    return isinstance(item, Part) and item.label in ("text", "number")


def _family(face: str) -> str:
    return CUT.sub("", face)


def _alike(one: Line, other: Line) -> bool:
    return abs(one.size - other.size) < SAME_TYPE * one.size and (one.bold, one.face) == (other.bold, other.face)
