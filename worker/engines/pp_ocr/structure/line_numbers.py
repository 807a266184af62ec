"""Numbers of lines in the margin, as court papers, drafts and poems have them: they are none of the text."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from ..model.boxes import Box, overlap_y, union
from ..model.lines import Line, runs_on
from ..model.parts import Part
from .gutters import is_prose

STEPS = {1: 8, 2: 6, 5: 4, 10: 4}
"""By how much the numbers go up, and how many there are at least."""
ALIGNED = 0.6
"""Sizes of type by which their edges may be out of line."""
APART = 0.6
"""Sizes of type between a number and the text beside it, at least."""
EVEN, MOSTLY = 0.3, 0.7
"""Share of their usual distance by which distances differ, and share of those that do not."""
LEAST_PROSE = 3
"""Lines of running text beside the numbers."""


@dataclass(frozen=True, slots=True)
class _Number:
    """A number alone, or at the head of a line, by its index."""

    index: int
    value: int
    box: Box
    alone: bool


def without_line_numbers(lines: Sequence[Line]) -> tuple[list[Line], list[Part]]:
    """The lines without the numbers of lines, and each column of these as a part that does not show."""
    found: list[Line | None] = list(lines)
    columns: list[Part] = []
    for left in (True, False):
        numbers = [number for i, line in enumerate(lines) if (number := _number(i, line, left=left))]
        for run in _runs(numbers):
            if not _is_margin(run, lines, left=left):
                continue
            for number in run:
                found[number.index] = None if number.alone else _headless(lines[number.index])
            content = " ".join(str(number.value) for number in run)
            columns.append(Part("number", union(number.box for number in run), content))
    return [line for line in found if line is not None], columns


def _number(i: int, line: Line, *, left: bool) -> _Number | None:
    if not line.upright or not line.text[:1].isdigit():
        return None
    if line.text.isdecimal():
        return _Number(i, int(line.text), line.box, alone=True) if len(line.text) <= 4 else None
    head = line.text.split(" ", 1)[0]
    if not left or not head.isdecimal() or len(head) > 4 or len(line.words) < 2 or line.words[0].text != head:
        return None
    first, second = line.words[0], line.words[1]
    return _Number(i, int(head), first.box, False) if second.box[0] - first.box[2] > APART * line.size else None


def _runs(numbers: Sequence[_Number]) -> list[list[_Number]]:
    """Numbers under each other that count on by one step, at even distances, and enough of them."""
    found: list[list[_Number]] = []
    left = sorted(numbers, key=lambda number: number.box[1])
    while left:
        run: list[_Number] = [left.pop(0)]
        for number in list(left):
            step = number.value - run[-1].value
            goes_on = step in STEPS if len(run) < 2 else step == run[1].value - run[0].value
            if goes_on and _in_line(run[0].box, number.box):
                run.append(number)
                left.remove(number)
        if len(run) > 1 and len(run) >= STEPS[run[1].value - run[0].value] and _is_even(run):
            found.append(run)
    return found


def _in_line(a: Box, b: Box) -> bool:
    slack = ALIGNED * (a[3] - a[1])
    return min(abs(a[0] - b[0]), abs(a[2] - b[2]), abs(a[0] + a[2] - b[0] - b[2]) / 2) < slack


def _is_even(run: Sequence[_Number]) -> bool:
    steps = [b.box[3] - a.box[3] for a, b in pairwise(run)]
    usual = statistics.median(steps)
    return usual > 0 and sum(abs(step - usual) < EVEN * usual for step in steps) >= MOSTLY * len(steps)


def _is_margin(run: Sequence[_Number], lines: Sequence[Line], *, left: bool) -> bool:
    """Does running text stand beside the numbers, on one side only: no table, and no list?"""
    column = union(number.box for number in run)
    alone = {number.index: number.alone for number in run}
    texts = [
        _headless(line) if i in alone else line
        for i, line in enumerate(lines)
        if not alone.get(i) and line.upright and overlap_y(line.box, column) > 0
    ]
    outside = [line for line in texts if (line.box[2] <= column[0] if left else line.box[0] >= column[2])]
    prose = [line for line in texts if is_prose(line)]
    return not outside and len(prose) >= LEAST_PROSE and runs_on(prose)


def _headless(line: Line) -> Line:
    """The line without the number that it begins with."""
    words = line.words[1:]
    text = line.text.split(" ", 1)[1]
    return replace(line, text=text, box=(words[0].box[0], *line.box[1:]), words=words)
