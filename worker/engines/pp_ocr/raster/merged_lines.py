"""Lines of two columns that were detected as one over a narrow gutter: parted before they are read.

That a gutter runs through a line, the rows around it tell, in which it lies between two lines; and white in the line
itself, where words of a sentence would be closer.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from ..model.frame import Raster

Quads = npt.NDArray[np.float32]
ROWS = (0.5, 2.6)
"""Heights of a line from its middle to those of the rows around it."""
NARROWEST, WIDEST = -0.5, 3.0
"""Heights between two lines beside a gutter: boxes are wider than their text."""
LEAST_ROWS, ALIKE = 2, 1.4
"""Rows beside the line that the gutter parts, and how much their heights differ from its: a title has larger type."""
END = 2.0
"""Heights from the ends of a line within which no gutter runs."""
WHITE = 0.35
"""Heights of white in a line at a gutter, at least."""
PALE = 0.3
"""Share of the ink's darkness that white may have."""


def parted(quads: Quads, crops: list[Raster]) -> tuple[Quads, list[Raster]]:
    """The lines' corners and pictures, with those over a gutter as two."""
    places = _Places.of(quads)
    found_quads: list[npt.NDArray[np.float32]] = []
    found_crops: list[Raster] = []
    for i, (quad, crop) in enumerate(zip(quads, crops, strict=True)):
        at = _cut(crop, *gutter) if (gutter := _gutter(places, i)) else None
        if at is None:
            found_quads.append(quad)
            found_crops.append(crop)
            continue
        share = at / crop.shape[1]
        top, bottom = (a + share * (b - a) for a, b in ((quad[0], quad[1]), (quad[3], quad[2])))
        found_quads += [np.stack([quad[0], top, bottom, quad[3]]), np.stack([top, quad[1], quad[2], bottom])]
        found_crops += [np.ascontiguousarray(crop[:, :at]), np.ascontiguousarray(crop[:, at:])]
    return (np.stack(found_quads) if found_quads else quads), found_crops


@dataclass(frozen=True, slots=True)
class _Places:
    """Where the lines' boxes end, in pixels."""

    lefts: npt.NDArray[np.float32]
    rights: npt.NDArray[np.float32]
    middles: npt.NDArray[np.float32]
    heights: npt.NDArray[np.float32]

    @classmethod
    def of(cls, quads: Quads) -> "_Places":
        across, down = quads[:, :, 0], quads[:, :, 1]
        tops, bottoms = down.min(axis=1), down.max(axis=1)
        return cls(across.min(axis=1), across.max(axis=1), (tops + bottoms) / 2, bottoms - tops)


def _gutter(places: _Places, i: int) -> tuple[float, float] | None:
    """From where to where, as shares of a line's width, a gutter runs through it in which rows around it end."""
    lefts, rights, middles = places.lefts, places.rights, places.middles
    height, width = places.heights[i], rights[i] - lefts[i]
    if width < 4 * END * height:
        return None
    away, taller = np.abs(middles - middles[i]), places.heights / height
    near = np.flatnonzero(
        (away > ROWS[0] * height) & (away < ROWS[1] * height) & (taller > 1 / ALIKE) & (taller < ALIKE)
    )
    inner = lefts[i] + END * height, rights[i] - END * height
    before = [j for j in near if inner[0] < rights[j] < inner[1]]
    after = [k for k in near if inner[0] < lefts[k] < inner[1]]
    gaps = [
        (float(rights[j]), float(lefts[k]), float(middles[j]))
        for j in before
        for k in after
        if abs(middles[j] - middles[k]) < ROWS[0] * height
        and NARROWEST * height < lefts[k] - rights[j] < WIDEST * height
    ]
    slack = 0.5 * height
    for start, end, _ in gaps:
        rows = sorted(at for a, b, at in gaps if abs((a + b) - (start + end)) < height)
        if 1 + sum(b - a > ROWS[0] * height for a, b in pairwise(rows)) >= LEAST_ROWS:
            first, last = min(start, end) - slack - lefts[i], max(start, end) + slack - lefts[i]
            return float(first / width), float(last / width)
    return None


def _cut(crop: Raster, start: float, end: float) -> int | None:
    """The middle of the widest white between two places of a line, in pixels of its picture, if it is wide enough."""
    height, width = crop.shape[:2]
    grey = crop.mean(axis=2)
    dark = np.clip(np.percentile(grey, 90) - grey, 0, None)
    white = np.percentile(dark, 90, axis=0) < PALE * np.percentile(dark, 98)
    run, longest, last = 0, 0, 0
    for x in range(max(round(start * width), 0), min(round(end * width), width)):
        run = run + 1 if white[x] else 0
        if run > longest:
            longest, last = run, x
    return last - longest // 2 if longest >= WHITE * height else None
