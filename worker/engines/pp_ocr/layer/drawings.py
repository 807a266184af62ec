"""What is drawn on a page beside its text: rules, panels and vector pictures, from its paths."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

from ..model.boxes import Box, centred_in, sides, union
from ..model.frame import Frame, Turn
from ..model.rules import Rule
from .objects import Handle, Matrix, applied, bounds, matrix_of, times, transformed

MAX_OBJECTS = 6_000
"""More is a map or a plan; what comes after them is left out."""
MAX_SEGMENTS = 64
"""A path of more is a drawing, whatever its segments are."""
MAX_DEPTH = 4
THIN = 4.0
"""Pixels: a filled box that is no thicker is a rule."""
SQUARE = 32.0
"""Pixels: a stroked shape that is smaller on both sides frames no text."""
OBLONG = 1.3
"""How much longer one side of a box to tick is than the other, at most."""
BORDER = 12.0
"""Pixels: the thickest border of a frame."""
MOST_FRAME_SEGMENTS, NEAR_SIDE, FRAMED = 120, 4.0, 0.55
"""Of a frame with round corners: its segments, pixels they may be from its sides, the share of these they cover."""
SHORTEST = 8.0
"""Pixels: a shorter rule is a dash or a tick."""
WHITE, DARK = 250, 110
"""Tones from 0 to 255."""


@dataclass(slots=True)
class Drawings:
    """Rules, filled boxes that are not white, the dark ones of them, and the boxes of everything else that is drawn.

    `frames` are boxes with round corners, filled or not, and `squares` those of the strokes that are boxes to tick.
    All in pixels of the frame.
    """

    rules: list[Rule] = field(default_factory=list)
    panels: list[Box] = field(default_factory=list)
    bars: list[Box] = field(default_factory=list)
    strokes: list[Box] = field(default_factory=list)
    frames: list[Box] = field(default_factory=list)
    squares: list[Box] = field(default_factory=list)

    def turned(self, turn: Turn) -> Drawings:
        """The same for text that is turned upright."""
        return Drawings(
            [Rule.along(turn.upright(rule.box)) for rule in self.rules],
            [turn.upright(box) for box in self.panels],
            [turn.upright(box) for box in self.bars],
            [turn.upright(box) for box in self.strokes],
            [turn.upright(box) for box in self.frames],
            [turn.upright(box) for box in self.squares],
        )

    def without(self, regions: Sequence[Box]) -> Drawings:
        """The same but for what lies in the regions."""

        def outside(box: Box) -> bool:
            return not any(centred_in(box, region) for region in regions)

        return Drawings(
            [rule for rule in self.rules if outside(rule.box)],
            *(
                list(filter(outside, boxes))
                for boxes in (self.panels, self.bars, self.strokes, self.frames, self.squares)
            ),
        )


def read(page: pdfium.PdfPage, frame: Frame) -> Drawings:
    """The page's paths, those within forms too."""
    found = Drawings()
    for index, (path, matrix) in enumerate(_paths(page, frame, found.strokes)):
        if index == MAX_OBJECTS:
            break
        _classify(path, matrix, found, frame)
    return found


def _paths(page: pdfium.PdfPage, frame: Frame, strokes: list[Box]) -> Iterator[tuple[Handle, Matrix]]:
    """All paths, each with the way from its own points to the frame's pixels; shadings go to `strokes`."""

    def walk(
        count: int, get: Callable[[Handle, int], Handle], owner: Handle, matrix: Matrix, depth: int
    ) -> Iterator[tuple[Handle, Matrix]]:
        for i in range(count):
            item = get(owner, i)
            kind = pdfium_c.FPDFPageObj_GetType(item)
            if kind == pdfium_c.FPDF_PAGEOBJ_PATH:
                yield item, matrix
            elif kind == pdfium_c.FPDF_PAGEOBJ_SHADING:
                strokes.append(transformed(bounds(item), matrix))
            elif kind == pdfium_c.FPDF_PAGEOBJ_FORM and depth < MAX_DEPTH:
                inner, own = pdfium_c.FPDFFormObj_CountObjects(item), matrix_of(item)
                yield from walk(inner, pdfium_c.FPDFFormObj_GetObject, item, times(own, matrix), depth + 1)

    count = pdfium_c.FPDFPage_CountObjects(page)
    yield from walk(count, pdfium_c.FPDFPage_GetObject, page, frame.matrix, 0)


def _classify(path: Handle, matrix: Matrix, found: Drawings, frame: Frame) -> None:
    box = transformed(bounds(path), matrix)
    if box[2] < 0 or box[3] < 0 or box[0] > frame.width or box[1] > frame.height:
        return
    fill, stroke = _tones(path)
    filled, stroked = fill < WHITE, stroke < WHITE
    if not filled and not stroked:
        return
    if min(sides(box)) <= THIN:
        if max(sides(box)) >= SHORTEST:
            found.rules.append(Rule.along(box))
        elif stroked:
            found.strokes.append(box)
        return
    if max(sides(box)) < SQUARE and stroked:
        found.strokes.append(box)
        if max(sides(box)) < OBLONG * min(sides(box)) and len(_one(_edges(path, matrix))) in (3, 4):
            found.squares.append(box)
        return
    parts = _edges(path, matrix)
    edges = [edge for part in parts or () for edge in part]
    if parts is None:
        (found.frames if _is_frame(path, matrix, box) else found.strokes).append(box)
    elif filled and not _is_ring(parts):
        panels = [_around(part) for part in parts if part]
        found.panels += panels
        if fill < DARK:
            found.bars += panels
        if stroked:
            found.rules += edges
    else:
        found.rules += [edge for edge in edges if edge.length >= SHORTEST]


def _one(parts: Sequence[Sequence[Rule]] | None) -> Sequence[Rule]:
    """The edges of a path of one part; none where it has more, or is no polygon of level and upright edges."""
    return parts[0] if parts and len(parts) == 1 else ()


def _is_ring(parts: Sequence[Sequence[Rule]]) -> bool:
    """Is it what lies between two boxes, one closely in the other: a border?"""
    if len(parts) != 2 or not all(parts):
        return False
    a, b = _around(parts[0]), _around(parts[1])
    return all(abs(x - y) < BORDER for x, y in zip(a, b, strict=True))


def _is_frame(path: Handle, matrix: Matrix, box: Box) -> bool:
    """Is it a box with round corners? Then most of its outline is level or upright, along the sides of the box."""
    count = pdfium_c.FPDFPath_CountSegments(path)
    if count > MOST_FRAME_SEGMENTS:
        return False
    combined = times(matrix_of(path), matrix)
    x, y = ctypes.c_float(), ctypes.c_float()
    here, along = (0.0, 0.0), 0.0
    for i in range(count):
        segment = pdfium_c.FPDFPath_GetPathSegment(path, i)
        pdfium_c.FPDFPathSegment_GetPoint(segment, x, y)
        point = applied(combined, x.value, y.value)
        if pdfium_c.FPDFPathSegment_GetType(segment) == pdfium_c.FPDF_SEGMENT_LINETO:
            dx, dy = abs(here[0] - point[0]), abs(here[1] - point[1])
            side = min(abs(point[0] - box[0]), abs(point[0] - box[2])) < NEAR_SIDE and dx < 1.0
            end = min(abs(point[1] - box[1]), abs(point[1] - box[3])) < NEAR_SIDE and dy < 1.0
            along += max(dx, dy) if side or end else 0.0
        here = point
    return along > FRAMED * 2 * sum(sides(box))


def _around(edges: Sequence[Rule]) -> Box:
    return union(edge.box for edge in edges)


def _edges(path: Handle, matrix: Matrix) -> list[list[Rule]] | None:
    """The segments of the path's parts as rules; None where one of them is slanted or bent."""
    count = pdfium_c.FPDFPath_CountSegments(path)
    if not 0 < count <= MAX_SEGMENTS:
        return None
    combined = times(matrix_of(path), matrix)
    x, y = ctypes.c_float(), ctypes.c_float()
    parts: list[list[Rule]] = []
    here = start = (0.0, 0.0)
    for i in range(count):
        segment = pdfium_c.FPDFPath_GetPathSegment(path, i)
        kind = pdfium_c.FPDFPathSegment_GetType(segment)
        pdfium_c.FPDFPathSegment_GetPoint(segment, x, y)
        point = applied(combined, x.value, y.value)
        if kind == pdfium_c.FPDF_SEGMENT_MOVETO:
            start = point
            parts.append([])
        elif kind == pdfium_c.FPDF_SEGMENT_LINETO:
            steps = [(here, point)]
            if pdfium_c.FPDFPathSegment_GetClose(segment):
                steps.append((point, start))
            for a, b in steps:
                dx, dy = abs(a[0] - b[0]), abs(a[1] - b[1])
                if min(dx, dy) > 1.0:
                    return None
                if max(dx, dy) > 1.0:
                    parts[-1].append(Rule.along((min(a[0], b[0]), min(a[1], b[1]), max(a[0], b[0]), max(a[1], b[1]))))
        else:
            return None
        here = point
    return parts


def _tones(path: Handle) -> tuple[int, int]:
    """How dark it is filled and stroked, from 0 to 255; white where it is not."""
    fill, stroke = ctypes.c_int(), ctypes.c_int()
    pdfium_c.FPDFPath_GetDrawMode(path, fill, stroke)
    return (
        _tone(path, pdfium_c.FPDFPageObj_GetFillColor) if fill.value != pdfium_c.FPDF_FILLMODE_NONE else 255,
        _tone(path, pdfium_c.FPDFPageObj_GetStrokeColor) if stroke.value else 255,
    )


def _tone(path: Handle, ask: Callable[..., int]) -> int:
    """The darkest of red, green and blue; white for what is transparent."""
    red, green, blue, alpha = (ctypes.c_uint() for _ in range(4))
    if not ask(path, red, green, blue, alpha):
        return 0  # a pattern or a shading
    return min(red.value, green.value, blue.value) if alpha.value > 8 else 255
