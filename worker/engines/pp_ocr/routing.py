"""How a page is to be read: what its text layer explains by that, the rest by OCR and why, or not at all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

from app.results.models import Route

from . import probe
from .layer import pictures, vectors
from .layer.drawings import Drawings
from .layer.pictures import Picture
from .layer.textlayer import TextLayer
from .model.boxes import Box, area, centred_in, overlap_x, overlap_y, overlapping, sides, union
from .model.frame import Sheet, near_blank
from .model.letters import Row, letters_in, rows_of, texts_of
from .model.lines import Line
from .raster.unread_rows import letter_rows

COVERING, BACKGROUND = 0.05, 0.8
"""Share of the page that pictures cover: from the first on they may hold its text, with the second they are it."""
LEAST_SHAPES = 30
"""Curved shapes, small as letters, that may be text drawn as outlines."""
LARGEST_LETTER = 60
"""Pixels."""
LEAST_SHARE, LEAST_SIDES = 0.01, (60, 16)
"""Of a picture in which text may be: its share of the page, its longer and its shorter side in pixels."""
FEW_LETTERS, MANY_LETTERS = 12, 40
"""Letters beside the text layer from which on a scan, or a picture or drawing, is read."""
FEW_CHARS = 200
"""Characters of a text layer that may be those of a stamp, a page number, the notice of an archive."""
LONG_ROW, MOST_LONG, DENSE = 20, 0.6, 0.12
"""Letters of a row that is no label, the share of the letters that such rows have, and that of a picture's area that
rows cover, in pictures that are text."""
NEAR = 40
"""Pixels between a drawing and its labels."""
MOST_GARBLED = 0.5
"""Share of a page's characters: where more are garbled, nothing of the layer is kept."""


@dataclass(frozen=True, slots=True)
class Region:
    """What is read by OCR: a part of the page, in pixels of its frame, and why.

    In what is `pictorial`, text must be most of what there is: a chart with labels stays a picture.
    """

    box: Box
    reason: str
    pictorial: bool = False


@dataclass(frozen=True, slots=True)
class Routing:
    """How to read a page; `reason` is why it needs OCR, that of the largest region.

    `garbled` are lines of the text layer that do not say what is printed.
    """

    route: Route
    reason: str | None = None
    regions: Sequence[Region] = ()
    garbled: Sequence[Line] = ()


def is_empty(page: pdfium.PdfPage) -> bool:
    """Is there nothing on the page, not even something white?"""
    return bool(pdfium_c.FPDFPage_CountObjects(page) <= 0 and pdfium_c.FPDFPage_GetAnnotCount(page) <= 0)


def route(
    sheet: Sheet, layer: TextLayer, drawn: Drawings, images: Sequence[Picture], *, garbled: bool | None
) -> Routing:
    """The page's route. `garbled` is what the survey found about the document's text; None if it did not ask.

    `drawn` and `images` are what is painted beside the text.
    """
    text = "".join(line.text for line in layer.lines)
    if not text:
        return _without_text(sheet, layer, drawn, images)
    wrong = probe.garbled(layer.lines, lambda: layer.turn.raster(sheet.raster), garbled)
    if sum(len(line.text) for line in wrong) > MOST_GARBLED * len(text):
        return replace(_whole(sheet, "garbled_text_layer"), garbled=layer.lines)
    regions = [*_in_pictures(sheet, layer, images), *_outlined(sheet, layer, drawn, images)]
    if not regions:
        return Routing("mixed", "garbled_text_layer", garbled=wrong) if wrong else Routing("text")
    largest = max(regions, key=lambda region: area(region.box))
    if area(largest.box) >= BACKGROUND * area(sheet.box):
        return replace(_whole(sheet, largest.reason), garbled=wrong)
    return Routing("mixed", largest.reason, regions, wrong)


def _whole(sheet: Sheet, reason: str) -> Routing:
    return Routing("ocr", reason, [Region(sheet.box, reason)])


def _scanned(layer: TextLayer) -> str:
    """Why a page that is a picture is read: OCR programs lay their text under it, or over it unseen."""
    return "invisible_text_layer" if layer.unseen.positions else "scanned"


def _without_text(sheet: Sheet, layer: TextLayer, drawn: Drawings, images: Sequence[Picture]) -> Routing:
    if sum(image.area for image in pictures.joined(images)) >= COVERING * area(sheet.box):
        return Routing("blank") if near_blank(sheet.raster) else _whole(sheet, _scanned(layer))
    letters = [box for box in drawn.strokes if max(sides(box)) < LARGEST_LETTER]
    if len(letters) >= LEAST_SHAPES:
        return _whole(sheet, "vector_text")
    if near_blank(sheet.raster):
        return Routing("blank")
    if letters_in(letter_rows(sheet.raster)) >= FEW_LETTERS:  # what drawings and images do not tell: patterns, say
        return _whole(sheet, "vector_text")
    return Routing("text")


def _in_pictures(sheet: Sheet, layer: TextLayer, images: Sequence[Picture]) -> list[Region]:
    """The pictures with letters on them that the text layer does not have."""
    found = []
    texts = [layer.turn.back(line.box) for line in layer.lines]
    chars = sum(len(line.text) for line in layer.lines)
    for image in pictures.joined(images):
        if image.area < LEAST_SHARE * area(sheet.box) or any(
            side < least for side, least in zip(sorted(sides(image.box), reverse=True), LEAST_SIDES, strict=True)
        ):
            continue
        raster, left, top = sheet.part(image.box)
        known = [(x0 - left, y0 - top, x1 - left, y1 - top) for x0, y0, x1, y1 in texts]
        rows = letter_rows(raster, known)
        if image.area < BACKGROUND * area(sheet.box):
            if _are_text(rows, image.box):
                found.append(Region(image.box, "picture_of_text", pictorial=True))
        elif letters_in(rows) >= (FEW_LETTERS if chars < FEW_CHARS else MANY_LETTERS):
            found.append(Region(image.box, _scanned(layer)))
    return found


def _are_text(rows: Sequence[Row], box: Box) -> bool:
    """Are the letters in the box more than labels: long rows, or much of it?"""
    letters, long = letters_in(rows), letters_in([row for row in rows if row.letters >= LONG_ROW])
    return letters >= MANY_LETTERS and (
        long > MOST_LONG * letters or sum(area(row.box) for row in rows) > DENSE * area(box)
    )


def _outlined(sheet: Sheet, layer: TextLayer, drawn: Drawings, images: Sequence[Picture]) -> list[Region]:
    """Text that is drawn as shapes. What stands in a drawing, or beside one, belongs to it."""
    turn = layer.turn
    upright = drawn.turned(turn)
    known = [line.box for line in layer.lines]
    shapes = [box for box in upright.strokes if not any(centred_in(box, text) for text in known)]
    drawn_rows = [turn.back(row.box) for row in rows_of(np.array(shapes, np.float64).reshape(-1, 4))]
    if not drawn_rows:
        return []
    # Letters of straight lines are no shapes of their own: what is printed tells where the rows are.
    rows = letter_rows(sheet.raster, [*(turn.back(box) for box in known), *(image.box for image in images)])
    others = upright.without([turn.upright(row.box) for row in rows])
    sketches = vectors.figures(others, layer.lines, [], turn.upright_width, turn.upright_height)
    found = []
    for text in texts_of(rows):
        if text.letters < FEW_LETTERS or not any(overlapping(text.box, box) for box in drawn_rows):
            continue
        box = turn.upright(text.box)
        beside = [sketch for sketch in sketches if min(overlap_x(box, sketch), overlap_y(box, sketch)) > -NEAR]
        if not beside or _are_text([row for row in rows if overlapping(row.box, text.box)], text.box):
            found.append(Region(turn.back(union([box, *beside])), "vector_text", pictorial=bool(beside)))
    return found
