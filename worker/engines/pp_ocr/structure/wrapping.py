"""Text that runs around a picture at an edge of its column: beside it, the lines are short."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic

from ..model.boxes import Item, overlap_x, overlap_y
from .gutters import is_prose

LEAST_LINES = 3
EVEN = 0.5
"""Sizes of type by which the edges of the short lines differ at most."""


@dataclass(frozen=True, slots=True)
class Wrapped(Generic[Item]):
    """What stands above a picture and the text beside it, left and right of the edge between both, and below them."""

    above: list[Item]
    left: list[Item]
    right: list[Item]
    below: list[Item]


def wrapped(items: Sequence[Item]) -> Wrapped[Item] | None:
    """The first picture with text beside it, on one side only, and lines over the whole width above or below."""
    for picture in items:
        if getattr(picture, "label", None) != "image":
            continue
        level = [item for item in items if item is not picture and overlap_y(item.box, picture.box) > 0]
        beside = [item for item in level if overlap_x(item.box, picture.box) <= 0]
        for before in (False, True):
            found = _around(items, picture, beside, before=before)
            if found is not None:
                return found
    return None


def _around(items: Sequence[Item], picture: Item, beside: Sequence[Item], *, before: bool) -> Wrapped[Item] | None:
    """`before`: the text is left of the picture."""
    texts = [item for item in beside if is_prose(item)]
    if len(texts) < LEAST_LINES or not all((item.box[2] <= picture.box[0]) is before for item in beside):
        return None
    size = statistics.median(item.box[3] - item.box[1] for item in texts)
    inner = [item.box[2] if before else -item.box[0] for item in texts]
    edge = abs(max(inner))
    if sum(end > max(inner) - EVEN * size for end in inner) < LEAST_LINES:
        return None
    across = [item for item in items if item.box[0] < edge - size and item.box[2] > edge + size]
    middle = picture.box[1] + picture.box[3]
    upper = [item.box[3] for item in across if item.box[1] + item.box[3] < middle]
    lower = [item.box[1] for item in across if item.box[1] + item.box[3] >= middle]
    top, bottom = max(upper, default=float("-inf")), min(lower, default=float("inf"))
    if not across or top > picture.box[1] + size or bottom < picture.box[3] - size:
        return None
    parted: Wrapped[Item] = Wrapped([], [], [], [])
    for item in items:
        at = (item.box[1] + item.box[3]) / 2
        side = parted.left if (item.box[0] + item.box[2]) / 2 < edge else parted.right
        (parted.above if at < top else parted.below if at > bottom else side).append(item)
    return parted
