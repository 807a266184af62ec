"""Content order checked against the page: some programs draw a title or a text box last, or the footer first."""

from __future__ import annotations

from collections.abc import Sequence

from ..model.boxes import overlap_x
from ..model.parts import Part

LEAST_SHARED = 0.3
"""Share of the narrower block's width that two blocks of one column have in common."""
MOST_PARTS = 400
"""A page of more is left as it comes."""


def in_sequence(parts: Sequence[Part]) -> list[Part]:
    """The parts in content order, but for those drawn after what stands below them in their column."""
    bound = list(parts)
    if len(bound) > MOST_PARTS:
        return bound
    against: dict[int, set[int]] = {}
    for k, part in enumerate(bound):
        for i in range(k):
            if _above(part, bound[i]):
                against.setdefault(i, set()).add(k)
                against.setdefault(k, set()).add(i)
    stray: set[int] = set()
    while against:
        worst = max(against, key=lambda i: (len(against[i]), i))
        stray.add(worst)
        for i in against.pop(worst):
            against[i].discard(worst)
            if not against[i]:
                del against[i]
    found = [part for i, part in enumerate(bound) if i not in stray]
    for i in sorted(stray, key=lambda i: bound[i].box[1]):
        found.insert(_place(bound[i], found), bound[i])
    return found


def _place(part: Part, found: Sequence[Part]) -> int:
    """After what stands right above it in its column, else before what stands below it there."""
    above = [(other.box[3], i + 1) for i, other in enumerate(found) if _above(other, part)]
    if above:
        return max(above)[1]
    return next((i for i, other in enumerate(found) if _above(part, other)), len(found))


def _above(part: Part, other: Part) -> bool:
    """Does the part end where the other begins, or higher, in the same column?"""
    shared = overlap_x(part.box, other.box)
    narrower = min(part.box[2] - part.box[0], other.box[2] - other.box[0])
    return shared > LEAST_SHARED * narrower and part.box[3] <= other.box[1] + 0.2 * (part.box[3] - part.box[1])
