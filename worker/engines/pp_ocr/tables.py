"""Tables that pdf-inspector found, put in the place of the lines they were read from."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from . import markup
from .blocks import Part
from .joining import CJK_GAP
from .lines import Line, clean, union

Rows = list[list[str]]

ROW = re.compile(r"^\|(.*)\|\s*$")
RULE = re.compile(r"[\s:|-]+")
CELL_EDGE = re.compile(r"(?<!\\)\|")
LONGEST_CELL = 120
"""Characters on average: more is columns of prose taken for a table."""


def pipe_tables(markdown: str) -> list[Rows]:
    """The pipe tables of a markdown text, as rows of plain cells."""
    found: list[Rows] = []
    rows: Rows = []
    for line in [*markdown.splitlines(), ""]:
        if match := ROW.match(line.strip()):
            if not RULE.fullmatch(match[1]):
                rows.append([_plain(cell) for cell in CELL_EDGE.split(match[1])])
        elif rows:
            found.append(rows)
            rows = []
    return [rows for rows in found if _plausible(rows)]


def place(lines: Sequence[Line], tables: Sequence[Rows]) -> list[Line | Part]:
    """The lines, with each table in the place of the run of lines that holds exactly its characters.

    A table whose characters are not found so is dropped: its lines stay, and no text is lost or told twice.
    """
    items: list[Line | Part] = []
    start = 0
    for rows in tables:
        span = _find(lines, rows, start)
        if span is None:
            continue
        first, end = span
        content = markup.table(rows)
        items += lines[start:first]
        items.append(Part("table", union(line.box for line in lines[first:end]), content, content))
        start = end
    return [*items, *lines[start:]]


def _find(lines: Sequence[Line], rows: Rows, start: int) -> tuple[int, int] | None:
    wanted = Counter(_characters(cell for row in rows for cell in row))
    total = wanted.total()
    head = set(next(_characters(cell for row in rows for cell in row), ""))
    for first in range(start, len(lines)):
        if not head & set(_characters([lines[first].text])):
            continue
        left, end, count = wanted.copy(), first, 0
        while end < len(lines) and count < total:
            step = Counter(_characters([lines[end].text]))
            if any(left[character] < n for character, n in step.items()):
                break
            left -= step
            count += step.total()
            end += 1
        if count == total:
            return first, end
    return None


def _characters(texts: "Iterator[str] | Sequence[str]") -> Iterator[str]:
    """Letters and digits alone: the two libraries differ in spaces and punctuation."""
    return (character for text in texts for character in clean(text) if character.isalnum())


def _plausible(rows: Rows) -> bool:
    cells = [cell for row in rows for cell in row]
    filled = [cell for cell in cells if cell]
    return (
        len(rows) >= 2
        and max(map(len, rows)) >= 2
        and len(filled) >= 0.5 * len(cells)
        and sum(map(len, filled)) <= LONGEST_CELL * len(filled)
    )


def _plain(cell: str) -> str:
    """pdf-inspector escapes pipes, marks emphasis and breaks lines inside cells."""
    text = re.sub(r"<br\s*/?>", " ", cell.replace("\\|", "|"))
    text = re.sub(r"(\*{1,3})(?=\S)(.+?)(?<=\S)\1", r"\2", text)
    return CJK_GAP.sub("", clean(text))
