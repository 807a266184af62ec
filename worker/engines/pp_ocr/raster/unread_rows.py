"""Rows of letters on a raster that nothing has read yet, found without a model."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from ..model.boxes import Box, whole
from ..model.frame import Raster
from ..model.letters import Boxes, Row, letters_in, rows_of
from .strokes import Ink, ink_of

ACROSS, DOWN = (0, 1, 2, 3), (1, 0, 3, 2)
"""The sides of a box as they are, and of the page reflected so that down is across."""
PAD = 3
"""Pixels around known text that belong to it."""
SOLID = 0.12
"""Share of its box that the ink of a letter fills, at least."""
EVEN = 40
"""Tones between which most of the ground of a row lies; that of a photograph is less even."""


def letter_rows(raster: Raster, known: Sequence[Box] = ()) -> list[Row]:
    """The rows of letters, dark on light or light on dark, outside of the boxes of `known` text.

    Of rows that run across and rows that run down, those with more letters.
    """
    grey = np.asarray(cv2.cvtColor(raster, cv2.COLOR_BGR2GRAY), np.uint8)
    found: list[Row] = []
    for ink in (ink_of(raster), ink_of(~raster)):
        boxes = _shapes(ink, known)
        for way in (ACROSS, DOWN):
            rows = (Row(_along(way, row.box), row.letters) for row in rows_of(boxes[:, way]))
            found = max(found, [row for row in rows if _on_even_ground(row.box, grey, ink)], key=letters_in)
    return found


def _shapes(ink: Ink, known: Sequence[Box]) -> Boxes:
    """The boxes of what is printed."""
    for box in known:
        x0, y0, x1, y1 = whole(box)
        ink[max(y0 - PAD, 0) : y1 + PAD, max(x0 - PAD, 0) : x1 + PAD] = 0
    _, _, stats, _ = cv2.connectedComponentsWithStats(ink, connectivity=8)
    x, y, width, height, size = stats[1:].T
    solid = size > SOLID * width * height
    boxes: Boxes = np.stack([x, y, x + width, y + height], axis=1)[solid].astype(np.float64)
    return boxes


def _along(way: Sequence[int], box: Box) -> Box:
    x0, y0, x1, y1 = (box[i] for i in way)
    return x0, y0, x1, y1


def _on_even_ground(box: Box, grey: Raster, ink: Ink) -> bool:
    x0, y0, x1, y1 = whole(box)
    ground = grey[y0:y1, x0:x1][cv2.dilate(ink[y0:y1, x0:x1], np.ones((5, 5), np.uint8)) == 0]
    return ground.size > 0 and bool(np.ptp(np.percentile(ground, (10, 90))) < EVEN)
