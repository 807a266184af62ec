"""What PDFium says about the objects of a page: where they lie, and how their own points lead to the page's."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from typing import Any

import pypdfium2.raw as pdfium_c

from ..model.boxes import Box

Matrix = tuple[float, float, float, float, float, float]
Handle = Any
"""A pointer of PDFium's."""
IDENTITY: Matrix = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)
SIDES = [ctypes.c_float() for _ in range(4)]
AT_SIDES = [ctypes.byref(side) for side in SIDES]
"""Made once: objects are asked by the thousand, and PDFium has one thread only."""


def address(handle: Handle) -> int:
    """What tells an object from others; 0 for none."""
    return ctypes.addressof(handle.contents) if handle else 0


def bounds(item: Handle) -> Box:
    """Left, bottom, right and top in the space of the page or form that holds the object."""
    pdfium_c.FPDFPageObj_GetBounds(item, *AT_SIDES)
    left, bottom, right, top = SIDES
    return left.value, bottom.value, right.value, top.value


def matrix_of(item: Handle) -> Matrix:
    """The way from the object's own points to those of what holds it."""
    matrix = pdfium_c.FS_MATRIX()
    pdfium_c.FPDFPageObj_GetMatrix(item, matrix)
    return matrix.a, matrix.b, matrix.c, matrix.d, matrix.e, matrix.f


def times(first: Matrix, then: Matrix) -> Matrix:
    """One way after the other."""
    a, b, c, d, e, f = first
    ta, tb, tc, td, te, tf = then
    return (
        a * ta + b * tc,
        a * tb + b * td,
        c * ta + d * tc,
        c * tb + d * td,
        e * ta + f * tc + te,
        e * tb + f * td + tf,
    )


def applied(matrix: Matrix, x: float, y: float) -> tuple[float, float]:
    """Where the point leads to."""
    a, b, c, d, e, f = matrix
    return a * x + c * y + e, b * x + d * y + f


def transformed(box: Sequence[float], matrix: Matrix) -> Box:
    """The box around the place that a box leads to."""
    left, bottom, right, top = box
    a, b, c, d, e, f = matrix
    if b == c == 0 and a > 0 and d > 0:  # as nearly always
        return a * left + e, d * bottom + f, a * right + e, d * top + f
    corners = [applied(matrix, x, y) for x in (left, right) for y in (bottom, top)]
    xs, ys = [x for x, _ in corners], [y for _, y in corners]
    return min(xs), min(ys), max(xs), max(ys)
