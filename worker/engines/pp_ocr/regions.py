"""Regions of a page that are read by OCR, and their parts."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, replace

from app.results.layout import TextLine

from .layer import pictures, vectors
from .layer.drawings import Drawings
from .layer.textlayer import TextLayer
from .model import scripts
from .model.boxes import Box, area, centred_in, rows
from .model.frame import Sheet
from .model.lines import Line, Measure
from .model.parts import Part
from .model.patterns import CAPTION
from .output import Store, text_lines
from .raster import legibility, scan
from .raster.figures import figures
from .raster.masking import only
from .routing import Region
from .structure.blocks import build
from .structure.checkboxes import shown
from .structure.forms import with_values
from .structure.furniture import set_apart
from .structure.gutters import has_columns
from .structure.initials import with_initials, without_spaces
from .structure.lifting import with_tables
from .structure.line_numbers import without_line_numbers
from .structure.order import order
from .tables.aligned import lift_aligned
from .tables.ruled import ruled
from .tables.table import Table

SURE_SCAN = 1.28
"""How much larger than the body a heading's type is in a scan, which tells it roughly."""
LARGER = 1.3
"""How much larger type is by OCR, which goes by the height of lines, than in a text layer."""
MOST_DRAWN, LEAST_OUTSIDE = 0.35, 0.6
"""Of a picture that is text: the share of its area that figures take at most, of its characters outside of them at
least."""
SENTENCE, MOST_SENTENCES, DENSE = 25, 0.75, 0.2
"""Characters of a line that is no label, the share of characters in such lines, and the share of the area that lines
cover where they are short."""


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


def read_regions(regions: Sequence[Region], sheet: Sheet, layer: TextLayer, store: Store) -> list[Piece]:
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
        is_ground = region.box == sheet.box and letters(found.lines) < letters(known) and len(found.unread) < len(known)
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
        most = letters(found.lines) >= letters(layer.lines)
        whole = replace(found, lines=[*found.lines, *placed])
        parts = _from_scan(whole, region, body, store, titled=most, illustrated=not is_ground)
        if parts is not None and (found.lines or not layer.lines):
            lines = text_lines(found.lines, found.back, sheet.frame)
            pieces.append(Piece(region, parts, lines, found.turn.quarters, known))
    return pieces


def letters(lines: Sequence[Line]) -> int:
    return sum(len(line.text) for line in lines)


def _usual(lines: Sequence[Line]) -> float:
    """The size of type that is ordinary."""
    return statistics.median(line.size for line in lines for _ in line.text) if lines else 1.0


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
    items = set_apart([*with_tables(boxes, lines, tables), *placed], height, measure)
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
    total, left = (letters(lines), letters(outside))
    if left == 0 or left < LEAST_OUTSIDE * total or sum(map(area, figures)) > MOST_DRAWN * area(region.box):
        return False
    sentences = letters([line for line in outside if len(line.text) >= SENTENCE])
    dense = sum(area(line.box) for line in outside) > DENSE * area(region.box)
    return bool(tables) or dense or sentences > MOST_SENTENCES * left
