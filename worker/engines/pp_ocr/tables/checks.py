"""Is it a table? What speaks against it in the text that would make it up."""

from __future__ import annotations

import re
import statistics
from collections.abc import Iterable, Sequence
from itertools import pairwise

from ..model.cells import Cell
from ..model.lines import Line
from ..model.patterns import CAPTION, LETTER, is_number
from .columns import Column, column_of

SHORT = 32
"""Characters that a cell has on average where there are no rules; columns of prose have more."""
FULL = 0.85
"""A run that takes this share of its column's width is a line of prose; some are."""
LONGEST_CELLS = 220
"""Characters of cells on average."""
LONGEST_TITLE, LONGEST_NOTE = 60, 100
"""Characters of a row that is one cell: a head over all columns, or the last row."""
NOTE_WORD = r"sources?|notes?|quellen?|anmerkung(en)?|hinweise?|fuentes?|notas?|fontes?|remarques?"
SOURCE = re.compile(rf"({NOTE_WORD})\s?:|(资料来源|数据来源|来源|注)\s?[:：]", re.I)
"""How a note to a table begins, whatever columns it runs over."""
NOTE = re.compile(rf"({NOTE_WORD})\b|[*†‡]|{SOURCE.pattern}", re.I)
"""How one may begin that stands alone in its row."""
LOWER = 0.6
"""Share of the runs in gappy prose that begin with a small letter."""
LEAST_DENSE = 0.75
"""Share of the cells of a table that hold numbers, if it has nothing else."""
SUM = re.compile(
    r"total|summe|netto|brutto|\b(vat|tax|mwst|ust|tva)\b|steuer|discount|rabatt|betrag|due|balance|合计|小计", re.I
)
"""The rows at the foot of an invoice, which are labels and values."""

Rows = Sequence[Sequence[Line]]
"""Pieces of lines that stand beside each other, from left to right, from top to bottom."""


def is_outside(text: str, *, above: bool) -> bool:
    """Is what stands over all columns at one end of a table its caption, or a note or source below it?"""
    if above:
        return CAPTION.match(text) is not None or len(text) > LONGEST_TITLE
    return NOTE.match(text) is not None or len(text) > LONGEST_NOTE


def is_layout(filled: Sequence[Cell]) -> bool:
    """Frames around whole sections are layout."""
    return statistics.mean(len(cell.text) for cell in filled) > LONGEST_CELLS


def is_uneven(lines: Iterable[Line]) -> bool:
    """Are there headings among the lines? Then it is a page's layout."""
    sizes = [line.size for line in lines]
    return max(sizes) > 1.45 * statistics.median(sizes)


def is_pairs(stacked: Rows, columns: Sequence[Column], cuts: Sequence[float]) -> bool:
    """Two columns of labels and values, as the sums of an invoice: a head would be bold, or have a rule below."""
    filled = {column_of(piece.box, columns) for row in stacked for piece in row}
    if len(filled) != 2 or len(stacked) < 2:
        return len(filled) == 2
    first, second = stacked[0], stacked[1]
    under = any(first[0].middle < cut < second[0].middle for cut in cuts)
    between = sum(first[0].middle < cut < stacked[-1][0].middle for cut in cuts)
    headed = all(piece.bold for piece in first) or (under and between < 0.6 * (len(stacked) - 1))
    return is_number(first[-1].text) or not headed


def is_prose(stacked: Rows, columns: Sequence[Column]) -> bool:
    """Do most runs, in one column or in all, fill their columns as the lines of paragraphs do?"""
    runs = [(piece, column_of(piece.box, columns)) for row in stacked for piece in row]
    filling = [(piece, k) for piece, k in runs if piece.box[2] - piece.box[0] > FULL * columns[k].width]
    for column in range(len(columns)):
        full = sum(len(piece.text) > 20 for piece, k in filling if k == column)
        if full >= 3 and full > 0.6 * sum(k == column for _, k in runs):
            return True
    full = sum(len(piece.text) > 18 for piece, _ in filling)
    return full > 0.45 * len(runs) and statistics.mean(len(piece.text) for piece, _ in runs) > 24


def is_justified(stacked: Rows, columns: Sequence[Column]) -> bool:
    """Is it prose with gaps by chance, as justified lines have? Nearly all end at one margin, and none are numbers."""
    if any(_is_numeric(stacked, columns, k) for k in range(len(columns))):
        return False
    size = stacked[0][0].size
    gaps = [b.box[0] - a.box[2] for row in stacked for a, b in pairwise(row)]
    right = max(row[-1].box[2] for row in stacked)
    ends = [right - row[-1].box[2] < 0.5 * size for row in stacked[:-1]]
    words = [piece.text for row in stacked for piece in row]
    lower = sum(word[0].islower() for word in words) > LOWER * len(words)
    return len(ends) >= 2 and sum(ends) > 0.7 * len(ends) and (lower or statistics.median(gaps) < 2 * size)


def is_axis(filled: Sequence[Cell], whole: int) -> bool:
    """Are they the numbers at a chart: one scale, or values all over it, and no word?"""
    if not all(is_number(cell.text) or LETTER.search(cell.text) is None for cell in filled):
        return False
    return len({cell.span.row for cell in filled}) <= 2 or len(filled) < LEAST_DENSE * whole


def is_aligned(stacked: Rows, columns: Sequence[Column]) -> bool:
    """Is it a table by nothing but alignment? Few columns must look the part: a head, and numbers below."""
    full = [row for row in stacked if len(row) >= 2]
    length = statistics.mean(len(piece.text) for row in stacked for piece in row) if stacked else 0
    if len(full) < 3 or length > SHORT or is_prose(stacked, columns):
        return False
    if len(columns) > 2 and is_justified(stacked, columns):
        return False
    if sum(row[0].text.rstrip().endswith((":", "：")) for row in full) > 0.3 * len(full):
        return False
    if len(columns) == 2:
        return _is_list_of_values(stacked, full)
    numeric = [_is_numeric(stacked, columns, k) for k in range(len(columns))]
    if len(columns) == 3 and not any(numeric[1:]) and not all(piece.bold for piece in full[0]):
        return False  # addresses beside dates and numbers
    if numeric == [False, True, False, True]:  # two lists of prices, side by side?
        heads = [row for row in stacked[:2] if not any(is_number(piece.text) for piece in row)]
        if not any(len(row) == 4 for row in heads):
            return False
    return sum(len(row) >= 3 for row in stacked) >= 3


def _is_list_of_values(stacked: Rows, full: Rows) -> bool:
    """Two columns: numbers under a head, or numbers throughout, if they are neither sums nor those of pages."""
    values = [row[-1].text for row in full]
    if all(map(is_number, values)) and len(full) == len(stacked):
        sums = sum(SUM.search(row[0].text) is not None for row in full)
        pages = [int(value) for value in values if value.isdigit()]
        return sums < 0.5 * len(full) and (len(pages) < len(values) or pages != sorted(pages))
    return len(full) >= 4 and not is_number(values[0]) and sum(map(is_number, values[1:])) >= 0.8 * (len(values) - 1)


def _is_numeric(stacked: Rows, columns: Sequence[Column], k: int) -> bool:
    """Are most cells of a column numbers, but for its head?"""
    cells = [piece.text for row in stacked[1:] for piece in row if column_of(piece.box, columns) == k]
    return len(cells) >= 2 and sum(map(is_number, cells)) > 0.6 * len(cells)
