"""The parts of a page with a text layer."""

from collections.abc import Sequence

from .layer import links, pictures, vectors
from .layer.drawings import Drawings
from .layer.pictures import Picture
from .layer.textlayer import TextLayer
from .model import scripts
from .model.boxes import centred_in
from .model.frame import Sheet
from .model.lines import Measure
from .model.parts import Part
from .output import Store
from .regions import Piece
from .structure.blocks import build
from .structure.checkboxes import shown, with_checkboxes
from .structure.code import with_listings
from .structure.forms import with_values
from .structure.formulas import warning as formulas_warning
from .structure.formulas import with_formulas
from .structure.furniture import set_apart
from .structure.initials import with_initials, without_spaces
from .structure.lifting import with_tables
from .structure.line_numbers import without_line_numbers
from .structure.loose_markers import with_bullets
from .structure.sequence import in_sequence
from .survey import Hint
from .tables.aligned import lift_aligned
from .tables.ruled import ruled
from .tables.turned import take_heads, turned

SURE_TEXT = 1.15
"""How much larger than the body a heading's type is in a text layer, which tells it exactly."""


def parts_from_text(
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
    items = with_formulas(with_listings(with_tables(sketches, lines, tables), measure), measure)
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
