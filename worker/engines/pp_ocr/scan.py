"""A raster to lines and tables: PP-OCRv6 by RapidOCR, set straight, in reading order."""

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from app.errors import PageError

from . import grid
from .blocks import Part
from .bullets import mark_bullets
from .frame import Raster
from .lines import Box, Line, Quad, clean, union
from .order import order
from .recogniser import recogniser

SURE_SCORE = 0.5
SKEWED = 0.002
"""Radians; under it, straightening a page would change nothing."""


@dataclass(frozen=True, slots=True)
class Scan:
    """Lines and tables of a page set straight; `back` leads their boxes to where they stand on the page."""

    items: list[Line | Part]
    angle: float
    centre: tuple[float, float]

    def back(self, box: Box) -> Box:
        """The box around a straightened box as it lies on the page."""
        x0, y0, x1, y1 = box
        return _around([_turn((x, y), self.angle, self.centre) for x in (x0, x1) for y in (y0, y1)])


def read(raster: Raster) -> Scan:
    """What was read on the raster with some certainty, in reading order."""
    try:
        found = recogniser()(raster)
    except Exception as error:  # ONNX Runtime's messages are tracebacks; short of memory, it raises one too
        raise PageError("The text on this page could not be recognised.") from error
    height, width = raster.shape[:2]
    if found.boxes is None or found.txts is None:
        return Scan([], 0.0, (width / 2, height / 2))
    scored = zip(found.boxes.tolist(), found.txts, found.scores, strict=True)
    sure = [(quad, text) for quad, text, score in scored if score > SURE_SCORE]
    return straighten(mark_bullets(raster, sure), width, height)


def straighten(found: Sequence[tuple[Quad, str]], width: int, height: int) -> Scan:
    """Turns all boxes by the angle that the long lines have in common, and puts them in order."""
    angles = [math.atan2(q[1][1] - q[0][1], q[1][0] - q[0][0]) for q, _ in found if q[1][0] - q[0][0] > 0.2 * width]
    angle = statistics.median(angles) if len(angles) >= 3 else 0.0
    if abs(angle) < SKEWED:
        angle = 0.0
    centre = (width / 2, height / 2)
    lines = []
    for quad, text in found:
        box = _around([_turn(corner, -angle, centre) for corner in quad])
        if words := clean(text):
            lines.append(Line(words, box, _size(quad)))
    usual = statistics.median(line.size for line in lines) if lines else 1.0
    return Scan(order(grid.lift(lines), 0.9 * usual, 0.7 * usual), angle, centre)


def _size(quad: Quad) -> float:
    """The height of the quad. Detection widens long boxes more than short ones, so short ones get some back."""
    height, width = math.dist(quad[0], quad[3]), math.dist(quad[0], quad[1])
    return max(height * (1 + 0.3 * min(height / max(width, 1.0), 0.5)), 1.0)


def _turn(point: Sequence[float], angle: float, centre: tuple[float, float]) -> tuple[float, float]:
    x, y, cos, sin = point[0] - centre[0], point[1] - centre[1], math.cos(angle), math.sin(angle)
    return centre[0] + x * cos - y * sin, centre[1] + x * sin + y * cos


def _around(points: Sequence[tuple[float, float]]) -> Box:
    return union((x, y, x, y) for x, y in points)
