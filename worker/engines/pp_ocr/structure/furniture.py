"""What stands in a page's margins: page numbers, and lines that may be running headers or footers."""

import re
from collections.abc import Sequence
from itertools import pairwise

from .. import markup
from ..model.boxes import overlap_x, overlap_y, rows, same_row, union
from ..model.lines import Line, Measure
from ..model.lists import marker_of
from ..model.parts import Part
from .headings import is_heading

PAGE_NUMBER = re.compile(
    r"([-–—]\s*)?(page\s|seite\s|p\.\s|第\s*)?(\d{1,4}|[ivxl]{1,7})(\s*[页頁])?"
    r"(\s*(/|of|von|sur|共)\s*\d{1,4}(\s*[页頁])?)?(\s*[-–—])?",
    re.I,
)
MARGIN = 0.08
"""Share of the page's height, at its top and bottom, in which page numbers stand."""
OUTER = 0.12
"""The same for lines that may be repeated on other pages."""
CENTRED = 1.0
"""Sizes of type by which a page number may be off the middle of the text."""
APART, WIDE = 3.0, 0.8
"""Sizes of type between the parts of a running head, and the share of its width that the text below it takes."""
LONGEST = 120
"""Characters of a line in the margin."""


def set_apart(items: Sequence[Line | Part], height: int, measure: Measure) -> list[Line | Part]:
    """The items, with page numbers as parts that do not show, and lines alone in the margins as parts of their own.

    What is repeated, the whole document tells. `height` is the page's.
    """
    head = _running_head(items, height)
    return [_set_apart(item, items, height, measure, head) if isinstance(item, Line) else item for item in items]


def _set_apart(
    line: Line, items: Sequence[Line | Part], height: int, measure: Measure, head: Sequence[Line]
) -> Line | Part:
    if any(line is other for other in head):
        label = "number" if PAGE_NUMBER.fullmatch(line.text) else "text"
        return Part(label, line.box, markup.paragraph(line.text), size=measure.relative(line))
    at = min(line.middle, height - line.middle) / height
    number = PAGE_NUMBER.fullmatch(line.text) is not None
    if at >= OUTER and not number:
        return line
    if any(isinstance(other, Line) and other.typed and same_row(line.box, other.box) for other in items):
        return line  # a field and its label: no program repeats what people fill in
    if number and (at <= MARGIN or _ends_page(line, items)) and not _has_neighbour(line, items, beside=3.0):
        return Part("number", line.box, line.text, size=measure.relative(line))
    if (
        at < OUTER
        and line.upright
        and len(line.text) <= LONGEST
        and marker_of(line.text) is None
        and not is_heading(line, measure, apart=True)
        and not _has_neighbour(line, items)
    ):
        return Part("text", line.box, markup.paragraph(line.text), size=measure.relative(line))
    return line


def _running_head(items: Sequence[Line | Part], height: int) -> Sequence[Line]:
    """The first row of the page, where it is a page number far beside titles, right above a line of running text."""
    stacked = rows([item for item in items if isinstance(item, Line)])
    if len(stacked) < 2 or len(stacked[1]) > 1 or len(stacked[0]) < 2:
        return ()
    head, [below] = stacked[0], stacked[1]
    left, _, right, bottom = union(line.box for line in head)
    numbered = any(PAGE_NUMBER.fullmatch(line.text) and line.text.isdecimal() for line in (head[0], head[-1]))
    apart = all(b.box[0] - a.box[2] > APART * a.size for a, b in pairwise(head))
    wide = below.box[2] - below.box[0] > WIDE * (right - left) and len(below.text) > sum(
        len(line.text) for line in head
    )
    return head if numbered and apart and wide and bottom < OUTER * height else ()


def _ends_page(line: Line, items: Sequence[Line | Part]) -> bool:
    """Does it stand in the middle below all else: the number of a page that is not full, or was cropped?"""
    left, _, right, bottom = union(item.box for item in items)
    centred = abs(line.box[0] + line.box[2] - left - right) < 2 * CENTRED * line.size
    return centred and line.box[3] >= bottom and len(items) > 1 and line.text.isdecimal()


def _has_neighbour(line: Line, items: Sequence[Line | Part], beside: float | None = None) -> bool:
    """Does something stand closely above or below, or `beside` it by as many sizes: a table's cell, a paragraph?"""
    below = line.box[3] - line.box[1] if line.text.isdecimal() else 1.3 * line.size
    for other in items:
        if other is line:
            continue
        if (
            overlap_x(line.box, other.box) > 0
            and overlap_y(line.box, other.box) > -below
            and not same_row(line.box, other.box)
        ):
            return True
        if (
            beside is not None
            and overlap_y(line.box, other.box) > 0
            and overlap_x(line.box, other.box) > -beside * line.size
        ):
            return True
    return False
