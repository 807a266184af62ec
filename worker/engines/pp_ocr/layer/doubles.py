"""Text that is painted twice in the same place: for a shadow, to look bold, or as a second layer over the first."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
import numpy.typing as npt

from ..model.boxes import Box

MOST_RUNS, BLOCK = 3_000, 256
"""A page of more is a map: it is left as it comes."""
SHARED = 0.5
"""Share of the smaller run's box that two of the same words have in common."""
OFFSET = 0.3
"""How far a word lies from its double, in its heights."""
REPEATED = 0.75
"""Share of a run's characters that others have in the same place."""

Placed = Sequence[tuple[str, Box]]
"""Words and their places."""


def repeated(boxes: Sequence[Box], words_of: Callable[[int], Placed]) -> set[int]:
    """The numbers of the runs that repeat others, of which the boxes are given; the first of its kind is none."""
    if not 1 < len(boxes) <= MOST_RUNS:
        return set()
    found: set[int] = set()
    for i, earlier in _overlapping(np.array(boxes)):
        others = [word for k in earlier if k not in found for word in words_of(k)]
        own = words_of(i)
        again = sum(
            len(text) for text, box in own if any(text == word and at_one_place(box, at) for word, at in others)
        )
        if again > REPEATED * sum(len(text) for text, _ in own):
            found.add(i)
    return found


def _overlapping(places: npt.NDArray[np.float64]) -> Iterator[tuple[int, list[int]]]:
    """The numbers of the boxes that share much with earlier ones, and of these."""
    extents = (places[:, 2] - places[:, 0]) * (places[:, 3] - places[:, 1])
    for begin in range(0, len(places), BLOCK):
        some = places[begin : begin + BLOCK, None]
        across, down = (
            np.maximum(np.minimum(some[..., k + 2], places[:, k + 2]) - np.maximum(some[..., k], places[:, k]), 0)
            for k in (0, 1)
        )
        shared = across * down > SHARED * np.minimum(extents[begin : begin + BLOCK, None], extents)
        earlier = np.tril(shared, begin - 1)
        for i in np.flatnonzero(earlier.any(axis=1)).tolist():
            yield begin + i, np.flatnonzero(earlier[i]).tolist()


def at_one_place(a: Box, b: Box) -> bool:
    """Do the boxes lie as close as those of a word and its shadow?"""
    reach = OFFSET * min(a[3] - a[1], b[3] - b[1])
    return abs(a[0] - b[0]) <= reach and abs(a[1] - b[1]) <= reach
