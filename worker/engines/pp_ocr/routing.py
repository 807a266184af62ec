"""How a page is to be read: by its text layer, by OCR and why, or not at all."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

from app.results.models import Route

from . import probe
from .layer import drawings, pictures
from .layer.textlayer import TextLayer
from .model.boxes import sides
from .model.frame import Frame, Raster, near_blank, render

COVERING, BACKGROUND = 0.05, 0.8
"""Share of the page that pictures cover: from the first on they may hold its text, with the second they are it."""
FEW_CHARS = 200
"""Characters on a page that is a picture: a stamp, a page number, the notice of an archive."""
LIGHT = 150
"""Tone of grey paper, at least."""
LEAST_SHAPES = 30
"""Curved shapes, small as letters, that may be text drawn as outlines."""
LARGEST_LETTER = 60
"""Pixels."""
UNMAPPED = re.compile("[\x00-\x01\x03-\x1f\x7f-\x9f\ufffd\ue000-\uefff]|\\(cid:\\d+\\)")
MOST_UNMAPPED = 0.1
"""Share of the characters."""


@dataclass(frozen=True, slots=True)
class Routing:
    """How to read a page; `reason` is why it needs OCR."""

    route: Route
    reason: str | None = None


def is_empty(page: pdfium.PdfPage) -> bool:
    """Is there nothing on the page, not even something white?"""
    return bool(pdfium_c.FPDFPage_CountObjects(page) <= 0 and pdfium_c.FPDFPage_GetAnnotCount(page) <= 0)


def route(page: pdfium.PdfPage, frame: Frame, layer: TextLayer, *, garbled: bool | None) -> Routing:
    """The page's route. `garbled` is what the survey found about the document's text; None if it did not ask."""
    text = "".join(line.text for line in layer.lines)
    if layer.unseen.positions and _hidden(page):
        return Routing("ocr", "invisible_text_layer")
    if not text:
        return _without_text(page, frame)
    if sum(map(len, UNMAPPED.findall(text))) > MOST_UNMAPPED * len(text):
        return Routing("ocr", "garbled_text_layer")
    if len(text) < FEW_CHARS and pictures.covered(page, frame) >= BACKGROUND and _is_paper(render(page, frame)):
        return Routing("ocr", "scanned")
    if garbled is not False and probe.doubtful(layer.lines):
        if garbled is None:
            garbled = probe.contradicts(layer.lines, layer.turn.raster(render(page, frame)))
        if garbled:
            return Routing("ocr", "garbled_text_layer")
    return Routing("text")


def _without_text(page: pdfium.PdfPage, frame: Frame) -> Routing:
    if pictures.covered(page, frame) >= COVERING:
        return Routing("ocr", "scanned")
    shapes = drawings.read(page, frame).strokes
    letters = [box for box in shapes if max(sides(box)) < LARGEST_LETTER]
    if len(letters) >= LEAST_SHAPES:
        return Routing("ocr", "vector_text")
    return Routing("blank" if near_blank(render(page, frame)) else "text")


def _is_paper(raster: Raster) -> bool:
    """Is it light in most places, as scanned paper is and photographs are not?"""
    return float((raster[::4, ::4].min(axis=2) > LIGHT).mean()) > 0.5


def _hidden(page: pdfium.PdfPage) -> bool:
    """Is none of the text painted, or all of it under a picture that is painted later? So OCR is laid under scans."""
    unseen = (pdfium_c.FPDF_TEXTRENDERMODE_INVISIBLE, pdfium_c.FPDF_TEXTRENDERMODE_CLIP)
    last_text = last_cover = -1
    kinds = [pdfium_c.FPDF_PAGEOBJ_TEXT, pdfium_c.FPDF_PAGEOBJ_IMAGE]
    size = page.get_width() * page.get_height()
    for i, item in enumerate(page.get_objects(filter=kinds, max_depth=4)):
        if item.type == pdfium_c.FPDF_PAGEOBJ_TEXT:
            if pdfium_c.FPDFTextObj_GetTextRenderMode(item) not in unseen:
                last_text = i
        elif last_text >= 0 and pictures.printed_area(item) >= BACKGROUND * size:
            last_cover = i
    return last_text < 0 or last_cover > last_text
