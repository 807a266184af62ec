"""Bullets that the recogniser leaves out, found in the raster: small blots in mid-row before the text."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from ..model.boxes import Quad
from ..model.frame import Raster
from ..model.lists import has_marker, marker_of

INK = 80
"""How much darker than the paper a pixel is to be ink."""
SMALLEST, LARGEST = 0.08, 0.4
"""Sides of a bullet, in heights of its line's box."""
BEFORE, AFTER = 1.6, 1.0
"""How far before and behind the box's left edge to look, in heights."""
GAP = 0.15
"""White before and behind a bullet, at least."""


def mark_bullets(raster: Raster, found: Sequence[tuple[Quad, str]]) -> list[tuple[Quad, str]]:
    """The texts, with a bullet before those that have one in the raster. One alone is a speck: two stand in line.

    Their quads begin at the bullet then.
    """
    seen = {i: x for i, (quad, text) in enumerate(found) if (x := _bullet(raster, quad, text)) is not None}
    told = {i for i, (_, text) in enumerate(found) if (marker := marker_of(text)) is not None and marker.kind == "•"}

    def in_line(i: int) -> bool:
        x, height = found[i][0][0][0], found[i][0][3][1] - found[i][0][0][1]
        return any(abs(found[k][0][0][0] - x) < height for k in seen.keys() | told if k != i)

    return [
        (_from(quad, seen[i]), f"• {text}") if i in seen and in_line(i) else (quad, text)
        for i, (quad, text) in enumerate(found)
    ]


def _from(quad: Quad, x: float) -> Quad:
    """The quad with its left side at x, if that is farther left."""
    (ax, ay), b, c, (dx, dy) = quad
    shift = min(x - ax, 0.0)
    return (ax + shift, ay), b, c, (dx + shift, dy)


def _bullet(raster: Raster, quad: Quad, text: str) -> float | None:
    """Where a bullet stands before the text that its line does not tell."""
    left, top, bottom = quad[0][0], quad[0][1], quad[3][1]
    height = bottom - top
    if has_marker(text) or height < 8:
        return None
    x0, x1 = int(max(left - BEFORE * height, 0)), int(left + AFTER * height)
    strip = raster[max(int(top), 0) : int(bottom), x0:x1, 1].astype(np.int16)
    if strip.size == 0:
        return None
    ink = strip < np.percentile(strip, 90) - INK
    runs = _runs(np.logical_or.reduce(ink, axis=0))
    if len(runs) < 2:
        return None
    (start, end), (following, _) = runs[0], runs[1]
    rows = np.flatnonzero(ink[:, start:end].any(axis=1))
    tall, middle = (rows[-1] - rows[0] + 1) / height, (rows[-1] + rows[0]) / 2 / height
    wide = (end - start) / height
    small = SMALLEST <= wide <= LARGEST and SMALLEST <= tall <= LARGEST and max(wide, tall) <= 1.7 * min(wide, tall)
    apart = min(start, following - end) >= GAP * height
    return float(x0 + start) if small and apart and 0.35 < middle < 0.7 else None


def _runs(flags: npt.NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Where stretches of True begin and end."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], flags, [False])).astype(np.int8)))
    return [(int(a), int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True)]
