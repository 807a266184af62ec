"""The tables of a markdown text, pipe tables and HTML, as cells with places and spans."""

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass

SPAN_MAX = 1_000
PIPE_ROW = re.compile(r"\s*\|.*\|\s*$")
ESCAPE = re.compile(r"\\(?=[!-/:-@\[-`{-~])")
PIPE_RULE = re.compile(r"[\s|:-]+$")


@dataclass(frozen=True, slots=True)
class Cell:
    row: int
    column: int
    text: str
    heading: bool = False
    rows: int = 1
    columns: int = 1

    def places(self) -> Iterator[tuple[int, int]]:
        for row in range(self.row, self.row + self.rows):
            for column in range(self.column, self.column + self.columns):
                yield row, column


Table = list[Cell]


def tables(markdown: str) -> list[Table]:
    found = [html_table(table) for table in html_tables(markdown)]
    return [table for table in [*found, *_pipe_tables(markdown)] if table]


def html_tables(text: str) -> list[str]:
    return re.findall(r"<table.*?</table>", text, re.S | re.I)


def html_table(source: str) -> Table:
    cells: Table = []
    taken: set[tuple[int, int]] = set()
    rows = re.split(r"<tr\b[^>]*>", source, flags=re.I)[1:]
    head_rows = len(re.findall(r"<tr\b", (re.findall(r"<thead.*?</thead>", source, re.S | re.I) or [""])[0], re.I))
    for y, row in enumerate(rows):
        x = 0
        found = re.findall(r"<(t[dh])\b([^>]*)>(.*?)(?=</t[dh]>|<t[dh]\b|</tr>|$)", row, re.S | re.I)
        for tag, attributes, content in found:
            while (y, x) in taken:
                x += 1
            high, wide = _span(attributes, "row"), _span(attributes, "col")
            heading = tag.lower() == "th" or y < head_rows
            cell = Cell(y, x, _text(content), heading, min(high, len(rows) - y), wide)
            cells.append(cell)
            taken.update(cell.places())
            x += wide
    return cells


def _pipe_tables(markdown: str) -> Iterator[Table]:
    """Neighbouring lines of pipes; the first row and the first column are headings."""
    lines: list[str] = []
    for line in [*markdown.split("\n"), ""]:
        if PIPE_ROW.match(line):
            lines.append(line.strip())
        elif lines:
            rows = [re.split(r"(?<!\\)\|", line[1:-1]) for line in lines if not PIPE_RULE.match(line)]
            yield [
                Cell(y, x, _text(ESCAPE.sub("", text)), heading=not y or not x)
                for y, row in enumerate(rows)
                for x, text in enumerate(row)
            ]
            lines = []


def _span(attributes: str, way: str) -> int:
    match = re.search(rf"{way}span\s*=\s*[\"']?(\d+)", attributes, re.I)
    return min(max(int(match[1]), 1), SPAN_MAX) if match else 1


def _text(content: str) -> str:
    content = re.sub(r"<br\s*/?>", " ", content, flags=re.I)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", "", content)).split())
