"""A raster to lines and rules: read by PP-OCRv6, upright and set straight."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from app.errors import PageError

from ..model.boxes import Box, Quad, union
from ..model.frame import Raster, Turn
from ..model.lines import Line, clean
from ..model.rules import Rule
from .bullets import mark_bullets
from .orientation import recognise, skew, straight
from .recogniser import recogniser
from .strokes import ink_of, mark_heavy, ruled, without
from .words import find_words

SURE_SCORE = 0.5
SKEWED = 0.002
"""Radians; under it, straightening a page would change nothing."""


@dataclass(frozen=True, slots=True)
class Scan:
    """A page upright and straight: its raster, its lines in no order, its rules, and the boxes `texts` of all detected.

    It was turned and then, by `angle` in radians, straightened; `back` leads boxes to the page's frame again.
    """

    raster: Raster
    lines: list[Line]
    rules: list[Rule]
    texts: list[Box]
    turn: Turn
    angle: float

    def back(self, box: Box) -> Box:
        """The box around a straightened box as it lies on the page."""
        height, width = self.raster.shape[:2]
        x0, y0, x1, y1 = box
        corners = [_turned((x, y), self.angle, (width / 2, height / 2)) for x in (x0, x1) for y in (y0, y1)]
        return self.turn.back(_around(corners))


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
    read = zip(found.quads.tolist(), found.texts, found.scores, strict=True)
    sure = [(quad, text, score) for quad, text, score in read if score > SURE_SCORE]
    marked = mark_bullets(upright, [(quad, text) for quad, text, _ in sure])
    lines = _straightened(marked, [score for _, _, score in sure], *size, angle)
    ink = ink_of(level)
    mark_heavy(lines, level, ink)
    texts = [_level(quad, *size, angle) for quad in found.quads.tolist()]
    rules = ruled(ink, texts)
    find_words(lines, without(ink, rules))
    return Scan(level, lines, rules, texts, Turn(found.quarter_turns, width, height), angle)


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
    height, width = math.dist(quad[0], quad[3]), math.dist(quad[0], quad[1])
    return max(height * (1 + 0.3 * min(height / max(width, 1.0), 0.5)), 1.0)


def _around(points: Sequence[Sequence[float]]) -> Box:
    return union((x, y, x, y) for x, y in points)
