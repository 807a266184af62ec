"""One page of a PDF to blocks and markdown, by its text layer or by OCR."""

from collections.abc import Sequence
from dataclasses import replace

import pypdfium2 as pdfium

from app.results.layout import Layout, TextLine
from app.results.models import Block, Page

from . import markup, probe
from .document import AssemblyData
from .layer import annotations, drawings, elsewhere, pictures, textlayer, watermarks
from .layer.annotations import Entry
from .layer.textlayer import TextLayer
from .model.boxes import area, centred_in
from .model.frame import Sheet
from .model.lines import Line, clean
from .model.parts import Part
from .output import SaveImage, Store, mean_confidence, table_cells, text_lines
from .regions import Piece, read_regions
from .routing import Routing, is_empty, route
from .structure.entries import with_entries
from .survey import Hint
from .text_page import parts_from_text


def convert(page: pdfium.PdfPage, number: int, hint: Hint, save_image: SaveImage, *, max_pixels: int) -> Page:
    """The page as blocks; `number` counts from 1, `save_image` stores a picture under a name of ours."""
    frame = pictures.legible(page, max_pixels)
    store = Store(number, save_image, max_pixels, elsewhere.warnings(page, number))
    parts: list[Part] = []
    lines: list[TextLine] = []
    notes: list[Entry] = []
    quarters = 0
    routing = Routing("blank")
    if not is_empty(page):
        page, typed = annotations.read(page, number, frame)
        sheet, layer = Sheet(page, frame), textlayer.read(page, frame, typed.painted)
        read, over = with_entries(layer.lines, typed.upright(layer.turn))
        layer = replace(layer, lines=read)
        notes = [*typed.notes, *(replace(entry, box=layer.turn.back(entry.box)) for entry in over)]
        if hidden := layer.unseen.warning():
            store.warnings.append(hidden)
        drawn, images = drawings.read(page, frame), pictures.images(page, frame)
        routing = route(sheet, layer, drawn, images, garbled=hint.get("garbled"))
        if routing.garbled:
            layer = replace(layer, lines=_corrected(layer, routing, sheet, store))
        pieces = read_regions(routing.regions, sheet, layer, store)
        routing = _with_outcome(routing, pieces, layer)
        if routing.route == "ocr":
            parts, quarters = pieces[0].parts, pieces[0].quarters
        elif routing.route != "blank":
            parts = parts_from_text(sheet, layer, drawn, images, pieces, hint, store)
            quarters = 0 if layer.turn.stacked else layer.turn.quarters
        lines = [*text_lines(layer.lines, layer.turn.back, frame), *(line for piece in pieces for line in piece.lines)]
        if watermark := watermarks.warning(layer.watermarks):
            store.warnings.append(watermark)
    if notes:
        parts = pictures.insert(parts, [Part("text", note.box, markup.paragraph(clean(note.text))) for note in notes])
        routing = Routing("text") if routing.route == "blank" else routing
    blocks = [
        Block(part.label, frame.clamp(part.box), part.content, i, part.level, part.marker)
        for i, part in enumerate(parts)
    ]
    markdown = markup.blocks((block.label, markup.block(block)) for block in blocks)
    data: AssemblyData = {
        "sizes": [part.size for part in parts],
        "turn": quarters,
        "blocks": [(part.label, part.level, part.marker) for part in parts],
    }
    return Page(
        number,
        frame.width,
        frame.height,
        routing.route,
        markdown,
        blocks,
        store.warnings,
        route_reason=routing.reason,
        confidence=mean_confidence(lines),
        for_assembly=data,
        layout=Layout(frame.dpi, lines, {i: table_cells(part, frame) for i, part in enumerate(parts) if part.cells}),
    )


def _corrected(layer: TextLayer, routing: Routing, sheet: Sheet, store: Store) -> list[Line]:
    """The layer's lines, with the garbled ones as they are printed; those in regions to be read are left to these."""
    wrong = {id(line) for line in routing.garbled}
    boxes = [layer.turn.upright(region.box) for region in routing.regions]
    apart = [line for line in routing.garbled if not any(centred_in(line.box, box) for box in boxes)]
    read = dict(zip(map(id, apart), probe.reread(apart, layer.turn.raster(sheet.raster)), strict=True))
    if warning := probe.warning(sum(line is None for line in read.values())):
        store.warnings.append(warning)
    corrected = (read.get(id(line)) if id(line) in wrong else line for line in layer.lines)
    return [line for line in corrected if line is not None]


def _with_outcome(routing: Routing, pieces: Sequence[Piece], layer: TextLayer) -> Routing:
    """The route, now that its regions are read: they may have turned out to be pictures."""
    if not routing.regions:
        return routing
    if not pieces:
        return Routing("mixed", "garbled_text_layer") if routing.garbled else Routing("text")
    largest = max(pieces, key=lambda piece: area(piece.region.box))
    whole = len(pieces) == 1 and len(largest.known) == len(layer.lines)
    return Routing("ocr" if whole else "mixed", largest.region.reason)
