"""One page of a PDF to blocks and markdown, by its text layer or by OCR."""

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import pypdfium2 as pdfium

from app.results.layout import Layout, TableCell, TextLine
from app.results.models import Block, Page

from . import markup, probe
from .document import AssemblyData
from .layer import annotations, drawings, elsewhere, links, pictures, textlayer, vectors, watermarks
from .layer.annotations import Entry
from .layer.drawings import Drawings
from .layer.pictures import Picture
from .layer.textlayer import TextLayer
from .model import scripts
from .model.boxes import Box, area, centred_in, rows
from .model.frame import Frame, Sheet
from .model.lines import Line, Measure, clean
from .model.parts import Part
from .model.patterns import CAPTION
from .raster import legibility, scan
from .raster.figures import figures
from .raster.masking import only
from .routing import Region, Routing, is_empty, route
from .structure.blocks import build
from .structure.checkboxes import shown, with_checkboxes
from .structure.code import with_listings
from .structure.entries import with_entries
from .structure.forms import with_values
from .structure.formulas import warning as formulas_warning
from .structure.formulas import with_formulas
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
LARGER = 1.3
"""How much larger type is by OCR, which goes by the height of lines, than in a text layer."""
MOST_DRAWN, LEAST_OUTSIDE = 0.35, 0.6
"""Of a picture that is text: the share of its area that figures take at most, of its characters outside of them at
least."""
SENTENCE, MOST_SENTENCES, DENSE = 25, 0.75, 0.2
"""Characters of a line that is no label, the share of characters in such lines, and the share of the area that lines
cover where they are short."""


@dataclass(slots=True)
class Store:
    """Where a page's pictures and warnings go; no picture has more than `max_pixels`."""

    page: int
    save: SaveImage
    max_pixels: int
    warnings: list[str]
    count: int = 0

    def add(self, data: bytes, extension: str, kind: str = "figure") -> str:
        """Stores a picture and returns its name."""
        self.count += 1
        name = f"p{self.page:04d}_{kind}_{self.count}.{extension}"
        self.save(name, data)
        return name


@dataclass(frozen=True, slots=True)
class Piece:
    """A region as it was read: its parts and lines, on the frame, and by how many quarters it is turned.

    `known` are the lines of the text layer that it took in.
    """

    region: Region
    parts: list[Part]
    lines: list[TextLine]
    quarters: int
    known: Sequence[Line]


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
        pieces = _read(routing.regions, sheet, layer, store)
        routing = _with_outcome(routing, pieces, layer)
        if routing.route == "ocr":
            parts, quarters = pieces[0].parts, pieces[0].quarters
        elif routing.route != "blank":
            parts = _from_text(sheet, layer, drawn, images, pieces, hint, store)
            quarters = 0 if layer.turn.stacked else layer.turn.quarters
        lines = [*_placed(layer.lines, layer.turn.back, frame), *(line for piece in pieces for line in piece.lines)]
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
        confidence=_confidence(lines),
        for_assembly=data,
        layout=Layout(frame.dpi, lines, {i: _cells(part, frame) for i, part in enumerate(parts) if part.cells}),
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


def _read(regions: Sequence[Region], sheet: Sheet, layer: TextLayer, store: Store) -> list[Piece]:
    """The regions by OCR, but for pictures and those of which the text layer says all that can be read."""
    scans: list[tuple[Region, list[Line], scan.Scan]] = []
    for region in regions:
        known = [line for line in layer.lines if centred_in(layer.turn.back(line.box), region.box)]
        shown = only(sheet.raster, region.box, [layer.turn.back(line.box) for line in known])
        found = scan.read(layer.turn.raster(shown))  # few lines do not tell which way they run, the layer may
        scans.append((region, known, replace(found, turn=found.turn.after(layer.turn))))
    pieces = []
    # Letters drawn as shapes are of one size with the text around them; a picture has a scale of its own.
    drawn = [line for region, _, found in scans if region.reason == "vector_text" for line in found.lines]
    drawn += [replace(line, size=LARGER * line.size) for line in layer.lines]
    for region, known, found in scans:
        body = _usual(drawn if region.reason == "vector_text" else found.lines)
        is_ground = (
            region.box == sheet.box and _letters(found.lines) < _letters(known) and len(found.unread) < len(known)
        )
        if is_ground:
            known = []  # what stands on the ground has an order of its own
        placed = [
            replace(
                line,
                text=scripts.plain(line.text),
                box=found.upright(layer.turn.back(line.box)),
                size=LARGER * line.size,
                words=(),
            )
            for line in known
        ]
        most = _letters(found.lines) >= _letters(layer.lines)
        whole = replace(found, lines=[*found.lines, *placed])
        parts = _from_scan(whole, region, body, store, titled=most, illustrated=not is_ground)
        if parts is not None and (found.lines or not layer.lines):
            lines = _placed(found.lines, found.back, sheet.frame)
            pieces.append(Piece(region, parts, lines, found.turn.quarters, known))
    return pieces


def _letters(lines: Sequence[Line]) -> int:
    return sum(len(line.text) for line in lines)


def _usual(lines: Sequence[Line]) -> float:
    """The size of type that is ordinary."""
    return statistics.median(line.size for line in lines for _ in line.text) if lines else 1.0


def _from_text(
    sheet: Sheet,
    layer: TextLayer,
    drawn: Drawings,
    images: Sequence[Picture],
    pieces: Sequence[Piece],
    hint: Hint,
    store: Store,
) -> list[Part]:
    """The parts of a page with a text layer; `pieces` are what of it was read by OCR."""
    frame, turn = sheet.frame, layer.turn
    taken = {id(line) for piece in pieces for line in piece.known}
    read = [piece.region.box for piece in pieces if piece.region.box != sheet.box]
    lines = [line for line in layer.lines if id(line) not in taken]
    images = [image for image in images if not any(centred_in(image.box, box) for box in read)]
    drawn = drawn.without(read).turned(turn) if read else drawn.turned(turn)
    titled = any(part.label == "doc_title" for piece in pieces for part in piece.parts)
    measure = Measure.of(lines, SURE_TEXT, hint["body"] * frame.scale if hint.get("body") else None)
    leads = links.read(sheet.page, frame, turn)
    lines, counts = without_line_numbers(with_initials(without_spaces(links.mark(lines, leads))))
    lines = with_checkboxes(lines, drawn)
    lines = with_values(lines, drawn, measure)
    tables = [*ruled(lines, drawn.rules, drawn.panels), *turned(lines, drawn.rules, drawn.panels)]
    take_heads(tables, lines)
    sketches = vectors.figures(drawn, lines, [table.box for table in tables], turn.upright_width, turn.upright_height)
    if swallowed := vectors.warning(lines, sketches):
        store.warnings.append(swallowed)
    items = with_formulas(with_listings(_around(sketches, lines, tables), measure), measure)
    items = lift_aligned(items)
    items = set_apart(with_bullets(items, drawn, measure), turn.upright_height, measure)
    parts = in_sequence(build(items, measure, turn.upright_height, first_page=store.page == 1 and not titled))
    found = pictures.figures(
        images, frame, [turn.back(line.box) for line in layer.lines], [turn.back(box) for box in sketches]
    )
    placed = [
        Part("image", turn.upright(picture.box), name)
        for picture in found
        if (file := pictures.crop(sheet.page, frame, picture, turn, store.max_pixels)) and (name := store.add(*file))
    ]
    if formulas := [turn.back(part.box) for part in parts if part.label == "formula"]:
        files = pictures.crops(sheet.page, frame, formulas, turn, store.max_pixels)
        store.warnings.append(formulas_warning([store.add(*file, "formula") for file in files]))
    parts = [*pictures.insert(parts, placed), *counts]
    for part in parts:
        if part.label == "algorithm":
            part.content = scripts.bare(links.unmarked(part.content))
        else:
            part.content = shown(scripts.resolved(links.resolved(part.content, leads)))
        for cell in part.cells:
            cell.text = shown(scripts.plain(links.unmarked(cell.text)))
    for piece in pieces:
        for part in piece.parts:
            part.move(turn.upright)
        if piece.region.box == sheet.box:
            parts = pictures.insert(parts, piece.parts)
        else:
            parts = pictures.insert_together(parts, piece.parts, turn.upright(piece.region.box))
    for part in parts:
        part.move(turn.back)
    return parts


def _from_scan(
    found: scan.Scan, region: Region, usual: float, store: Store, *, titled: bool, illustrated: bool
) -> list[Part] | None:
    """The parts of a region whose ordinary type has the `usual` size; None where it is a picture after all.

    `titled`: it may have the document's title. `illustrated`: it is no mere ground, and what else is on it counts.
    """
    height = found.raster.shape[0]
    measure = Measure.of(found.lines, SURE_SCAN, usual)
    lines, counts = without_line_numbers(with_initials(without_spaces(found.lines)))
    lines = with_values(lines, Drawings(found.rules), measure)
    tables = ruled(lines, found.rules)
    captions = [line.box for line in lines if CAPTION.match(line.text)]
    boxes = figures(found.raster, found.texts, [table.box for table in tables], captions)
    if region.pictorial and not _is_text(found.lines, boxes, tables, region):
        return None
    unread = sum(not any(centred_in(text, box) for box in boxes) for text in found.unread)
    if illustrated:
        warnings = legibility.warning(unread, strange=found.strange), vectors.warning(lines, boxes)
        store.warnings += [warning for warning in warnings if warning]
    placed = [
        Part("image", box, store.add(*pictures.encode(pictures.cut(found.raster, box))))
        for box in (boxes if illustrated else ())
    ]
    items = set_apart([*_around(boxes, lines, tables), *placed], height, measure)
    margins = [item for item in items if isinstance(item, Part) and item.label in ("text", "number")]
    items = [item for item in items if item not in margins]
    if not has_columns(items, 0.9 * usual):  # what stands on a row belongs together
        items = lift_aligned([item for row in rows(items) for item in row])
    items = lift_aligned(order(items, 0.9 * usual, 0.7 * usual))
    head, foot = ([part for part in margins if (part.box[1] < height / 2) is top] for top in (True, False))
    parts = [*build([*head, *items, *foot], measure, height, first_page=store.page == 1 and titled), *counts]
    for part in parts:
        part.move(found.back)
        part.content = shown(part.content)
        for cell in part.cells:
            cell.text = shown(cell.text)
    return parts


def _is_text(lines: Sequence[Line], figures: Sequence[Box], tables: Sequence[Table], region: Region) -> bool:
    """Is the region text, and not a picture with labels?"""
    outside = [line for line in lines if not any(centred_in(line.box, box) for box in figures)]
    total, left = (_letters(lines), _letters(outside))
    if left == 0 or left < LEAST_OUTSIDE * total or sum(map(area, figures)) > MOST_DRAWN * area(region.box):
        return False
    sentences = _letters([line for line in outside if len(line.text) >= SENTENCE])
    dense = sum(area(line.box) for line in outside) > DENSE * area(region.box)
    return bool(tables) or dense or sentences > MOST_SENTENCES * left


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
