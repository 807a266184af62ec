"""Bullets that the recogniser leaves out, found in the raster: small blots in mid-row before the text."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from .frame import Raster
from .lines import Quad
from .lists import marker_of

INK = 80
"""How much darker than the paper a pixel is to be ink."""
SMALLEST, LARGEST = 0.08, 0.4
"""Sides of a bullet, in heights of its line's box."""
BEFORE, AFTER = 1.6, 1.0
"""How far before and behind the box's left edge to look, in heights."""
GAP = 0.15
"""White before and behind a bullet, at least."""


def mark_bullets(raster: Raster, found: Sequence[tuple[Quad, str]]) -> list[tuple[Quad, str]]:
    """The texts, with a bullet before those that have one in the raster. One alone is a speck: two stand in line."""
    seen = {i for i, (quad, text) in enumerate(found) if _has_bullet(raster, quad, text)}
    told = {i for i, (_, text) in enumerate(found) if (marker := marker_of(text)) is not None and marker.kind == "•"}

    def in_line(i: int) -> bool:
        x, height = found[i][0][0][0], found[i][0][3][1] - found[i][0][0][1]
        return any(abs(found[k][0][0][0] - x) < height for k in seen | told if k != i)

    return [(quad, f"• {text}" if i in seen and in_line(i) else text) for i, (quad, text) in enumerate(found)]


def _has_bullet(raster: Raster, quad: Quad, text: str) -> bool:
    """Does a bullet stand before the text that its line does not tell?"""
    left, top, bottom = quad[0][0], quad[0][1], quad[3][1]
    height = bottom - top
    if marker_of(text) is not None or height < 8:
        return False
    x0, x1 = int(max(left - BEFORE * height, 0)), int(left + AFTER * height)
    strip = raster[max(int(top), 0) : int(bottom), x0:x1, 1].astype(np.int16)
    if strip.size == 0:
        return False
    ink = strip < np.percentile(strip, 90) - INK
    runs = _runs(np.logical_or.reduce(ink, axis=0))
    if len(runs) < 2:
        return False
    (start, end), (following, _) = runs[0], runs[1]
    rows = np.flatnonzero(ink[:, start:end].any(axis=1))
    tall, middle = (rows[-1] - rows[0] + 1) / height, (rows[-1] + rows[0]) / 2 / height
    wide = (end - start) / height
    small = SMALLEST <= wide <= LARGEST and SMALLEST <= tall <= LARGEST and max(wide, tall) <= 1.7 * min(wide, tall)
    apart = min(start, following - end) >= GAP * height
    return bool(small and apart and 0.35 < middle < 0.7)


def _runs(flags: npt.NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Where stretches of True begin and end."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], flags, [False])).astype(np.int8)))
    return [(int(a), int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True)]
