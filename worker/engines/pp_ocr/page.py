"""One page of a PDF to blocks and markdown, by its text layer or by OCR."""

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import pypdfium2 as pdfium

from app.results.layout import Layout, TableCell, TextLine
from app.results.models import Block, Page

from . import markup
from .document import AssemblyData
from .layer import annotations, drawings, elsewhere, links, pictures, textlayer, vectors, watermarks
from .layer.annotations import Entry
from .layer.textlayer import TextLayer
from .model import scripts
from .model.boxes import Box, centred_in, rows
from .model.frame import Frame, near_blank, render
from .model.lines import Line, Measure, clean
from .model.parts import Part
from .model.patterns import CAPTION
from .raster import legibility, scan
from .raster.figures import figures
from .routing import Routing, is_empty, route
from .structure.blocks import build
from .structure.code import with_listings
from .structure.entries import with_entries
from .structure.forms import with_values
from .structure.furniture import set_apart
from .structure.gutters import has_columns
from .structure.initials import with_initials, without_spaces
from .structure.line_numbers import without_line_numbers
from .structure.loose_markers import with_bullets
from .structure.order import order
from .structure.sequence import in_sequence
from .survey import Hint
from .tables.aligned import lift_aligned
from .tables.ruled import ruled
from .tables.table import Table, lift
from .tables.turned import take_heads, turned

SaveImage = Callable[[str, bytes], None]

SURE_TEXT, SURE_SCAN = 1.15, 1.28
"""How much larger than the body a heading's type is: exact in a text layer, rough in a scan."""


@dataclass(slots=True)
class Store:
    """Where a page's pictures go; none has more than `max_pixels`."""

    page: int
    save: SaveImage
    max_pixels: int
    count: int = 0

    def add(self, data: bytes, extension: str) -> str:
        """Stores a picture and returns its name."""
        self.count += 1
        name = f"p{self.page:04d}_figure_{self.count}.{extension}"
        self.save(name, data)
        return name


def convert(page: pdfium.PdfPage, number: int, hint: Hint, save_image: SaveImage, *, max_pixels: int) -> Page:
    """The page as blocks; `number` counts from 1, `save_image` stores a picture under a name of ours."""
    frame = pictures.legible(page, max_pixels)
    store = Store(number, save_image, max_pixels)
    parts: list[Part] = []
    lines: list[TextLine] = []
    warnings = elsewhere.warnings(page, number)
    notes: list[Entry] = []
    quarters = 0
    routing = Routing("blank")
    if not is_empty(page):
        page, typed = annotations.read(page, number, frame)
        layer = textlayer.read(page, frame, typed.painted)
        read, over = with_entries(layer.lines, typed.upright(layer.turn))
        layer = replace(layer, lines=read)
        notes = [*typed.notes, *(replace(entry, box=layer.turn.back(entry.box)) for entry in over)]
        if hidden := layer.unseen.warning():
            warnings.append(hidden)
        routing = route(page, frame, layer, garbled=hint.get("garbled"))
        if routing.route == "text":
            parts = _from_text(page, layer, number, frame, hint, store)
            quarters = 0 if layer.turn.stacked else layer.turn.quarters
            if watermark := watermarks.warning(layer.watermarks):
                warnings.append(watermark)
            lines = _placed(layer.lines, layer.turn.back, frame)
        elif routing.route == "ocr":
            raster = render(page, frame)
            if near_blank(raster):
                routing = Routing("blank")
            else:
                found = scan.read(raster)
                parts, quarters = _from_scan(found, number, store, warnings), found.turn.quarters
                lines = _placed(found.lines, found.back, frame)
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
        warnings,
        route_reason=routing.reason,
        confidence=_confidence(lines),
        for_assembly=data,
        layout=Layout(frame.dpi, lines, {i: _cells(part, frame) for i, part in enumerate(parts) if part.cells}),
    )


def _from_text(
    page: pdfium.PdfPage, layer: TextLayer, number: int, frame: Frame, hint: Hint, store: Store
) -> list[Part]:
    measure = Measure.of(layer.lines, SURE_TEXT, hint["body"] * frame.scale if hint.get("body") else None)
    turn = layer.turn
    drawn = drawings.read(page, frame).turned(turn)
    leads = links.read(page, frame, turn)
    lines, counts = without_line_numbers(with_initials(without_spaces(links.mark(layer.lines, leads))))
    lines = with_values(lines, drawn, measure)
    tables = [*ruled(lines, drawn.rules, drawn.panels), *turned(lines, drawn.rules, drawn.panels)]
    take_heads(tables, lines)
    sketches = vectors.figures(drawn, lines, [table.box for table in tables], turn.upright_width, turn.upright_height)
    items = lift_aligned(with_listings(_around(sketches, lines, tables), measure))
    items = set_apart(with_bullets(items, drawn, measure), turn.upright_height, measure)
    parts = in_sequence(build(items, measure, turn.upright_height, first_page=number == 1))
    found = pictures.figures(
        page, frame, [turn.back(line.box) for line in layer.lines], [turn.back(box) for box in sketches]
    )
    placed = [
        Part("image", turn.upright(picture.box), name)
        for picture in found
        if (file := pictures.crop(page, frame, picture, turn, store.max_pixels)) and (name := store.add(*file))
    ]
    parts = [*pictures.insert(parts, placed), *counts]
    for part in parts:
        part.move(turn.back)
        if part.label == "algorithm":
            part.content = scripts.bare(links.unmarked(part.content))
        else:
            part.content = scripts.resolved(links.resolved(part.content, leads))
        for cell in part.cells:
            cell.text = scripts.plain(links.unmarked(cell.text))
    return parts


def _from_scan(found: scan.Scan, number: int, store: Store, warnings: list[str]) -> list[Part]:
    height = found.raster.shape[0]
    usual = statistics.median(line.size for line in found.lines for _ in line.text) if found.lines else 1.0
    measure = Measure.of(found.lines, SURE_SCAN, usual)
    lines, counts = without_line_numbers(with_initials(without_spaces(found.lines)))
    lines = with_values(lines, drawings.Drawings(found.rules), measure)
    tables = ruled(lines, found.rules)
    captions = [line.box for line in lines if CAPTION.match(line.text)]
    boxes = figures(found.raster, found.texts, [table.box for table in tables], captions)
    placed = [Part("image", box, store.add(*pictures.encode(pictures.cut(found.raster, box)))) for box in boxes]
    unread = sum(not any(centred_in(text, box) for box in boxes) for text in found.unread)
    if warning := legibility.warning(unread, strange=found.strange):
        warnings.append(warning)
    items = set_apart([*_around(boxes, lines, tables), *placed], height, measure)
    margins = [item for item in items if isinstance(item, Part) and item.label in ("text", "number")]
    items = [item for item in items if item not in margins]
    if not has_columns(items, 0.9 * usual):  # what stands on a row belongs together
        items = lift_aligned([item for row in rows(items) for item in row])
    items = lift_aligned(order(items, 0.9 * usual, 0.7 * usual))
    head, foot = ([part for part in margins if (part.box[1] < height / 2) is top] for top in (True, False))
    parts = [*build([*head, *items, *foot], measure, height, first_page=number == 1), *counts]
    for part in parts:
        part.move(found.back)
    return parts


def _placed(lines: Sequence[Line], back: Callable[[Box], Box], frame: Frame) -> list[TextLine]:
    """The lines as results have them; `back` leads their boxes to the frame."""
    return [TextLine(scripts.plain(line.text), frame.clamp(back(line.box)), line.confidence) for line in lines]


def _cells(table: Part, frame: Frame) -> list[TableCell]:
    """The cells as results have them."""
    return [
        TableCell(cell.span.row, cell.span.column, cell.span.height, cell.span.width, frame.clamp(cell.box), cell.text)
        for cell in table.cells
    ]


def _confidence(lines: Sequence[TextLine]) -> float | None:
    """The mean of the lines that OCR has read; each counts as much as it has characters."""
    read = [(line.confidence, len(line.text)) for line in lines if line.confidence is not None]
    return round(sum(score * length for score, length in read) / sum(length for _, length in read), 3) if read else None


def _around(figures: Sequence[Box], lines: Sequence[Line], tables: Sequence[Table]) -> list[Line | Part]:
    """The lines but for the labels of figures, with tables in place of theirs."""
    return [
        item
        for item in lift(lines, tables)
        if isinstance(item, Part) or not any(centred_in(item.box, box, vectors.SLACK) for box in figures)
    ]
