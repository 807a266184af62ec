"""Tables of the ICDAR 2013 competition, by the adjacency relations of Göbel et al. (2012).

A folder holds NAME.pdf beside NAME-str.xml, at any depth: the two data sets, as tabula-java has them. Each cell is
related to the nearest cell with text to its right and below it; the relations of all tables of a document are pooled,
and precision, recall and F are over these. Text is compared by its letters and digits, in one case. The score of a set
is the mean over its documents.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean
from typing import Any
from xml.etree import ElementTree

from benchmarks.real.cells import Cell, Table, tables
from benchmarks.real.figures import Figure, Readings, Set

Grid = dict[tuple[int, int], int]
"""Which of a table's cells, by index, is at a row and a column."""
Relation = tuple[str, str, bool]
"""The text of two cells, and whether the second is right of the first: else it is below."""

DASHES = str.maketrans(dict.fromkeys("‐‑‒–—−", "-"))
MARK = re.compile(r"[\W_]")
POOR = 0.5
OTHERS = {
    "pymupdf4llm 1.28 with its layout model": ".932",
    "pymupdf4llm 1.28 without": ".567",
    "pdfplumber 0.11": ".571",
    "markitdown 0.1.8": ".420",
    "kreuzberg 4.10": ".02",
}


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


def documents(folder: Path) -> list[Path]:
    return [path for path in sorted(folder.rglob("*.pdf")) if truth_of(path).exists()]


def score(folder: Path, readings: Readings) -> list[Figure]:
    scores = {path.stem: score_document(path, readings[path].pages) for path in documents(folder)}
    poor = {name: one.f for name, one in scores.items() if one.f < POOR}
    shares = " / ".join(f"{mean(getattr(one, key) for one in scores.values()):.3f}" for key in ("precision", "recall"))
    notes = [f"{name}: {one.f:.3f}" for name, one in sorted(scores.items(), key=lambda item: item[1].f) if one.f < 1]
    return [
        Figure("F of adjacent cells", f"{mean(one.f for one in scores.values()):.3f}", OTHERS, notes),
        Figure("precision / recall of adjacent cells", shares),
        Figure(f"documents with an F below {POOR}", str(len(poor))),
    ]


def truth_of(path: Path) -> Path:
    return path.with_name(f"{path.stem}-str.xml")


def score_document(path: Path, pages: Iterable[dict[str, Any]]) -> Score:
    """The score of one document, which its truth stands beside."""
    blocks = [block["content"] for page in pages for block in page["blocks"] if block["label"] == "table"]
    return compare(expected_tables(truth_of(path)), [table for content in blocks for table in tables(content)])


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
        grid.update(dict.fromkeys(cells[i].places(), i))
    last_row = max((row for row, _ in grid), default=0)
    last_column = max((column for _, column in grid), default=0)
    pairs = set()
    for i in filled:
        cell = cells[i]
        right, bottom = cell.column + cell.columns, cell.row + cell.rows
        for y in range(cell.row, bottom):
            pairs.add((i, next((grid[y, x] for x in range(right, last_column + 1) if (y, x) in grid), None), True))
        for x in range(cell.column, right):
            pairs.add((i, next((grid[y, x] for y in range(bottom, last_row + 1) if (y, x) in grid), None), False))
    return [(texts[a], texts[b], level) for a, b, level in pairs if b is not None]


def normalised(text: str) -> str:
    """Text without white space, marks and case; what consists of marks alone keeps them."""
    text = "".join(unicodedata.normalize("NFKC", text).translate(DASHES).casefold().split())
    return MARK.sub("", text) or text


def expected_tables(path: Path) -> list[Table]:
    """The regions of a document's tables: a table that goes on over pages has one on each."""
    regions = ElementTree.parse(path).iter("region")
    return [[_cell(cell) for cell in region.iter("cell")] for region in regions]


def _cell(cell: ElementTree.Element) -> Cell:
    row, column = int(cell.attrib["start-row"]), int(cell.attrib["start-col"])
    bottom, right = int(cell.get("end-row") or row), int(cell.get("end-col") or column)
    return Cell(row, column, cell.findtext("content") or "", rows=bottom - row + 1, columns=right - column + 1)


SET = Set("ICDAR 2013", documents, score)
