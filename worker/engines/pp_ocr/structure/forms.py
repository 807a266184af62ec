"""The values in the boxes of a form."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import pairwise

from ..layer.drawings import Drawings
from ..model.boxes import Box, area, clustered, overlap_x, overlap_y, same_row, union
from ..model.joining import join_lines
from ..model.lines import Line, Measure, Word
from ..tables.lattice import lattices

MOST_BOXED = 4
"""Lines in a box that is one value of a form."""
STRIPE = 2.0
"""Pixels by which stripes of one ground may be apart, or out of line."""
HIGHEST = 1.6 * (MOST_BOXED + 1)
"""Sizes of type that such a box is high."""


def with_values(lines: Sequence[Line], drawn: Drawings, measure: Measure) -> list[Line]:
    """The lines, in their order, with the values in a form's boxes as lines of their own."""
    bars = set(drawn.bars)
    grounds = [panel for panel in drawn.panels if panel not in bars]
    frames = [grid.box for grid in lattices(drawn.rules) if len(grid.spans) == 1] + drawn.frames
    return _labelled(_boxed(_parted(lines, frames), [*_whole(grounds), *frames], measure), frames)


def _whole(grounds: Sequence[Box]) -> list[Box]:
    """The grounds, with stripes of one, as word processors shade a paragraph line by line, as one."""

    def are_stripes(a: Box, b: Box) -> bool:
        sides_agree = max(abs(a[0] - b[0]), abs(a[2] - b[2])) < STRIPE
        return sides_agree and overlap_x(a, b) > 0 and -STRIPE < overlap_y(a, b) < STRIPE

    return clustered(sorted(grounds, key=lambda box: box[1]), are_stripes, lambda a, b: union((a, b)))


def _boxed(lines: Sequence[Line], frames: Iterable[Box], measure: Measure) -> list[Line]:
    """The lines, with those in one small frame as one: the value that a form's box holds."""
    owners: dict[int, int] = {}
    boxes = sorted(frames, key=area)
    for k, frame in enumerate(boxes):
        inside = [i for i, line in enumerate(lines) if _holds(frame, line)]
        if not 0 < len(inside) <= MOST_BOXED or frame[3] - frame[1] > HIGHEST * lines[inside[0]].size:
            continue
        if any(same_row(lines[a].box, lines[b].box) for a, b in pairwise(inside)):  # the head of a table
            continue
        for i in inside:
            if lines[i].size < measure.sure * measure.body and not lines[i].bold:
                owners.setdefault(i, k)
    found: list[Line] = []
    last: int | None = None
    for i, line in enumerate(lines):
        owner = owners.get(i)
        if owner is not None and owner == last:
            above = found[-1]
            found[-1] = replace(above, text=join_lines([above, line]), box=union((above.box, line.box)), words=())
        else:
            found.append(replace(line, boxed=True) if owner is not None else line)
        last = owner
    return found


def _parted(lines: Sequence[Line], frames: Sequence[Box]) -> list[Line]:
    """The lines, with labels above several frames as several: detection may take them for one."""
    if len(frames) < 2:
        return list(lines)
    found: list[Line] = []
    for line in lines:
        below = sorted(
            frame[0] - line.size / 2
            for frame in frames
            if overlap_x(line.box, frame) > 0 and -0.3 * line.size < frame[1] - line.box[3] < 1.3 * line.size
        )
        groups: dict[int, list[Word]] = {}
        for word in line.words if len(below) > 1 else ():
            groups.setdefault(sum(x <= word.box[0] for x in below), []).append(word)
        if len(groups) < 2:
            found.append(line)
            continue
        for words in groups.values():
            text, box = " ".join(word.text for word in words), union(word.box for word in words)
            found.append(replace(line, text=text, box=box, words=words))
    return found


def _labelled(lines: Sequence[Line], frames: Sequence[Box]) -> list[Line]:
    """The lines, with values in frames joined to the labels that stand above these; labels before them stay apart."""
    found: list[Line | None] = list(lines)
    for i, value in enumerate(lines):
        if not value.boxed or not any(_holds(frame, value) for frame in frames):
            continue
        if any(_before(label, value) for label in lines if label is not value):
            continue
        above = [k for k, label in enumerate(lines) if found[k] is label and not label.boxed and _over(label, value)]
        if len(above) == 1:
            label = lines[above[0]]
            text, box = f"{label.text} {value.text}", union((label.box, value.box))
            found[min(i, above[0])] = replace(value, text=text, box=box, words=())
            found[max(i, above[0])] = None
    return [line for line in found if line is not None]


def _before(label: Line, value: Line) -> bool:
    return same_row(label.box, value.box) and -0.5 * value.size < value.box[0] - label.box[2] < 8 * value.size


def _over(label: Line, value: Line) -> bool:
    gap = value.box[1] - label.box[3]
    return -0.3 * value.size < gap < 1.3 * value.size and abs(label.box[0] - value.box[0]) < 1.2 * value.size


def _holds(frame: Box, line: Line) -> bool:
    x0, y0, x1, y1 = line.box
    return frame[0] - 2 <= x0 and x1 <= frame[2] + 2 and frame[1] - 2 <= (y0 + y1) / 2 <= frame[3] + 2
