"""Which lines belong together: decided by type, pitch, indents and how far the line before reached."""

import math
from collections import defaultdict
from collections.abc import Sequence

from ..model.boxes import overlap_x, same_row
from ..model.lines import Line, Measure, is_filled, runs_on
from ..model.patterns import CJK_START

ROW_SIZES = 1.3
"""How much larger than its neighbour on the row a run may be."""
FLUSH, SURE_INDENT = 0.25, 0.45
"""Sizes of type by which lines of one edge differ in a scan, and by which the first of a paragraph is then indented."""
WIDER = 1.25
"""How much wider than the line before the first line of the next column may be."""
JUSTIFIED = 3
NEAR = 3
"""Lines before one whose edge tells whether it is indented."""
ENDS = ".!?:。！？："
TABULAR_GAP = 2.5
"""Font sizes of white on a row that make it look like a row of cells instead of stretched text."""


def merge_rows(lines: Sequence[Line]) -> list[Line]:
    """Runs that follow each other on one row, joined: a bullet and its text, a label and its value."""
    merged: list[Line] = []
    for line in lines:
        last = merged[-1] if merged else None
        if (
            last is not None
            and last.upright == line.upright
            and not last.boxed
            and (max(last.size, line.size) < ROW_SIZES * min(last.size, line.size) or len(last.text) < 5)
            and same_row(last.box, line.box)
            and line.box[0] > last.box[2] - 0.3 * line.size
        ):
            merged[-1] = _beside(last, line)
        else:
            merged.append(line)
    return merged


def _beside(a: Line, b: Line) -> Line:
    long = a if len(a.text) >= len(b.text) else b
    box = (a.box[0], min(a.box[1], b.box[1]), b.box[2], max(a.box[3], b.box[3]))
    cells = a.cells + b.cells - (0 if b.box[0] - a.box[2] > TABULAR_GAP * long.size and len(a.text) > 2 else 1)
    bold = long.bold and (a.bold or len(a.text) < 3)
    return Line(
        f"{a.text} {b.text}",
        box,
        long.size,
        bold,
        b.hyphenated,
        long.upright,
        cells,
        face=long.face,
        boxed=b.boxed,
        runs=a.runs + b.runs if len(a.text) > 4 else b.runs,
    )


LEAST_STRETCH = 3
"""Lines that tell the pitch they are set in."""
WIDEST, SAME_PITCH = 3.2, 0.06
"""Sizes of type from line to line at most, and share of a pitch by which two of one kind differ."""


class Flow:
    """Lines in reading order, and what their neighbourhood tells about the paragraphs they make."""

    def __init__(self, lines: Sequence[Line], measure: Measure) -> None:
        self.lines, self.measure = lines, measure
        self.step = max(measure.body, 1.0)
        edges: dict[int, list[tuple[float, float]]] = defaultdict(list)
        for line in lines:
            edges[self._bucket(line)].append((line.box[2], line.box[2] - line.box[0]))
        stretches = [stretch for stretch in _stretches(lines) if runs_on(stretch)]
        self.pitches = {(stretch[0].size, _step(stretch)) for stretch in stretches if is_filled(stretch)}
        self.ends: dict[int, float] = {}
        for stretch in stretches:
            end = _usual_end([(line.box[2], line.box[2] - line.box[0]) for line in stretch])
            self.ends.update((id(line), end) for line in stretch)
        self.rights = {
            k: _usual_end([end for near in range(k - 2, k + 3) for end in edges.get(near, ())]) for k in list(edges)
        }
        self.justified = _justified(lines)

    def _bucket(self, line: Line) -> int:
        return round(line.box[0] / self.step / 1.5)

    def full(self, line: Line, after: Line) -> bool:
        """Did the line end because the first word of the next one no longer fitted?"""
        word = 2 if CJK_START.match(after.text) else len(after.text.split(" ", 1)[0])
        need = (after.box[2] - after.box[0]) * word / max(len(after.text), 1)
        flows = after.text[:1].islower() or CJK_START.match(after.text) or line.text[-1] in ".!?,;-"
        end = min(self.ends.get(id(line), math.inf), self.rights[self._bucket(line)])
        return id(line) in self.justified or end - line.box[2] <= need + (1.2 if flows else 0.3) * line.size

    def close(self, line: Line, after: Line, slack: float = 1.25) -> bool:
        """Is the next line the next row of the same column, no further than lines of a paragraph are?"""
        size = max(line.size, after.size)
        pitch = (after.box[3] - line.box[3]) / size
        if pitch <= 0.3 or overlap_x(line.box, after.box) <= 0:
            return False
        return pitch < slack * self.measure.pitch or self.widely_set(line, after)

    def widely_set(self, line: Line, after: Line) -> bool:
        """Are they as far apart as the lines of a paragraph somewhere in type of this size?"""
        size, step = max(line.size, after.size), after.box[3] - line.box[3]
        return any(
            abs(size - usual) < SAME_PITCH * usual and abs(step - pitch) < SAME_PITCH * pitch
            for usual, pitch in self.pitches
        )

    def alike(self, line: Line, after: Line) -> bool:
        """The same size of type, as far as it can be known."""
        return abs(line.size - after.size) <= (self.measure.sure - 1) * 0.8 * max(line.size, after.size)

    def continues(self, group: Sequence[Line], line: Line) -> bool:
        """Does the line go on with the paragraph that the group is so far?"""
        last = group[-1]
        if (
            last.cells > 1
            or line.cells > 1
            or last.upright != line.upright
            or last.contents
            or last.boxed
            or line.boxed
        ):
            return False
        if not self.alike(last, line) or not self.full(last, line):
            return False
        if not self.close(last, line):
            return self.next_column(last, line)
        shift = line.box[0] - last.box[0]
        if shift > SURE_INDENT * line.size and last.text[-1] in ".!?" and _flush(group[1:][-NEAR:], line.size):
            return False
        if abs(shift) < 0.8 * line.size or self._centred(last, line):
            return True
        if last.text[-1] not in ENDS and _same_end(last, line):
            return True  # around a picture
        # An outdent after the first line ends its indent; an indent after the first line may be a hanging one.
        return len(group) == 1 and (shift < 0 or last.text[-1] not in ENDS)

    def _centred(self, last: Line, line: Line) -> bool:
        return abs((last.box[0] + last.box[2]) - (line.box[0] + line.box[2])) < line.size

    def next_column(self, last: Line, line: Line) -> bool:
        """A sentence that goes on at the head of the next column, which is about as wide: no caption goes on so."""
        widths = (line.box[2] - line.box[0], last.box[2] - last.box[0])
        return (
            line.box[0] > last.box[2]
            and line.middle < last.middle
            and widths[0] < WIDER * widths[1]
            and last.text[-1] not in ENDS
        )


def _justified(lines: Sequence[Line]) -> set[int]:
    """The ids of lines that end at one edge, JUSTIFIED of them or more below each other, wherever others do."""
    found: set[int] = set()
    run: list[Line] = []
    for line in lines:
        if run and not (
            _same_end(run[-1], line) and overlap_x(run[-1].box, line.box) > 0 and line.middle > run[-1].middle
        ):
            run = []
        run.append(line)
        if len(run) >= JUSTIFIED:
            found.update(map(id, run))
    return found


def _same_end(a: Line, b: Line) -> bool:
    return abs(a.box[2] - b.box[2]) < FLUSH * min(a.size, b.size)


def _stretches(lines: Sequence[Line]) -> list[list[Line]]:
    """Lines of one size that follow each other at one pitch: some are widely set, some stand beside a float."""
    found: list[list[Line]] = []
    for line in lines:
        if found and _keeps_step(found[-1], line):
            found[-1].append(line)
        else:
            found.append([*(found[-1][-1:] if found and _follows(found[-1][-1], line) else []), line])
    return [stretch for stretch in found if len(stretch) >= LEAST_STRETCH]


def _step(stretch: Sequence[Line]) -> float:
    return (stretch[-1].box[3] - stretch[0].box[3]) / (len(stretch) - 1)


def _keeps_step(stretch: Sequence[Line], line: Line) -> bool:
    """Does the line follow as the lines before it follow each other?"""
    if not _follows(stretch[-1], line):
        return False
    if len(stretch) == 1:
        return True
    step = stretch[-1].box[3] - stretch[-2].box[3]
    return abs(line.box[3] - stretch[-1].box[3] - step) < SAME_PITCH * step


def _follows(line: Line, after: Line) -> bool:
    step = (after.box[3] - line.box[3]) / line.size
    alike = abs(line.size - after.size) < SAME_PITCH * line.size
    return alike and 0.8 < step < WIDEST and overlap_x(line.box, after.box) > 0


def _flush(lines: Sequence[Line], size: float) -> bool:
    """Do all of the lines begin at one edge?"""
    lefts = [line.box[0] for line in lines]
    return bool(lefts) and max(lefts) - min(lefts) < FLUSH * size


def _usual_end(ends: Sequence[tuple[float, float]]) -> float:
    """Where lines end that are full, from (right edge, width) of all: long lines count for more."""
    ordered = sorted(ends)
    left = 0.7 * sum(width for _, width in ordered)
    for end, width in ordered:
        left -= width
        if left <= 0:
            return end
    return ordered[-1][0]
