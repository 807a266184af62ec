"""Lines in reading order to groups: headings, list items and paragraphs."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from ..model.lines import Line, Measure
from ..model.lists import Marker, markers
from ..model.patterns import LEADERS
from .headings import LABEL_ALONE, LONGEST, NUMBERED, is_heading, level_of, stands_apart
from .paragraphs import Flow, merge_rows

ENTRY = re.compile(r"\S.*\s(\d{1,4}|[ivxl]{1,6})")
"""A line of a table of contents."""
NOTE = re.compile(r"(\d{1,2}|[*†‡])\s?(?=[A-ZÄÖÜ])")
SMALLER = 0.96
"""Of the size of the text before it: how footnotes are set, as far as a scan tells."""
HEADING_LINES = 3
HANGING = 6.0
"""Sizes of type by which the lines of an item may hang under its text."""


@dataclass(slots=True)
class Group:
    """Lines of one block."""

    lines: list[Line]
    heading: bool = False
    marker: Marker | None = None


def groups_of(lines: Sequence[Line], measure: Measure) -> list[Group]:
    """The lines in groups, each a heading, an item of a list or a paragraph; what stands on one row is joined."""
    rows = _contents([_without_leaders(row) for row in merge_rows(lines)])
    flow, marked = Flow(rows, measure), markers(rows)
    groups: list[Group] = []
    for i, line in enumerate(rows):
        group = groups[-1] if groups else None
        before = rows[i - 1] if i else None
        apart = stands_apart(line, before, measure) and (before is None or not flow.widely_set(before, line))
        heading = is_heading(line, measure, apart=apart)
        if group is not None and _joins(group, line, heading, marked.get(i), flow):
            group.lines.append(line)
            continue
        runs_on = line.size < measure.sure * measure.body and i + 1 < len(rows) and _runs_on(line, rows[i + 1], flow)
        heading = heading and not runs_on
        groups.append(Group([line], heading, None if heading or line.contents else marked.get(i)))
    _demote_stacks(groups, flow)
    for group in groups:
        text = sum(len(line.text) for line in group.lines)
        short = len(group.lines) <= HEADING_LINES and text <= LONGEST
        group.heading = group.heading and short and is_heading(group.lines[-1], measure, apart=True)
    return _titled(groups)


def _titled(groups: Sequence[Group]) -> list[Group]:
    """The groups, with the title of a chapter joined to its number: "Chapter 1" stands on a row of its own."""
    found: list[Group] = []
    for group in groups:
        last = found[-1] if found else None
        if (
            last is not None
            and last.heading
            and group.heading
            and len(last.lines) == 1
            and LABEL_ALONE.fullmatch(last.lines[0].text)
            and NUMBERED.match(group.lines[0].text) is None
            and group.lines[0].size > 0.95 * last.lines[0].size
        ):
            last.lines += group.lines
        else:
            found.append(group)
    return found


def _demote_stacks(groups: Sequence[Group], flow: Flow) -> None:
    """Three lines of larger type or more, one close below the other, are an address and no headings."""
    stack: list[Group] = []
    for group in [*groups, None]:
        last = stack[-1].lines[-1] if stack else None
        if (
            group is not None
            and group.heading
            and NUMBERED.match(group.lines[0].text) is None
            and (last is None or (flow.alike(last, group.lines[0]) and flow.close(last, group.lines[0], 1.1)))
        ):
            stack.append(group)
            continue
        if len(stack) >= 3:
            for member in stack:
                member.heading = False
        stack = [group] if group is not None and group.heading else []


def _joins(group: Group, line: Line, heading: bool, marker: Marker | None, flow: Flow) -> bool:
    last = group.lines[-1]
    if group.heading:
        if (
            marker is not None
            or NUMBERED.match(line.text) is not None
            or last.bold != line.bold
            or not flow.alike(last, line)
            or not flow.close(last, line, 1.4)
        ):
            return False
        if not heading:  # a sentence in large type ends
            return line.size >= 0.97 * flow.measure.sure * flow.measure.body and flow.full(last, line)
        # Set solid, centred, or broken only because the line was full: one heading. Else two, one below the other.
        solid = line.box[3] - last.box[3] < 1.35 * line.size
        centred = abs(last.box[0] - line.box[0]) > 0.5 * line.size
        same_level = not line.face or level_of(line, flow.measure) == level_of(last, flow.measure)
        return same_level and (solid or centred or flow.full(last, line))
    if marker is not None or (heading and not last.bold):
        return False
    if NOTE.match(line.text) and line.size < SMALLER * group.lines[0].size:
        return False
    if group.marker is None:
        return flow.continues(group.lines, line)
    indent = line.box[0] - group.lines[0].box[0]
    if last.text[-1] in ".!?。！？" and not flow.full(last, line):
        return False
    if (
        0.5 * line.size < indent < HANGING * line.size
        and line.cells == 1
        and flow.alike(last, line)
        and flow.close(last, line)
    ):
        return len(group.lines) == 1 or abs(line.box[0] - last.box[0]) < 0.5 * line.size  # hangs under the item's text
    if flow.next_column(last, line) and flow.alike(last, line) and line.text[0].islower():
        return True
    if indent <= 0.5 * line.size and last.text[-1] in ".!?;:。！？；：":
        return False
    if len(group.lines) > 1:
        return flow.continues(group.lines, line)
    return indent > -0.5 * line.size and flow.alike(last, line) and flow.close(last, line) and flow.full(last, line)


def _contents(rows: Sequence[Line]) -> list[Line]:
    """The lines of a table of contents that have no dots stand among those that have."""
    near = {k for i, row in enumerate(rows) if row.contents for k in (i - 2, i - 1, i + 1, i + 2)}
    return [
        replace(row, contents=True, cells=1) if i in near and ENTRY.fullmatch(row.text) else row
        for i, row in enumerate(rows)
    ]


def _without_leaders(line: Line) -> Line:
    """The dots between a title and its page say nothing."""
    if not LEADERS.search(line.text):
        return line
    text = " ".join(LEADERS.sub(" ", line.text).split())
    return replace(line, text=text, contents=True, cells=1) if text else line


def _runs_on(line: Line, after: Line, flow: Flow) -> bool:
    """Bold words at the head of a paragraph fill their line by chance: the next line goes on in plain type."""
    return (
        line.bold
        and not after.bold
        and after.text[0].islower()
        and flow.alike(line, after)
        and flow.continues([line], after)
    )
