"""Boxes on a page: how they lie to each other, and the rows that they stand in."""

from collections.abc import Callable, Iterable, Sequence
from typing import Protocol, TypeVar

Box = tuple[float, float, float, float]
"""x0, y0, x1, y1 in pixels of the page; y grows downwards."""

Quad = Sequence[Sequence[float]]
"""Four corners from the top left, clockwise, in pixels."""


class Boxed(Protocol):
    """Anything with a place on the page."""

    box: Box


Item = TypeVar("Item", bound=Boxed)
Thing = TypeVar("Thing")


def sides(box: Box) -> tuple[float, float]:
    """Width and height."""
    return box[2] - box[0], box[3] - box[1]


def area(box: Box) -> float:
    """Square pixels."""
    return (box[2] - box[0]) * (box[3] - box[1])


def whole(box: Box) -> tuple[int, int, int, int]:
    """The box in whole pixels, none of them negative."""
    x0, y0, x1, y1 = (max(round(side), 0) for side in box)
    return x0, y0, x1, y1


def union(boxes: Iterable[Box]) -> Box:
    """The smallest box around all of them."""
    x0, y0, x1, y1 = zip(*boxes, strict=True)
    return min(x0), min(y0), max(x1), max(y1)


def overlap_x(a: Box, b: Box) -> float:
    """How far they share columns of pixels; negative: the gap between them."""
    return min(a[2], b[2]) - max(a[0], b[0])


def overlap_y(a: Box, b: Box) -> float:
    """How far they share rows of pixels; negative: the gap between them."""
    return min(a[3], b[3]) - max(a[1], b[1])


def overlapping(a: Box, b: Box) -> bool:
    """Do they share pixels?"""
    return overlap_x(a, b) > 0 and overlap_y(a, b) > 0


def within(inner: Box, outer: Box, slack: float) -> bool:
    """Does the one lie in the other, but for `slack` pixels on each side?"""
    return (
        outer[0] - slack <= inner[0]
        and inner[2] <= outer[2] + slack
        and outer[1] - slack <= inner[1]
        and inner[3] <= outer[3] + slack
    )


def centred_in(inner: Box, outer: Box, slack: float = 0.0) -> bool:
    """Does the middle of the one lie in the other, or within `slack` pixels of it?"""
    x, y = (inner[0] + inner[2]) / 2, (inner[1] + inner[3]) / 2
    return outer[0] - slack <= x <= outer[2] + slack and outer[1] - slack <= y <= outer[3] + slack


def same_row(a: Box, b: Box) -> bool:
    """Do they stand beside each other?"""
    return overlap_y(a, b) > 0.5 * min(a[3] - a[1], b[3] - b[1])


def rows(items: Sequence[Item]) -> list[list[Item]]:
    """The items that stand beside each other, from left to right; the rows from top to bottom."""
    found: list[list[Item]] = []
    for item in sorted(items, key=lambda item: item.box[1] + item.box[3]):
        if found and same_row(found[-1][0].box, item.box):
            found[-1].append(item)
        else:
            found.append([item])
    return [sorted(row, key=lambda item: item.box[0]) for row in found]


def clustered(
    items: Iterable[Thing], belong: Callable[[Thing, Thing], bool], merge: Callable[[Thing, Thing], Thing]
) -> list[Thing]:
    """The items, those that belong together merged into one; the merged may belong to more."""
    found: list[Thing] = []
    for item in items:
        i = 0
        while i < len(found):
            if belong(found[i], item):
                item = merge(found.pop(i), item)
                i = 0  # what has grown may now reach those passed before
            else:
                i += 1
        found.append(item)
    return found
