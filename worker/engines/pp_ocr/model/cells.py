"""The cells of a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .boxes import Box, rows
from .joining import join_lines
from .lines import Line


@dataclass(frozen=True, slots=True)
class Span:
    """A cell: its first row and column, and how many of both it covers."""

    row: int
    column: int
    height: int = 1
    width: int = 1


@dataclass(slots=True)
class Cell:
    """What stands in a span of the grid; the box is in pixels, as a line's."""

    span: Span
    text: str
    box: Box

    @classmethod
    def of(cls, span: Span, pieces: Sequence[Line], box: Box) -> Cell:
        """The cell that holds these pieces of lines: its rows are joined as those of a paragraph are."""
        stacked = [
            Line(" ".join(piece.text for piece in row), row[0].box, row[0].size, hyphenated=row[-1].hyphenated)
            for row in rows(pieces)
        ]
        return cls(span, join_lines(stacked), box)
