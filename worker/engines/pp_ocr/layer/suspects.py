"""Text objects of a page that may not show, by signs that cost little."""

from __future__ import annotations

import ctypes
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

from ..model.boxes import Box, sides
from .objects import IDENTITY, Handle, Matrix, address, bounds, matrix_of, times, transformed

Reason = Literal["invisible", "stencil", "layer", "clipped", "covered", "faint", "tiny"]
"""Why text may not show: its mode paints nothing, or only lets other things through; its layer is switched off; it lies
outside of its clipping path, or under something painted later; it has the colour of what it stands on; or it is smaller
than print can be."""
Colour = tuple[int, int, int]
NO_COLOUR: Colour = (-255, -255, -255)
"""Of a pattern, a shading or an image."""

MAX_OBJECTS, MAX_TEXTS, MAX_COVERS, MAX_DEPTH = 100_000, 20_000, 4_000, 8
"""What comes after so many objects of a page, or lies in so many forms, is not examined."""
BLOCK = 500_000
"""Pairs of a text and a shape that are looked at together."""
MAX_MARKS, MAX_CLIPS, MAX_CLIP_POINTS = 8, 8, 64
"""Of one object. A clipping path of more points is some shape."""
FAINT_TONE, FAINT_ALPHA, OPAQUE = 220, 40, 240
"""From 0 to 255: what is lighter, or more transparent, may not show on paper; what is less opaque hides nothing."""
NEAR_COLOUR = 24
"""Tones between a text and its ground, at most, where it may be lost on it."""
THINNEST = 3.0
"""Points: a thinner shape hides no text."""
COVERED = 0.25
"""Share of a text's box from which on a shape painted over it may hide some of it."""
BESIDE, ABOVE = 0.3, 0.4
"""How far, in its heights, text may stand out of its clipping path: beside it, above and below it."""
SMALLEST_TYPE, SMALL_PAGE = 1.0, 400.0
"""Points: smaller type cannot be read in print. A page whose sides are shorter may be printed larger than it is."""
LAYER_MARK = "OC\0".encode("utf-16-le")
NOWHERE: Box = (0.0, 0.0, 0.0, 0.0)
EVERYWHERE: Box = (-1e9, -1e9, 1e9, 1e9)


@dataclass(slots=True)
class TextObject:
    """A text object, its place in points of the page and its colour.

    `order` is its number in the order of painting, `form` that of the form it stands in, 0 for none. `twins` are
    objects with the same text in the same place of which PDFium lists one's characters only.
    """

    handle: Handle
    box: Box
    order: int
    form: int
    colour: Colour
    reason: Reason | None = None
    twins: list[Handle] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Cover:
    """A filled shape or an image: what may hide text under it, or be the ground of text."""

    box: Box
    order: int
    colour: Colour


@dataclass(slots=True)
class Suspects:
    """The texts of a page, in the order of painting, and its images' places, in points."""

    texts: list[TextObject] = field(default_factory=list)
    images: list[Box] = field(default_factory=list)

    def doubtful(self) -> list[TextObject]:
        """Those that have a reason."""
        return [text for text in self.texts if text.reason]

    def witnesses(self) -> list[TextObject]:
        """One text of each form, of those without a reason. A form may be switched off: only painting it tells."""
        first: dict[int, TextObject] = {}
        for text in self.texts:
            if text.form and not text.reason and text.box[0] < text.box[2] and text.box[1] < text.box[3]:
                first.setdefault(text.form, text)
        return list(first.values())


def look(page: pdfium.PdfPage) -> Suspects:
    """The page's texts, each with the first reason why it may not show."""
    walk = _Walk(SMALLEST_TYPE * min(1.0, max(page.get_size()) / SMALL_PAGE))
    count = pdfium_c.FPDFPage_CountObjects(page)
    walk.through(count, pdfium_c.FPDFPage_GetObject, page, IDENTITY, EVERYWHERE)
    if all(text.reason == "tiny" for text in walk.found.texts):
        for text in walk.found.texts:  # a page in other units than points, which PDFium does not tell
            text.reason = None
    _doubt_covered(walk.found.texts, walk.covers)
    return walk.found


class _Walk:
    """Through the objects of a page and its forms, in the order of painting."""

    def __init__(self, smallest: float) -> None:
        self.found = Suspects()
        self.covers: list[Cover] = []
        self._smallest = smallest
        self._order = self._forms = 0
        self._clips: dict[tuple[int, ...], tuple[Box, bool]] = {}
        self._layered: dict[int, bool] = {}
        self._red, self._green, self._blue, self._alpha = parts = [ctypes.c_uint() for _ in range(4)]
        self._parts = [ctypes.byref(part) for part in parts]

    def through(
        self,
        count: int,
        get: Callable[[Handle, int], Handle],
        owner: Handle,
        matrix: Matrix,
        clip: Box,
        form: int = 0,
        depth: int = 0,
    ) -> None:
        """`matrix` leads from the owner's points to the page's; `clip` is where on the page the owner may paint."""
        for i in range(count):
            if self._order == MAX_OBJECTS:
                return
            self._order += 1
            item = get(owner, i)
            kind = pdfium_c.FPDFPageObj_GetType(item)
            if kind == pdfium_c.FPDF_PAGEOBJ_TEXT:
                if len(self.found.texts) < MAX_TEXTS:
                    self._add_text(item, matrix, clip, form)
            elif kind != pdfium_c.FPDF_PAGEOBJ_FORM:
                if len(self.covers) < MAX_COVERS:
                    self._add_cover(item, kind, matrix, clip)
            elif depth < MAX_DEPTH:
                self._forms += 1
                inner, lead = pdfium_c.FPDFFormObj_CountObjects(item), times(matrix_of(item), matrix)
                shown, _ = self._clip(item, matrix, clip)
                self.through(inner, pdfium_c.FPDFFormObj_GetObject, item, lead, shown, self._forms, depth + 1)

    def _add_text(self, item: Handle, matrix: Matrix, clip: Box, form: int) -> None:
        mode = pdfium_c.FPDFTextObj_GetTextRenderMode(item)
        outlined = mode in (pdfium_c.FPDF_TEXTRENDERMODE_STROKE, pdfium_c.FPDF_TEXTRENDERMODE_STROKE_CLIP)
        colour = self._colour(
            item, pdfium_c.FPDFPageObj_GetStrokeColor if outlined else pdfium_c.FPDFPageObj_GetFillColor
        )
        text = TextObject(item, transformed(bounds(item), matrix), self._order, form, colour)
        if mode == pdfium_c.FPDF_TEXTRENDERMODE_INVISIBLE:
            text.reason = "invisible"
        elif mode == pdfium_c.FPDF_TEXTRENDERMODE_CLIP:
            text.reason = "stencil"
        elif min(colour) >= FAINT_TONE or self._alpha.value < FAINT_ALPHA:
            text.reason = "faint"
        elif self._is_layered(item):
            text.reason = "layer"
        elif self._is_clipped(item, text.box, matrix, clip):
            text.reason = "clipped"
        elif min(sides(text.box)) < self._smallest and self._is_tiny(item, matrix):
            text.reason = "tiny"
        self.found.texts.append(text)

    def _add_cover(self, item: Handle, kind: int, matrix: Matrix, clip: Box) -> None:
        colour = NO_COLOUR
        if kind == pdfium_c.FPDF_PAGEOBJ_PATH:
            fill, stroke = ctypes.c_int(), ctypes.c_int()
            pdfium_c.FPDFPath_GetDrawMode(item, fill, stroke)
            if fill.value == pdfium_c.FPDF_FILLMODE_NONE:
                return
        box = transformed(bounds(item), matrix)
        if min(sides(box)) < THINNEST:
            return
        if kind == pdfium_c.FPDF_PAGEOBJ_PATH:
            colour = self._colour(item, pdfium_c.FPDFPageObj_GetFillColor)
            if self._alpha.value < OPAQUE:
                return
        shown, _ = self._clip(item, matrix, clip)
        box = _common(box, shown)
        if min(sides(box)) >= THINNEST:
            self.covers.append(Cover(box, self._order, colour))
            if kind == pdfium_c.FPDF_PAGEOBJ_IMAGE:
                self.found.images.append(box)

    def _colour(self, item: Handle, ask: Callable[..., int]) -> Colour:
        """The colour; its opacity is left in `_alpha`."""
        if not ask(item, *self._parts):
            self._alpha.value = 255
            return NO_COLOUR
        return self._red.value, self._green.value, self._blue.value

    def _is_tiny(self, item: Handle, matrix: Matrix) -> bool:
        size = ctypes.c_float()
        pdfium_c.FPDFTextObj_GetFontSize(item, size)
        _, _, c, d, _, _ = times(matrix_of(item), matrix)
        return size.value * math.hypot(c, d) < self._smallest

    def _is_layered(self, item: Handle) -> bool:
        """Does it belong to a layer, switched on or off?"""
        count = pdfium_c.FPDFPageObj_CountMarks(item)
        if count <= 0:
            return False
        innermost = address(pdfium_c.FPDFPageObj_GetMark(item, count - 1))  # which has the same marks around it always
        known = self._layered.get(innermost)
        if known is None:
            marks = range(max(count - MAX_MARKS, 0), count)
            known = any(_is_layer(pdfium_c.FPDFPageObj_GetMark(item, i)) for i in marks)
            self._layered[innermost] = known
        return known

    def _is_clipped(self, item: Handle, box: Box, matrix: Matrix, clip: Box) -> bool:
        """May some of the text be cut off?"""
        shown, is_box = self._clip(item, matrix, clip)
        if not is_box:
            return True
        height = box[3] - box[1]
        beside, above = BESIDE * height, ABOVE * height
        return not (
            shown[0] - beside <= box[0]
            and box[2] <= shown[2] + beside
            and shown[1] - above <= box[1]
            and box[3] <= shown[3] + above
        )

    def _clip(self, item: Handle, matrix: Matrix, clip: Box) -> tuple[Box, bool]:
        """The box around where the object may paint, in points of the page, and whether that is all of the box."""
        path = pdfium_c.FPDFPageObj_GetClipPath(item)
        count = pdfium_c.FPDFClipPath_CountPaths(path)
        if count <= 0:
            return clip, True
        # Objects that are clipped alike share the points.
        key = tuple(address(pdfium_c.FPDFClipPath_GetPathSegment(path, i, 0)) for i in range(min(count, MAX_CLIPS)))
        if key not in self._clips:
            self._clips[key] = _outline(path, len(key))
        own, is_box = self._clips[key]
        return _common(transformed(own, matrix), clip), is_box


def _is_layer(mark: Handle) -> bool:
    buffer, length = (ctypes.c_ushort * 4)(), ctypes.c_ulong()
    named = pdfium_c.FPDFPageObjMark_GetName(mark, buffer, ctypes.sizeof(buffer), length)
    return bool(named) and bytes(buffer)[: length.value] == LAYER_MARK


def _outline(path: Handle, count: int) -> tuple[Box, bool]:
    """The box around what lies in each of a clipping path's parts, and whether that is all of the box."""
    shown, is_box = EVERYWHERE, True
    x, y = ctypes.c_float(), ctypes.c_float()
    for i in range(count):
        total = pdfium_c.FPDFClipPath_CountPathSegments(path, i)
        points = []
        for k in range(min(total, MAX_CLIP_POINTS)):
            pdfium_c.FPDFPathSegment_GetPoint(pdfium_c.FPDFClipPath_GetPathSegment(path, i, k), x, y)
            points.append((x.value, y.value))
        if not points:
            return NOWHERE, True
        xs, ys = zip(*points, strict=True)
        own = min(xs), min(ys), max(xs), max(ys)
        corners = {(x, y) for x in own[::2] for y in own[1::2]}
        is_box = is_box and total == len(points) and corners >= set(points)
        shown = _common(shown, own)
    return shown, is_box


def _common(a: Box, b: Box) -> Box:
    """What the boxes share; a box without an extent where that is nothing."""
    x0, y0 = max(a[0], b[0]), max(a[1], b[1])
    return x0, y0, max(min(a[2], b[2]), x0), max(min(a[3], b[3]), y0)


def _doubt_covered(texts: list[TextObject], covers: list[Cover]) -> None:
    """Gives a reason to texts under what is painted later, and to those on a ground of their own colour."""
    texts = [text for text in texts if not text.reason]
    colours = list({text.colour for text in texts})
    covers = [
        cover
        for cover in covers
        if texts and (cover.order > texts[0].order or any(_are_near(cover.colour, colour) for colour in colours))
    ]
    if not covers:
        return
    grounds = np.array([cover.box for cover in covers], np.float32)
    orders = np.array([cover.order for cover in covers])
    like = {colour: np.array([_are_near(cover.colour, colour) for cover in covers]) for colour in colours}
    size = max(1, BLOCK // len(covers))
    for begin in range(0, len(texts), size):
        some = texts[begin : begin + size]
        boxes = np.array([text.box for text in some], np.float32)[:, None]
        across, down = (
            np.maximum(np.minimum(boxes[..., k + 2], grounds[:, k + 2]) - np.maximum(boxes[..., k], grounds[:, k]), 0)
            for k in (0, 1)
        )
        extents = (boxes[..., 2] - boxes[..., 0]) * (boxes[..., 3] - boxes[..., 1])
        over = across * down > COVERED * extents
        for i in np.flatnonzero(over.any(axis=1)).tolist():
            if (over[i] & (orders > some[i].order)).any():
                some[i].reason = "covered"
            elif (over[i] & like[some[i].colour]).any():
                some[i].reason = "faint"


def _are_near(a: Colour, b: Colour) -> bool:
    return max(abs(x - y) for x, y in zip(a, b, strict=True)) < NEAR_COLOUR
