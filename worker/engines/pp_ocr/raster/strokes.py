"""Strokes on a raster: rules, and how heavy the type of a line is."""

import statistics
from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np
import numpy.typing as npt

from ..model.boxes import Box, whole
from ..model.frame import DARK, Raster
from ..model.lines import Line
from ..model.rules import MEETING, Rule, joined

AROUND = 31
"""Pixels on a side of the neighbourhood whose mean tone is the paper's."""
DARKER = 18
"""Tones by which ink is darker than its neighbourhood."""
SHORTEST = 45
"""Pixels of a rule: longer than the strokes of any character."""
THICKEST, HALF = 9, 4
HEAVY = 1.28
"""How many times the usual thickness, in sizes of type, the strokes of bold type have."""
LEAST_CHARS = 3
LONG = 60
"""Characters of a line that count: a wide one is no more usual than a column's."""
FEWEST_STROKES = 10

Ink = npt.NDArray[np.uint8]
"""Height x width; 1 where the raster is darker than the paper around."""


def ink_of(raster: Raster) -> Ink:
    """What is darker than the paper around it."""
    grey = cv2.cvtColor(raster, cv2.COLOR_BGR2GRAY)
    paper = cv2.blur(grey, (AROUND, AROUND))
    return np.asarray(grey.astype(np.int16) < paper.astype(np.int16) - DARKER, np.uint8)


def with_panels(raster: Raster, boxes: Sequence[Box]) -> Raster:
    """The raster with the boxes of light text on a dark ground as negatives: it is dark on light everywhere then."""
    dark = np.zeros(raster.shape[:2], np.bool_)
    for box in boxes:
        x0, y0, x1, y1 = whole(box)
        tones = raster[y0:y1, x0:x1].max(axis=2)
        if tones.size:
            darkest, ground, lightest = np.percentile(tones, (2, 50, 98))
            dark[y0:y1, x0:x1] |= ground < DARK and lightest - ground > ground - darkest + DARKER
    return np.where(dark[:, :, None], ~raster, raster) if dark.any() else raster


def ruled(ink: Ink, texts: Sequence[Box]) -> list[Rule]:
    """The level and upright rules on a straight page. Underlines and strokes within lines of text are none."""
    found = []
    for level in (True, False):
        long, thick = (SHORTEST, 1) if level else (1, SHORTEST)
        # A rule may fall by a pixel now and then: thickened across, it hangs together.
        broad = cv2.dilate(ink, np.ones((3, 1) if level else (1, 3), np.uint8))
        runs = cv2.morphologyEx(broad, cv2.MORPH_OPEN, np.ones((thick, long), np.uint8))
        count, _, stats, _ = cv2.connectedComponentsWithStats(runs, connectivity=8)
        for x, y, width, height, _ in stats[1:count].tolist():
            if min(width, height) <= THICKEST + 2 and max(width, height) >= SHORTEST:
                rule = Rule.along((float(x), float(y), float(x + width), float(y + height)))
                if rule.level is level and not (not level and _in_text(rule, texts)):
                    found.append(rule)
    # What interrupts a rule on a scan is noise, and tells nothing of columns.
    return [replace(rule, seams=()) for rule in joined(found, MEETING)]


def without(ink: Ink, rules: Sequence[Rule]) -> Ink:
    """The ink without the rules: a detected line may reach over one."""
    left: Ink = np.array(ink)
    for rule in rules:
        x0, y0, x1, y1 = (round(side) for side in rule.box)
        rows, columns = (slice(max(a - HALF, 0), b + HALF + 1) for a, b in ((y0, y1), (x0, x1)))
        left[rows, columns] = 0
    return left


def mark_heavy(lines: Sequence[Line], raster: Raster, ink: Ink) -> None:
    """Marks the lines whose strokes are thicker, for their size, than those of most text on the page."""
    dark = _darkness(raster)
    weights = [_thickness(line, dark, ink) for line in lines]
    known = [(weight, len(line.text)) for weight, line in zip(weights, lines, strict=True) if weight]
    if not known:
        return
    usual = statistics.median([weight for weight, chars in known for _ in range(min(chars, LONG))])
    for weight, line in zip(weights, lines, strict=True):
        line.bold = len(line.text) >= LEAST_CHARS and weight > HEAVY * usual


def _darkness(raster: Raster) -> npt.NDArray[np.float32]:
    """How far each pixel is from the paper around it to black, 0 to 1."""
    grey = cv2.cvtColor(raster, cv2.COLOR_BGR2GRAY)
    paper = cv2.blur(cv2.dilate(grey, np.ones((15, 15), np.uint8)), (AROUND, AROUND)).astype(np.float32)
    return np.asarray(np.clip(paper - grey, 0, None) / np.maximum(paper, 1), np.float32)


def _thickness(line: Line, dark: npt.NDArray[np.float32], ink: Ink) -> float:
    """The mean width of strokes that a row of pixels crosses, in sizes of type: their blackness over their number."""
    x0, y0, x1, y1 = whole(line.box)
    inside = ink[y0:y1, x0:x1] > 0
    strokes = np.count_nonzero(inside[:, 1:] & ~inside[:, :-1])
    return float(dark[y0:y1, x0:x1][inside].sum()) / strokes / line.size if strokes > FEWEST_STROKES else 0.0


def _in_text(rule: Rule, texts: Sequence[Box]) -> bool:
    return any(
        box[0] < rule.at < box[2]
        and box[1] - 4 <= rule.start
        and rule.end <= box[3] + 4
        and box[3] - box[1] > 0.5 * rule.length
        for box in texts
    )
