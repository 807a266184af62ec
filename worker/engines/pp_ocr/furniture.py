"""Page numbers: set apart from the text where nothing else can be meant."""

import re
from collections.abc import Sequence

from .blocks import Part
from .lines import Line, overlap_x, overlap_y

PAGE_NUMBER = re.compile(
    r"([-–—]\s*)?(page\s|seite\s|第\s*)?(\d{1,4}|[ivxl]{1,7})(\s*(/|of|von|sur|共)\s*\d{1,4})?(\s*页)?(\s*[-–—])?", re.I
)
MARGIN = 0.08
"""Share of the page's height, at its top and bottom, in which page numbers stand."""


def set_apart(items: Sequence[Line | Part], height: int) -> list[Line | Part]:
    """The items, with page numbers as parts that do not show in markdown; `height` is the page's."""
    return [
        Part("number", item.box, item.text, "") if isinstance(item, Line) and _is_number(item, items, height) else item
        for item in items
    ]


def _is_number(line: Line, items: Sequence[Line | Part], height: int) -> bool:
    if MARGIN * height < line.middle < (1 - MARGIN) * height or not PAGE_NUMBER.fullmatch(line.text):
        return False
    # A number in a table that runs into the margin has a neighbour in its column or on its row.
    below, beside = 1.5 * line.size, 3 * line.size
    return not any(
        (overlap_x(line.box, other.box) > 0 and overlap_y(line.box, other.box) > -below)
        or (overlap_y(line.box, other.box) > 0 and overlap_x(line.box, other.box) > -beside)
        for other in items
        if other is not line
    )
