"""Tables of the ICDAR 2013 competition, by the adjacency relations of Göbel et al. (2012).

A folder holds NAME.pdf beside NAME-str.xml, at any depth: the two data sets, as tabula-java has them. Each cell is
related to the nearest cell with text to its right and below it; the relations of all tables of a document are pooled,
and precision, recall and F are over these. Text is compared by its letters and digits, in one case. The score of a set
is the mean over its documents.
"""

from __future__ import annotations

import html
import re
import statistics
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from benchmarks.quality.engine import convert

Grid = dict[tuple[int, int], int]
"""Which of a table's cells, by index, is at a row and a column."""
Relation = tuple[str, str, bool]
"""The text of two cells, and whether the second is right of the first: else it is below."""

DASHES = str.maketrans(dict.fromkeys("‐‑‒–—−", "-"))
MARK = re.compile(r"[\W_]")
ESCAPE = re.compile(r"\\(?=[!-/:-@\[-`{-~])")
PIPE = re.compile(r"(?<!\\)\|")
HTML_ROW = re.compile(r"<tr[^>]*>(.*?)</tr>", re.S)
HTML_CELL = re.compile(r"<t[dh]([^>]*)>(.*?)</t[dh]>", re.S)
TAG = re.compile(r"<[^>]+>")


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell's text and its place, the last row and column included."""

    text: str
    top: int
    left: int
    bottom: int
    right: int


@dataclass(frozen=True, slots=True)
class Score:
    """How many relations of a document are right, how many the truth has, and how many were found."""

    right: int
    expected: int
    found: int

    @property
    def precision(self) -> float:
        return self.right / self.found if self.found else 0.0

    @property
    def recall(self) -> float:
        return self.right / self.expected if self.expected else 0.0

    @property
    def f(self) -> float:
        return 2 * self.right / (self.found + self.expected) if self.found + self.expected else 1.0


def score(folder: Path) -> dict[str, Score]:
    """The engine's score of each document below the folder, by name."""
    return {path.stem: score_document(path) for path in sorted(folder.rglob("*.pdf")) if truth_of(path).exists()}


def mean_f(scores: Iterable[Score]) -> float:
    """The score of a set of documents."""
    return statistics.mean(document.f for document in scores)


def truth_of(path: Path) -> Path:
    return path.with_name(f"{path.stem}-str.xml")


def score_document(path: Path) -> Score:
    """The engine's score of one document, which its truth stands beside."""
    _, pages = convert(path)
    tables = [block["content"] for page in pages for block in page["blocks"] if block["label"] == "table"]
    return compare(expected_tables(truth_of(path)), [cells_of(content) for content in tables])


def compare(expected: Iterable[Sequence[Cell]], found: Iterable[Sequence[Cell]]) -> Score:
    """The relations of all tables of a document, pooled."""
    want, have = (Counter(pair for table in tables for pair in relations(table)) for tables in (expected, found))
    return Score((want & have).total(), want.total(), have.total())


def relations(cells: Sequence[Cell]) -> list[Relation]:
    """Each cell with text and its nearest neighbours with text, to the right and below; each pair of cells once."""
    texts = [normalised(cell.text) for cell in cells]
    filled = [i for i, text in enumerate(texts) if text]
    grid: Grid = {}
    for i in filled:
        cell = cells[i]
        grid.update(
            ((row, column), i)
            for row in range(cell.top, cell.bottom + 1)
            for column in range(cell.left, cell.right + 1)
        )
    last_row = max((row for row, _ in grid), default=0)
    last_column = max((column for _, column in grid), default=0)
    pairs = set()
    for i in filled:
        cell = cells[i]
        for row in range(cell.top, cell.bottom + 1):
            right = next((grid[row, k] for k in range(cell.right + 1, last_column + 1) if (row, k) in grid), None)
            pairs.add((i, right, True))
        for column in range(cell.left, cell.right + 1):
            below = next((grid[k, column] for k in range(cell.bottom + 1, last_row + 1) if (k, column) in grid), None)
            pairs.add((i, below, False))
    return [(texts[a], texts[b], level) for a, b, level in pairs if b is not None]


def normalised(text: str) -> str:
    """Text without white space, marks and case; what consists of marks alone keeps them."""
    text = "".join(unicodedata.normalize("NFKC", text).translate(DASHES).casefold().split())
    return MARK.sub("", text) or text


def expected_tables(path: Path) -> list[list[Cell]]:
    """The regions of a document's tables: a table that goes on over pages has one on each."""
    return [
        [
            Cell(
                cell.findtext("content") or "",
                int(cell.attrib["start-row"]),
                int(cell.attrib["start-col"]),
                int(cell.get("end-row") or cell.attrib["start-row"]),
                int(cell.get("end-col") or cell.attrib["start-col"]),
            )
            for cell in region.iter("cell")
        ]
        for region in ElementTree.parse(path).iter("region")
    ]


def cells_of(table: str) -> list[Cell]:
    """The cells of one table, in markdown or HTML."""
    return _html_cells(table) if table.startswith("<table") else _pipe_cells(table)


def _pipe_cells(table: str) -> list[Cell]:
    head, _, *body = table.split("\n")
    return [
        Cell(ESCAPE.sub("", html.unescape(TAG.sub("", text))), row, column, row, column)
        for row, line in enumerate([head, *body])
        for column, text in enumerate(PIPE.split(line.strip())[1:-1])
    ]


def _html_cells(table: str) -> list[Cell]:
    cells: list[Cell] = []
    taken: set[tuple[int, int]] = set()
    for row, content in enumerate(HTML_ROW.findall(table)):
        column = 0
        for attributes, text in HTML_CELL.findall(content):
            while (row, column) in taken:
                column += 1
            bottom, right = row + _span(attributes, "row") - 1, column + _span(attributes, "col") - 1
            taken.update((r, c) for r in range(row, bottom + 1) for c in range(column, right + 1))
            cells.append(Cell(html.unescape(TAG.sub("", text)), row, column, bottom, right))
    return cells


def _span(attributes: str, name: str) -> int:
    match = re.search(rf'{name}span="(\d+)"', attributes)
    return int(match[1]) if match else 1
