"""The parts of a page: what will be its blocks."""

from dataclasses import dataclass

from .boxes import Box

FLOATS = {"image", "table", "figure_title", "footnote", "number", "header", "footer"}
"""Labels of what may stand in the middle of a paragraph."""


@dataclass(slots=True)
class Part:
    """A block in the making. `size` is that of its type, in body sizes: what is set smaller may be furniture."""

    label: str
    box: Box
    content: str
    level: int | None = None
    marker: str | None = None
    size: float = 1.0
