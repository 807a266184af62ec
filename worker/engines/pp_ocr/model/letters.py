"""Rows of shapes that look like letters: they say where something may be written, before anything is read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from .boxes import Box, clustered, overlapping, sides, union

SHORTEST, TALLEST, WIDEST = 5, 70, 110
"""Pixels: the sides of letters."""
REACH = 0.7
"""Heights of a letter by which it reaches out for the next one, on both sides."""
CORE = 0.3
"""Share of a letter's height, above and below, that does not count: lines that are set tight touch there."""
FEWEST, LEAST_WIDTHS = 6, 3
"""Letters of a row, and different widths among them: the marks of a chart are all alike."""
MOST = 20_000
LEADING = 1.5
"""Heights of a row between it and the next one of the same text, at most."""

Boxes = npt.NDArray[np.float64]
"""Boxes x 4."""


@dataclass(frozen=True, slots=True)
class Row:
    """Where the row is, and how many letters it has."""

    box: Box
    letters: int


def are_letters(boxes: Boxes) -> npt.NDArray[np.bool_]:
    """Which of the shapes have the size and proportions of letters."""
    width, height = boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1]
    return np.asarray(
        (height >= SHORTEST) & (height <= TALLEST) & (width >= 2) & (width <= WIDEST) & (width < 4 * height), np.bool_
    )


def rows_of(boxes: Boxes) -> list[Row]:
    """The shapes that stand beside each other as letters do, in rows."""
    boxes = boxes[are_letters(boxes)][:MOST]
    if len(boxes) < FEWEST:
        return []
    left, top = boxes[:, 0].min() - 2 * TALLEST, boxes[:, 1].min()
    boxes = boxes - np.array([left, top, left, top])
    mask = np.zeros(np.ceil(boxes.max(axis=0)[[3, 2]]).astype(int) + 2 * TALLEST, np.uint8)
    height = boxes[:, 3] - boxes[:, 1]
    reach = np.stack([-REACH * height, CORE * height, REACH * height, -CORE * height], axis=1)
    for x0, y0, x1, y1 in np.round(boxes + reach).astype(int).tolist():
        mask[y0 : y1 + 1, x0 : x1 + 1] = 1
    _, labels = cv2.connectedComponents(mask, connectivity=4)
    middles = ((boxes[:, :2] + boxes[:, 2:]) / 2).astype(int)
    group = labels[middles[:, 1], middles[:, 0]]
    ranks = np.argsort(group, kind="stable")
    found = []
    for members in np.split(boxes[ranks], np.flatnonzero(np.diff(group[ranks])) + 1):
        if len(members) >= FEWEST and len(np.unique((members[:, 2] - members[:, 0]).round())) >= LEAST_WIDTHS:
            x0, y0 = members[:, :2].min(axis=0).tolist()
            x1, y1 = members[:, 2:].max(axis=0).tolist()
            found.append(Row((x0 + left, y0 + top, x1 + left, y1 + top), len(members)))
    return found


def letters_in(rows: Sequence[Row]) -> int:
    """How many letters the rows have."""
    return sum(row.letters for row in rows)


def texts_of(rows: Sequence[Row]) -> list[Row]:
    """Rows that stand closely together as one, with some of the white around them."""
    return clustered((Row(_widened(row.box), row.letters) for row in rows), _belong, _merged)


def _widened(box: Box) -> Box:
    reach = LEADING / 2 * min(sides(box))
    return box[0] - reach, box[1] - reach, box[2] + reach, box[3] + reach


def _belong(a: Row, b: Row) -> bool:
    return overlapping(a.box, b.box)


def _merged(a: Row, b: Row) -> Row:
    return Row(union((a.box, b.box)), a.letters + b.letters)
