"""Lines and rules for the tests, made by hand."""

import re
from collections.abc import Sequence
from typing import Any

from worker.engines.pp_ocr.model.lines import Line, Measure, Word
from worker.engines.pp_ocr.model.rules import Rule

MEASURE = Measure(10.0, 1.3, 1.15)
RUN, WORD = re.compile(r"\S+(?: {1,2}\S+)*"), re.compile(r"\S+")


def line(text: str, x: float = 0, y: float = 0, width: float | None = None, size: float = 10, **more: Any) -> Line:
    """A line of `size` pixels whose letters are half as wide."""
    return Line(text, (x, y, x + (len(text) * size / 2 if width is None else width), y + size), size, **more)


def worded(text: str, x: float = 0, y: float = 0, size: float = 10, **more: Any) -> Line:
    """A line that knows its words; blanks are as wide as letters, and several stay white."""
    words = [
        Word(word[0], (x + word.start() * size / 2, y, x + word.end() * size / 2, y + size))
        for word in WORD.finditer(text)
    ]
    return Line(" ".join(text.split()), (words[0].box[0], y, words[-1].box[2], y + size), size, words=words, **more)


def typed(text: str, x: float = 0, y: float = 0, pitch: float = 15, size: float = 10) -> list[Line]:
    """Rows as on a typewriter, one after the other; three blanks or more part two lines."""
    return [
        worded(run[0], x + run.start() * size / 2, y + pitch * i, size)
        for i, row in enumerate(text.strip("\n").split("\n"))
        for run in RUN.finditer(row)
    ]


def across(at: float, start: float, end: float, **more: Any) -> Rule:
    return Rule(True, at, start, end, **more)


def down(at: float, start: float, end: float, **more: Any) -> Rule:
    return Rule(False, at, start, end, **more)


def grid(xs: Sequence[float], ys: Sequence[float]) -> list[Rule]:
    """Every edge ruled."""
    return [*(across(y, xs[0], xs[-1]) for y in ys), *(down(x, ys[0], ys[-1]) for x in xs)]


def frame(x0: float, y0: float, x1: float, y1: float) -> list[Rule]:
    return grid((x0, x1), (y0, y1))


def filled(xs: Sequence[float], ys: Sequence[float], rows: Sequence[Sequence[str]]) -> list[Line]:
    """A text in each cell, but for the empty ones."""
    return [worded(text, xs[c] + 5, ys[r] + 5) for r, row in enumerate(rows) for c, text in enumerate(row) if text]
