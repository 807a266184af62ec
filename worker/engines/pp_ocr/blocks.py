"""Lines and placed parts, in reading order, to the parts of a page: headings, paragraphs, list items, captions."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from . import markup
from .headings import LONGEST, is_heading, level_of
from .joining import join_lines
from .lines import Box, Line, Measure, union
from .lists import Marker, depths, markers
from .paragraphs import Flow, merge_rows

CAPTION = re.compile(r"(Figure|Fig\.|Table|Tab\.|Abbildung|Abb\.|Tabelle|Tableau|Chart|图|表)\s*\d+", re.I)
HEADING_LINES = 3


@dataclass(slots=True)
class Part:
    """A block in the making: its place in pixels, its content, and how it looks in markdown ("": not at all)."""

    label: str
    box: Box
    content: str
    markdown: str
    level: int | None = None


@dataclass(slots=True)
class _Group:
    """Lines of one block."""

    lines: list[Line]
    heading: bool = False
    marker: Marker | None = None


def build(items: Sequence[Line | Part], measure: Measure, *, first_page: bool = False) -> list[Part]:
    """The parts of a page from its lines, and the tables and pictures among them, in order."""
    grouped: list[_Group | Part] = []
    pending: list[Line] = []
    for item in items:
        if isinstance(item, Part):
            grouped += _groups(pending, measure)
            grouped.append(item)
            pending = []
        else:
            pending.append(item)
    grouped += _groups(pending, measure)
    return _finish(grouped, measure, first_page)


def _groups(lines: Sequence[Line], measure: Measure) -> list[_Group]:
    rows = merge_rows(lines)
    flow, marked = Flow(rows, measure), markers(rows)
    groups: list[_Group] = []
    for i, line in enumerate(rows):
        group = groups[-1] if groups else None
        heading = is_heading(line, measure)
        if group is not None and _joins(group, line, heading, marked.get(i), flow):
            group.lines.append(line)
            continue
        runs_on = line.size < measure.sure * measure.body and i + 1 < len(rows) and _runs_on(line, rows[i + 1], flow)
        heading = heading and not runs_on
        groups.append(_Group([line], heading, None if heading else marked.get(i)))
    for group in groups:
        text = sum(len(line.text) for line in group.lines)
        short = len(group.lines) <= HEADING_LINES and text <= LONGEST
        group.heading = group.heading and short and is_heading(group.lines[-1], measure)
    return groups


def _joins(group: _Group, line: Line, heading: bool, marker: Marker | None, flow: Flow) -> bool:
    last = group.lines[-1]
    if group.heading:
        if (
            marker is not None
            or last.bold != line.bold
            or not flow.alike(last, line)
            or not flow.close(last, line, 1.4)
        ):
            return False
        if not heading:  # a sentence in large type ends
            return flow.full(last, line)
        # Set solid, centred, or broken only because the line was full: one heading. Else two, one below the other.
        solid = line.box[3] - last.box[3] < 1.35 * line.size
        centred = abs(last.box[0] - line.box[0]) > 0.5 * line.size
        same_level = level_of(line, flow.measure) == level_of(last, flow.measure)
        return same_level and (solid or centred or flow.full(last, line))
    if marker is not None or (heading and not last.bold):
        return False
    if group.marker is None:
        return flow.continues(group.lines, line)
    indent = line.box[0] - group.lines[0].box[0]
    if len(group.lines) > 1:
        return flow.continues(group.lines, line)
    return indent > -0.5 * line.size and flow.alike(last, line) and flow.close(last, line) and flow.full(last, line)


def _runs_on(line: Line, after: Line, flow: Flow) -> bool:
    """Bold words at the head of a paragraph fill their line by chance: the next line goes on in plain type."""
    return line.bold and not after.bold and flow.alike(line, after) and flow.continues([line], after)


def _finish(grouped: Sequence[_Group | Part], measure: Measure, first_page: bool) -> list[Part]:
    headings = [group.lines[0] for group in grouped if isinstance(group, _Group) and group.heading]
    largest = max((line.size for line in headings), default=0.0)
    levels = iter(_item_depths(grouped))
    parts = []
    for group in grouped:
        if isinstance(group, Part):
            parts.append(group)
            continue
        line, text = group.lines[0], join_lines(group.lines)
        box = union(member.box for member in group.lines)
        if group.heading:
            title = first_page and line is headings[0] and line.size >= largest >= 1.3 * measure.body
            level = level_of(line, measure, title=title)
            label = "doc_title" if title else "paragraph_title"
            parts.append(Part(label, box, markup.inline(text), markup.heading(text, level), level))
        elif group.marker is not None:
            depth, content = next(levels), markup.paragraph(text[group.marker.length :])
            parts.append(Part("list_item", box, content, markup.item(content, group.marker.shown, depth), depth))
        else:
            content = markup.paragraph(text)
            parts.append(Part("figure_title" if CAPTION.match(text) else "text", box, content, content))
    return parts


def _item_depths(grouped: Sequence[_Group | Part]) -> list[int]:
    found: list[int] = []
    run: list[Line] = []
    for group in [*grouped, None]:
        if isinstance(group, _Group) and group.marker is not None:
            run.append(group.lines[0])
        else:
            found += depths(run)
            run = []
    return found


def page_markdown(parts: Sequence[Part]) -> str:
    """The page's markdown: items of a list stand close, everything else apart."""
    text = ""
    before: Part | None = None
    for part in parts:
        if not part.markdown:
            continue
        close = before is not None and before.label == part.label == "list_item"
        text += ("" if before is None else "\n" if close else "\n\n") + part.markdown
        before = part
    return text
