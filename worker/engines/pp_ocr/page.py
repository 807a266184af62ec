"""One page of a PDF to blocks and markdown, by its text layer or by OCR."""

import statistics
from collections.abc import Callable
from typing import Any

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

from app.results import Block, Page, Route

from . import markup, pictures, probe, scan, textlayer
from .blocks import Part, build, page_markdown
from .frame import Frame, Raster, near_white, render
from .furniture import set_apart
from .lines import Line, Measure
from .tables import place
from .textlayer import TextLayer

SaveImage = Callable[[str, bytes], None]

SURE_TEXT, SURE_SCAN = 1.15, 1.28
"""How much larger than the body a heading's type is: exact in a text layer, rough in a scan."""
COVERING = 0.5
"""Share of the page from which on one picture makes it a scan."""


def convert(page: pdfium.PdfPage, number: int, hint: dict[str, Any], save_image: SaveImage, *, max_pixels: int) -> Page:
    """The page as blocks; `number` counts from 1, `save_image` stores a picture under a name of ours."""
    frame = Frame.of(page, max_pixels)
    route = _route(page, frame, hint)
    garbled = "garbled" in (hint.get("reason") or "")
    layer = textlayer.read(page, frame) if route == "text" or garbled else None
    if layer and layer.lines and (garbled or probe.doubtful(layer.lines)):
        route = "text" if _sound(layer, render(page, frame)) else "ocr"
    if layer and layer.lines and route == "text":
        parts = _from_text(layer, number, frame, hint, _figures(page, number, frame, layer, save_image, max_pixels))
    elif route != "blank" and not near_white(raster := render(page, frame)):
        route, parts = "ocr", _from_scan(raster, number, frame)
    else:
        route, parts = "blank", []
    blocks = [Block(part.label, frame.clamp(part.box), part.content, i, part.level) for i, part in enumerate(parts)]
    reason = None
    if route == "ocr":
        reason = hint.get("reason") or ("garbled_text_layer" if layer and layer.lines else None)
    return Page(number, frame.width, frame.height, route, page_markdown(parts), blocks, route_reason=reason)


def _route(page: pdfium.PdfPage, frame: Frame, hint: dict[str, Any]) -> Route:
    """The hint's route, but for pages that pdf-inspector sends to OCR for having little or no text."""
    if pdfium_c.FPDFPage_CountObjects(page) <= 0 and pdfium_c.FPDFPage_GetAnnotCount(page) <= 0:
        return "blank"
    if hint.get("route") == "text":
        return "text"
    if hint.get("reason") not in (None, "scanned") or not textlayer.sane(page) or not textlayer.visible(page):
        return "ocr"
    return "ocr" if pictures.covered(page, frame) >= COVERING else "text"


def _sound(layer: TextLayer, raster: Raster) -> bool:
    return probe.unreadable(layer.lines) or not probe.contradicts(layer.lines, layer.turn.raster(raster))


def _from_text(layer: TextLayer, number: int, frame: Frame, hint: dict[str, Any], figures: list[Part]) -> list[Part]:
    measure = Measure.of(layer.lines, SURE_TEXT, hint["body"] * frame.scale if hint.get("body") else None)
    items = set_apart(place(layer.lines, hint.get("tables", ())), layer.turn.upright_height)
    parts = pictures.insert(build(items, measure, first_page=number == 1), figures)
    for part in parts:
        part.box = layer.turn.back(part.box)
    return parts


def _from_scan(raster: Raster, number: int, frame: Frame) -> list[Part]:
    found = scan.read(raster)
    lines = [item for item in found.items if isinstance(item, Line)]
    measure = Measure.of(lines, SURE_SCAN, statistics.median(line.size for line in lines) if lines else None)
    parts = build(set_apart(found.items, frame.height), measure, first_page=number == 1)
    for part in parts:
        part.box = found.back(part.box)
    return parts


def _figures(
    page: pdfium.PdfPage, number: int, frame: Frame, layer: TextLayer, save_image: SaveImage, max_pixels: int
) -> list[Part]:
    """The page's pictures, stored, as parts that lie as the upright text does."""
    placed: list[Part] = []
    for picture in pictures.figures(page, frame, [layer.turn.back(line.box) for line in layer.lines]):
        if (file := pictures.crop(page, frame, picture, layer.turn, max_pixels)) is not None:
            data, extension = file
            name = f"p{number:04d}_figure_{len(placed) + 1}.{extension}"
            save_image(name, data)
            placed.append(Part("image", layer.turn.upright(picture.box), name, markup.image(name)))
    return placed
