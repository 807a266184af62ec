"""A raster to lines and rules: read by PP-OCRv6, upright and set straight."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from app.errors import PageError

from ..model.boxes import Box, Quad, union
from ..model.frame import Raster, Turn, as_positive
from ..model.lines import Line, clean
from ..model.rules import Rule
from .bullets import mark_bullets
from .legibility import judge
from .orientation import recognise, skew, straight
from .recogniser import recogniser
from .sizes import even_out
from .strokes import ink_of, mark_heavy, ruled, with_panels, without
from .words import find_words

SKEWED = 0.002
"""Radians; under it, straightening a page would change nothing."""


@dataclass(frozen=True, slots=True)
class Scan:
    """A page upright and straight: its raster, its lines in no order, its rules, and the boxes `texts` of all detected.

    `unread` are those of the detected lines that could not be read, `strange` says that their script may be unknown.
    It was turned and then, by `angle` in radians, straightened; `back` leads boxes to the page's frame again.
    """

    raster: Raster
    lines: list[Line]
    rules: list[Rule]
    texts: list[Box]
    unread: list[Box]
    strange: bool
    turn: Turn
    angle: float

    def back(self, box: Box) -> Box:
        """The box around a straightened box as it lies on the page."""
        return self.turn.back(self._turned(box, self.angle))

    def upright(self, box: Box) -> Box:
        """The box around a box of the page, straightened."""
        return self._turned(self.turn.upright(box), -self.angle)

    def _turned(self, box: Box, angle: float) -> Box:
        height, width = self.raster.shape[:2]
        x0, y0, x1, y1 = box
        return _around([_turned((x, y), angle, (width / 2, height / 2)) for x in (x0, x1) for y in (y0, y1)])


def read(raster: Raster) -> Scan:
    """What was read on the raster with some certainty."""
    height, width = raster.shape[:2]
    try:
        found = recognise(recogniser(), raster)
    except Exception as error:  # ONNX Runtime's messages are tracebacks; short of memory, it raises one too
        raise PageError("The text on this page could not be recognised.") from error
    upright = found.raster
    size = upright.shape[1], upright.shape[0]
    angle = skew(found.quads)
    angle = angle if abs(angle) > SKEWED else 0.0
    level = straight(upright, angle) if angle else upright
    quads = found.quads.tolist()
    legible = judge([_sides(quad) for quad in quads], found.texts, found.scores)
    marked = mark_bullets(as_positive(upright), [(quads[i], found.texts[i]) for i in legible.kept])
    lines = _straightened(marked, [found.scores[i] for i in legible.kept], *size, angle)
    even_out(lines)
    texts = [_level(quad, *size, angle) for quad in quads]
    positive = as_positive(level)
    rules = ruled(ink_of(positive), texts)
    printed = with_panels(positive, [line.box for line in lines])
    ink = ink_of(printed)
    mark_heavy(lines, printed, ink)
    find_words(lines, without(ink, rules))
    unread = [texts[i] for i in legible.unread]
    return Scan(level, lines, rules, texts, unread, legible.strange, Turn(found.quarter_turns, width, height), angle)


def _straightened(
    found: Sequence[tuple[Quad, str]], scores: Sequence[float], width: int, height: int, angle: float
) -> list[Line]:
    """Quads, texts and scores of a page that falls by `angle` to the right, as level lines."""
    return [
        Line(words, _level(quad, width, height, angle), _size(quad), confidence=round(score, 3))
        for (quad, text), score in zip(found, scores, strict=True)
        if (words := clean(text))
    ]


def _turned(point: Sequence[float], angle: float, centre: tuple[float, float]) -> tuple[float, float]:
    x, y, cos, sin = point[0] - centre[0], point[1] - centre[1], math.cos(angle), math.sin(angle)
    return centre[0] + x * cos - y * sin, centre[1] + x * sin + y * cos


def _level(quad: Quad, width: int, height: int, angle: float) -> Box:
    return _around([_turned(corner, -angle, (width / 2, height / 2)) for corner in quad])


def _size(quad: Quad) -> float:
    """The height of the quad. Detection widens long boxes more than short ones, so short ones get some back."""
    width, height = _sides(quad)
    return max(height * (1 + 0.3 * min(height / max(width, 1.0), 0.5)), 1.0)


def _sides(quad: Quad) -> tuple[float, float]:
    """Width and height."""
    return math.dist(quad[0], quad[1]), math.dist(quad[0], quad[3])


def _around(points: Sequence[Sequence[float]]) -> Box:
    return union((x, y, x, y) for x, y in points)
