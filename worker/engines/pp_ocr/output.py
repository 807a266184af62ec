"""What is kept of a page beside its blocks: pictures, warnings, lines and cells."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from app.results.layout import TableCell, TextLine

from .model import scripts
from .model.boxes import Box
from .model.frame import Frame
from .model.lines import Line
from .model.parts import Part

SaveImage = Callable[[str, bytes], None]


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


def text_lines(lines: Sequence[Line], back: Callable[[Box], Box], frame: Frame) -> list[TextLine]:
    """The lines as results have them; `back` leads their boxes to the frame."""
    return [TextLine(scripts.plain(line.text), frame.clamp(back(line.box)), line.confidence) for line in lines]


def table_cells(table: Part, frame: Frame) -> list[TableCell]:
    """The cells as results have them."""
    return [
        TableCell(cell.span.row, cell.span.column, cell.span.height, cell.span.width, frame.clamp(cell.box), cell.text)
        for cell in table.cells
    ]


def mean_confidence(lines: Sequence[TextLine]) -> float | None:
    """The mean of the lines that OCR has read; each counts as much as it has characters."""
    read = [(line.confidence, len(line.text)) for line in lines if line.confidence is not None]
    return round(sum(score * length for score, length in read) / sum(length for _, length in read), 3) if read else None
