"""The parts of a page: what will be its blocks."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from .boxes import Box
from .cells import Cell

FLOATS = {"image", "table", "figure_title", "footnote", "number", "header", "footer"}
"""Labels of what may stand in the middle of a paragraph."""


@dataclass(slots=True)
class Part:
    """A block in the making. `size` is that of its type, in body sizes: what is set smaller may be furniture.

    `cells` are those of a table.
    """

    label: str
    box: Box
    content: str
    level: int | None = None
    marker: str | None = None
    size: float = 1.0
    cells: Sequence[Cell] = ()

    def move(self, place: Callable[[Box], Box]) -> None:
        """Puts it, and its cells, where `place` leads its box."""
        self.box = place(self.box)
        for cell in self.cells:
            cell.box = place(cell.box)
