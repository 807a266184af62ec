"""Where the words of a scan's lines stand: the recogniser does not say."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from ..model.boxes import whole
from ..model.lines import Line, Word
from ..model.patterns import CJK_LETTER
from .strokes import Ink

WIDE = 0.8
"""Sizes of type: white between two cells."""
MARGIN = 0.3
"""Sizes of type by which detection widens a box at most."""
SPECK = 1
"""Pixels of ink in a column that is white all the same."""


def find_words(lines: Sequence[Line], ink: Ink) -> None:
    """Gives the lines the places of their words: the widest white in a line is where its text has spaces.

    Cells that detection took for one line have no space between them where they are Chinese: there wide white parts
    words, too.
    """
    for line in lines:
        _tighten(line, ink)
        words = line.text.split(" ")
        x0, y0, x1, y1 = whole(line.box)
        white = np.flatnonzero(ink[y0:y1, x0:x1].sum(axis=0) <= SPECK)
        if not white.size:
            continue
        runs = [
            run
            for run in np.split(white, np.flatnonzero(np.diff(white) > 1) + 1)
            if run[0] > 0 and run[-1] < x1 - x0 - 1
        ]
        wide = [run for run in runs if len(run) > WIDE * line.size]
        if len(wide) > len(words) - 1 and CJK_LETTER.search(line.text):
            starts, ends = _between(wide, x0, x1)
            words = _shared(line.text.replace(" ", ""), [b - a for a, b in zip(starts, ends, strict=True)])
        elif len(words) > 1 and len(runs) >= len(words) - 1:
            widest = sorted(runs, key=len)[-(len(words) - 1) :]
            starts, ends = _between(sorted(widest, key=lambda run: int(run[0])), x0, x1)
        else:
            continue
        line.words = [
            Word(text, (start, line.box[1], end, line.box[3]))
            for text, start, end in zip(words, starts, ends, strict=True)
            if text
        ]


def _tighten(line: Line, ink: Ink) -> None:
    """Takes the white off both ends of the line: detection widens its boxes until those of near cells overlap."""
    x0, y0, x1, y1 = whole(line.box)
    inked = np.flatnonzero(ink[y0:y1, x0:x1].sum(axis=0) > SPECK)
    if inked.size:
        most = MARGIN * line.size
        left, right = min(int(inked[0]), most), min(x1 - x0 - 1 - int(inked[-1]), most)
        line.box = line.box[0] + left, line.box[1], line.box[2] - right, line.box[3]


def _between(gaps: Sequence[npt.NDArray[np.intp]], x0: int, x1: int) -> tuple[list[float], list[float]]:
    """Where the stretches between gaps start and end."""
    return [float(x0), *(float(x0 + gap[-1] + 1) for gap in gaps)], [*(float(x0 + gap[0]) for gap in gaps), float(x1)]


def _shared(text: str, widths: Sequence[float]) -> list[str]:
    """The text in pieces as long as the widths: Chinese characters are all as wide, others half of that."""
    units = [1.0 if CJK_LETTER.match(character) else 0.5 for character in text]
    scale, pieces, done = sum(units) / sum(widths), [], 0
    for i, width in enumerate(widths):
        want, end = width * scale, done
        while end < len(text) and (sum(units[done:end]) + units[end] / 2 <= want or i == len(widths) - 1):
            end += 1
        pieces.append(text[done:end])
        done = end
    return pieces
