"""Lines with tables in their places, and without the labels of figures."""

from collections.abc import Sequence

from ..layer.vectors import SLACK
from ..model.boxes import Box, centred_in
from ..model.lines import Line
from ..model.parts import Part
from ..tables.table import Table, lift


def with_tables(figures: Sequence[Box], lines: Sequence[Line], tables: Sequence[Table]) -> list[Line | Part]:
    """The lines but for the labels of figures, with tables in place of theirs."""
    return [
        item
        for item in lift(lines, tables)
        if isinstance(item, Part) or not any(centred_in(item.box, box, SLACK) for box in figures)
    ]
