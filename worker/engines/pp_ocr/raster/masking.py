"""A raster with only a part of what is printed on it."""

from collections.abc import Sequence

import numpy as np

from ..model.boxes import Box, whole
from ..model.frame import Raster

AROUND = 2
"""Pixels around a line that are its ground."""


def only(raster: Raster, region: Box, known: Sequence[Box]) -> Raster:
    """The raster with nothing outside of the region, and without the lines that are known.

    Both get the tone of the ground around them.
    """
    x0, y0, x1, y1 = whole(region)
    shown = raster[y0:y1, x0:x1]
    masked = np.empty_like(raster)
    masked[:] = np.median(shown[::4, ::4], axis=(0, 1)) if shown.size else 255
    masked[y0:y1, x0:x1] = shown
    for box in known:
        left, top, right, bottom = whole((box[0] - AROUND, box[1] - AROUND, box[2] + AROUND, box[3] + AROUND))
        line = masked[top:bottom, left:right]
        if line.size:
            edge = np.concatenate([line[0], line[-1], line[:, 0], line[:, -1]])
            line[:] = np.median(edge, axis=0)
    return masked
