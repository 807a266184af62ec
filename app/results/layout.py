"""The layout of a page: its lines of text, and the cells of its tables.

Results leave it out unless a client asks for it, so it is stored beside its page and read only then: as arrays, for a
page has many lines.
"""

import json
from dataclasses import dataclass, field
from typing import Any

from app.strict_json import encode


@dataclass
class TextLine:
    """A line of text as it was read, before lines were put together to blocks.

    `bbox` is in pixels of the page, as a block's. `confidence`, 0 to 1, is the recogniser's; None in a text layer.
    """

    text: str
    bbox: list[int]
    confidence: float | None = None


@dataclass
class TableCell:
    """A cell of a table: its first row and column, from 0, and how many of both it covers. `text` is plain.

    `bbox` is in pixels of the page: of a ruled table the cell's, of others around the cell's row and columns.
    """

    row: int
    column: int
    row_span: int
    column_span: int
    bbox: list[int]
    text: str


@dataclass
class Layout:
    """`dpi` is how many pixels of the page an inch has. `cells` are those of its tables, by their place in `blocks`."""

    dpi: float
    lines: list[TextLine] = field(default_factory=list)
    cells: dict[int, list[TableCell]] = field(default_factory=dict)

    def add_to(self, page: dict[str, Any]) -> None:
        """Adds `dpi` and `lines` to the JSON of the page, and their `cells` to its tables."""
        page["dpi"] = self.dpi
        page["lines"] = [
            {name: value for name, value in vars(line).items() if value is not None} for line in self.lines
        ]
        for place, cells in self.cells.items():
            page["blocks"][place]["cells"] = [vars(cell) for cell in cells]


def encode_layout(layout: Layout) -> bytes:
    lines = [list(vars(line).values()) for line in layout.lines]
    cells = {place: [list(vars(cell).values()) for cell in cells] for place, cells in layout.cells.items()}
    return encode({"dpi": layout.dpi, "lines": lines, "cells": cells})


def parse_layout(data: bytes) -> Layout:
    """The layout of which `data` is the JSON, as `encode_layout` writes it."""
    fields = json.loads(data)
    cells = {int(place): [TableCell(*cell) for cell in cells] for place, cells in fields["cells"].items()}
    return Layout(fields["dpi"], [TextLine(*line) for line in fields["lines"]], cells)
