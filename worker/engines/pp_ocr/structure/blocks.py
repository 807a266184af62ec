"""Lines and placed parts, in reading order, to the parts of a page: headings, paragraphs, list items, captions."""

import re
from collections.abc import Sequence

from .. import markup
from ..model.boxes import Box, union
from ..model.joining import join, join_lines, vocabulary
from ..model.lines import Line, Measure
from ..model.lists import depths
from ..model.parts import FLOATS, Part
from ..model.patterns import CAPTION, OPEN_END, RESUMES
from .grouping import Group, groups_of
from .headings import level_of
from .titles import demote_bylines, demote_kickers, title_of

FOOTNOTE = re.compile(r"(\d{1,2}|[*†‡§¹²³⁴⁵⁶⁷⁸⁹]|\[\d\])\s?(?=[^\W\d_“‘\"'(])")
FOOT = 0.5
"""Share of the page's height below which footnotes stand."""
SMALL_TYPE = 0.93
"""Of the body's size: what is set smaller may be a footnote."""


def build(items: Sequence[Line | Part], measure: Measure, height: int, *, first_page: bool = False) -> list[Part]:
    """The parts of a page of that height from its lines, and the tables and pictures among them, in order."""
    grouped: list[Group | Part] = []
    pending: list[Line] = []
    for item in items:
        if isinstance(item, Part):
            grouped += groups_of(pending, measure)
            grouped.append(item)
            pending = []
        else:
            pending.append(item)
    grouped += groups_of(pending, measure)
    known = vocabulary(item.text for item in items if isinstance(item, Line))
    parts = _finish(grouped, measure, first_page, known)
    for part in parts:
        if (
            part.label == "text"
            and part.size < SMALL_TYPE
            and part.box[1] > FOOT * height
            and FOOTNOTE.match(part.content)
        ):
            part.label = "footnote"
    return _resumed(parts, known)


def _finish(grouped: Sequence[Group | Part], measure: Measure, first_page: bool, known: frozenset[str]) -> list[Part]:
    levels = iter(_item_depths(grouped))
    title = title_of(grouped, measure) if first_page else None
    if title is not None:
        demote_kickers(grouped, title, measure)
        demote_bylines(grouped, title, measure)
    parts = []
    for group in grouped:
        if isinstance(group, Part):
            parts.append(group)
            continue
        line, text = group.lines[0], join_lines(group.lines, known)
        box = _box(group.lines)
        size = measure.relative(line)
        if group.heading:
            level = level_of(line, measure, title=group is title)
            label = "doc_title" if group is title else "paragraph_title"
            parts.append(Part(label, box, markup.heading(text), level, size=size))
        elif group.marker is not None:
            depth, content = next(levels), markup.paragraph(text[group.marker.length :])
            parts.append(Part("list_item", box, content, depth, group.marker.shown, size))
        else:
            content = markup.paragraph(text)
            parts.append(Part("figure_title" if CAPTION.match(text) else "text", box, content, size=size))
    return parts


def _box(lines: Sequence[Line]) -> Box:
    """Around the lines, up to where they go on in another column."""
    end = next((i for i in range(1, len(lines)) if lines[i].box[3] < lines[i - 1].box[1]), len(lines))
    return union(line.box for line in lines[:end])


def _resumed(parts: Sequence[Part], known: frozenset[str]) -> list[Part]:
    """Sentences that a float stands in are one paragraph again, with the float behind it."""
    found: list[Part] = []
    for part in parts:
        k = len(found) - 1
        while k >= 0 and found[k].label in FLOATS:
            k -= 1
        last = found[k] if k >= 0 else None
        if (
            last is not None
            and k < len(found) - 1
            and part.label == "text"
            and last.label in ("text", "list_item")
            and RESUMES.match(part.content)
            and OPEN_END.search(last.content)
            and abs(part.size - last.size) < 0.08
        ):
            last.content = join(last.content, part.content, known)
        else:
            found.append(part)
    return found


def _item_depths(grouped: Sequence[Group | Part]) -> list[int]:
    found: list[int] = []
    run: list[Line] = []
    for group in [*grouped, None]:
        if isinstance(group, Group) and group.marker is not None:
            run.append(group.lines[0])
        else:
            found += depths(run)
            run = []
    return found
