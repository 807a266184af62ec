"""Listings: lines in a font of one width, kept as they stand."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ..model.boxes import union
from ..model.lines import Line, Measure
from ..model.parts import Part
from ..model.patterns import LETTER, is_number
from ..tables.aligned import aligned
from ..tables.table import Table, lift

MONOSPACED = re.compile(r"mono|courier|consol|menlo|typewriter|cmtt|lmtt|teletype|sourcecode|firacode|ocrb", re.I)
LEAST_LINES = 2
VALUES = 0.8
"""Share of the cells in a table of numbers that are numbers, or labels."""
WIDTH = 0.6
"""Of a character, in sizes of type."""
FENCE = re.compile(r"`{3,}")


def with_listings(items: Sequence[Line | Part], measure: Measure) -> list[Line | Part]:
    """The items, with consecutive lines in a monospaced font as listings; not where the text itself is set so."""
    if MONOSPACED.search(measure.face):
        return list(items)
    found: list[Line | Part] = []
    pending: list[Line] = []
    for item in [*items, None]:
        if isinstance(item, Line) and MONOSPACED.search(item.face) and not item.boxed and item.upright:
            pending.append(item)
            continue
        found += _listed(pending)
        pending = []
        if item is not None:
            found.append(item)
    return found


def _listed(lines: Sequence[Line]) -> list[Line | Part]:
    """The lines as a listing; tables of numbers among them are tables."""
    if len(lines) < LEAST_LINES:
        return list(lines)
    tables = [table for table in aligned(lines) if _has_values(table)]
    if not tables:
        return [_listing(lines)]
    found: list[Line | Part] = []
    pending: list[Line] = []
    for item in [*lift(lines, tables), None]:
        if isinstance(item, Line):
            pending.append(item)
            continue
        found += [_listing(pending)] if len(pending) >= LEAST_LINES else pending
        pending = []
        if item is not None:
            found.append(item)
    return found


def _has_values(table: Table) -> bool:
    """Are there numbers under all heads, behind labels? Code and the output of programs have other columns."""
    body = [cell for cell in table.cells if cell.span.row and cell.text]
    values = [is_number(cell.text) for cell in body if cell.span.column]
    labels = [LETTER.search(cell.text) is not None for cell in body if not cell.span.column]
    return table.columns > 2 and sum(values) > VALUES * len(values) and sum(labels) > VALUES * len(labels)


def _listing(lines: Sequence[Line]) -> Part:
    left = min(line.box[0] for line in lines)
    rows: list[str] = []
    row_of: Line | None = None
    for line in lines:
        column = max(round((line.box[0] - left) / (WIDTH * line.size)), 0)
        if row_of is not None and abs(row_of.middle - line.middle) < 0.5 * line.size:
            rows[-1] = f"{rows[-1].ljust(column)}{line.text}" if column > len(rows[-1]) else f"{rows[-1]} {line.text}"
        else:
            rows.append(" " * column + line.text)
        row_of = line
    text = "\n".join(rows)
    fence = "`" * (1 + max((len(run) for run in FENCE.findall(text)), default=2))
    return Part("algorithm", union(line.box for line in lines), f"{fence}\n{text}\n{fence}")
