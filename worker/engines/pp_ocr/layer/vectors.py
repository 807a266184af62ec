"""Figures that are drawn with lines and shapes: charts, diagrams, logos."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from ..model.boxes import Box, area, centred_in, overlap_x, overlap_y, overlapping, sides, union
from ..model.lines import Line
from ..model.patterns import CAPTION, LETTER
from ..model.scripts import bare
from ..structure.gutters import is_prose
from .drawings import Drawings

CELL = 12
"""Pixels: shapes that are no farther apart belong together."""
SMALLEST_SHAPE = 18
"""Pixels: what is smaller on both sides is a bullet, a tick or a point."""
SMALLEST_SIDE = 40
SMALLEST_SHARE, LARGEST_SHARE = 0.004, 0.8
"""Of the page."""
MOST_TEXT = 0.3
"""Share of a figure's area that the boxes of its labels take."""
MANY, LEAST_BARS = 4, 3
"""Odd shapes, and bars of several lengths, that make a figure."""
LABEL = 45
"""Characters of a label at most."""
LARGE = 0.25
"""Share of both sides of a figure from which on one curve makes it one."""
BESIDE = 1.2
"""Sizes of type between a figure and labels outside its axes."""
LONGEST_SHOWN = 1_000
"""Characters of labels in a warning."""
SLACK = 2.0
"""Pixels by which the middle of what is in a figure may be outside of it."""

Shape = tuple[Box, str]
"""A place, and what is there: a "rule", a filled "panel", or what is "odd"."""


def figures(drawn: Drawings, lines: Sequence[Line], taken: Sequence[Box], width: int, height: int) -> list[Box]:
    """The boxes of what is drawn on a page of that size, labels included; `taken` are tables' boxes."""
    whole = float(width * height)
    shapes: list[Shape] = [
        *((box, "odd") for box in drawn.strokes),
        *((box, "panel") for box in drawn.panels if area(box) < 0.5 * whole and not _is_bar(box, lines)),
        *((rule.box, "rule") for rule in drawn.rules),
    ]
    shapes = [
        shape
        for shape in shapes
        if max(sides(shape[0])) > SMALLEST_SHAPE and not any(centred_in(shape[0], box, SLACK) for box in taken)
    ]
    if all(kind == "rule" for _, kind in shapes):
        return []
    found: list[Box] = []
    ruled: list[Box] = []
    for cluster in _clusters(shapes, width, height):
        box = _clipped(union(member for member, _ in cluster), width, height)
        if not SMALLEST_SHARE * whole <= area(box) <= LARGEST_SHARE * whole or min(sides(box)) < SMALLEST_SIDE:
            continue
        if _drawn(cluster, box, lines) and not _is_text(box, lines):
            found.append(box)
        elif all(kind == "rule" for _, kind in cluster):
            ruled.append(box)
    prose = [line.box for line in lines if is_prose(line) and not CAPTION.match(line.text)]
    # A curve need not touch its axes.
    found = [_joined(box, [axes for axes in ruled if overlapping(axes, box)], prose) for box in found]
    for i, box in enumerate(found):
        found[i] = _with_labels(box, lines, [*found[:i], *found[i + 1 :]], prose)
    return _merged(found, prose)


def warning(lines: Sequence[Line], figures: Sequence[Box]) -> str | None:
    """What a page says of the text that is a part of its figures and stands nowhere else."""
    inside = [bare(line.text) for line in lines if any(centred_in(line.box, box, SLACK) for box in figures)]
    if not any(LETTER.search(text) for text in inside):
        return None
    text = "; ".join(inside)
    shown = text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}…"
    return f"Text inside figures is only in their pictures: {shown}"


def _is_bar(panel: Box, lines: Sequence[Line]) -> bool:
    """The ground of a heading or of a few words, not higher than these need."""
    return any(centred_in(line.box, panel, SLACK) and sides(panel)[1] < 3 * line.size for line in lines)


def _clusters(shapes: Sequence[Shape], width: int, height: int) -> list[list[Shape]]:
    """The shapes in groups that hang together, by the cells of a coarse grid that they touch."""
    across, down = width // CELL + 3, height // CELL + 3
    taken = np.zeros((down, across), np.bool_)
    cells = []
    for box, _ in shapes:
        x0, y0, x1, y1 = (
            int(min(max(side, 0), limit) // CELL) for side, limit in zip(box, (width, height) * 2, strict=True)
        )
        cells.append((x0, y0, x1, y1))
        taken[y0 : y1 + 1, x0 : x1 + 1] = True
    labels = _labelled(taken)
    groups: dict[int, list[Shape]] = {}
    for shape, (x0, y0, _, _) in zip(shapes, cells, strict=True):
        groups.setdefault(labels[y0][x0], []).append(shape)
    return list(groups.values())


def _labelled(taken: npt.NDArray[np.bool_]) -> list[list[int]]:
    """A number for each stretch of cells that hang together, diagonals too."""
    down, across = taken.shape
    labels = [[0] * across for _ in range(down)]
    count = 0
    for y, x in np.argwhere(taken).tolist():
        if labels[y][x]:
            continue
        count += 1
        labels[y][x] = count
        todo = [(y, x)]
        while todo:
            cy, cx = todo.pop()
            for ny in range(max(cy - 1, 0), min(cy + 2, down)):
                for nx in range(max(cx - 1, 0), min(cx + 2, across)):
                    if taken[ny, nx] and not labels[ny][nx]:
                        labels[ny][nx] = count
                        todo.append((ny, nx))
    return labels


def _drawn(cluster: Sequence[Shape], box: Box, lines: Sequence[Line]) -> bool:
    """Is it a picture, not the frames and grounds that text stands in?"""
    odd = [
        member
        for member, kind in cluster
        if kind == "odd"
        and not (_spans(member, box, 0.95) and any(centred_in(line.box, member) for line in lines))
        and not any(_holds(member, line) for line in lines)
    ]
    if len(odd) >= MANY or any(_spans(member, box, LARGE) for member in odd):
        return True
    bars = [
        sides(member)
        for member, kind in cluster
        if kind == "panel" and min(sides(member)) > 5 and not any(centred_in(line.box, member, SLACK) for line in lines)
    ]
    uneven = any(max(abs(a[0] - b[0]), abs(a[1] - b[1])) > 3 for a, b in pairwise(bars))
    return len(bars) >= LEAST_BARS and uneven


def _holds(member: Box, line: Line) -> bool:
    """Is the shape the ground or the frame of the line?"""
    width, height = sides(member)
    large = line.size > 0.6 * height or line.box[2] - line.box[0] > 0.35 * width
    return large and centred_in(line.box, member, SLACK)


def _spans(member: Box, box: Box, share: float) -> bool:
    """Has the shape more than that share of both sides of the whole? With nearly all it is a frame."""
    return all(a > share * b for a, b in zip(sides(member), sides(box), strict=True))


def _is_text(box: Box, lines: Sequence[Line]) -> bool:
    inside = [line for line in lines if centred_in(line.box, box, SLACK)]
    if any(len(line.text) > LABEL and line.box[2] - line.box[0] > 0.5 * sides(box)[0] for line in inside):
        return True
    return sum(area(line.box) for line in inside) > MOST_TEXT * area(box)


def _with_labels(box: Box, lines: Sequence[Line], others: Sequence[Box], prose: Sequence[Box]) -> Box:
    """The box, grown to hold the labels beside it, but not into other figures: an axis has its numbers outside."""
    for _ in range(2):
        labels = [line.box for line in lines if _is_label(line, box) and _is_nearest(line.box, box, others)]
        grown = _joined(box, (label for label in labels if not _meets(union((box, label)), box, others, prose)), prose)
        if grown == box:
            break
        box = grown
    return box


def _is_label(line: Line, box: Box) -> bool:
    """Does a short line stand close to a side of the box, within the stretch of that side?"""
    reach = BESIDE * line.size
    near = overlap_x(line.box, box) > -reach and overlap_y(line.box, box) > -reach
    if not near or len(line.text) > LABEL / 2 or CAPTION.match(line.text) or line.bold:
        return False
    width = line.box[2] - line.box[0]
    return overlap_x(line.box, box) > 0.4 * width or overlap_y(line.box, box) > 0.4 * line.size


def _is_nearest(label: Box, box: Box, others: Sequence[Box]) -> bool:
    return all(_gap(label, box) <= _gap(label, other) for other in others)


def _gap(a: Box, b: Box) -> float:
    return max(-overlap_x(a, b), -overlap_y(a, b), 0.0)


def _joined(box: Box, others: Iterable[Box], prose: Sequence[Box]) -> Box:
    """The box and the others as one, but for those with which it would swallow prose."""
    for other in others:
        if not _swallows(whole := union((box, other)), (box, other), prose):
            box = whole
    return box


def _swallows(whole: Box, parts: Sequence[Box], prose: Sequence[Box]) -> bool:
    """Is there a line of prose in the whole that none of its parts has?"""
    return any(
        centred_in(line, whole, SLACK) and not any(centred_in(line, part, SLACK) for part in parts) for line in prose
    )


def _meets(grown: Box, box: Box, others: Sequence[Box], prose: Sequence[Box]) -> bool:
    """Would it reach another figure, with text between both?"""
    return any(
        overlapping(grown, other)
        and not overlapping(box, other)
        and _swallows(union((grown, other)), (grown, other), prose)
        for other in others
    )


def _merged(boxes: Sequence[Box], prose: Sequence[Box]) -> list[Box]:
    """The figures, those that overlap as one, if no text runs between them."""
    found: list[Box] = []
    for box in sorted(boxes, key=area, reverse=True):
        for i, other in enumerate(found):
            if overlapping(box, other) and not _swallows(union((box, other)), (box, other), prose):
                found[i] = union((box, other))
                break
        else:
            found.append(box)
    return found


def _clipped(box: Box, width: int, height: int) -> Box:
    return max(box[0], 0.0), max(box[1], 0.0), min(box[2], float(width)), min(box[3], float(height))
