"""olmOCR-bench, the sample in allenai/olmocr (`olmocr/bench/sample_data`): small tests that a page's markdown passes.

present, absent    a text is there or not, up to `max_diffs` edits; at an end of the page by `first_n` and `last_n`
order              one text begins before another
table              a cell has a neighbour, or a heading
math               a formula is the expected TeX (the original renders both; our engine writes no TeX)
baseline           the page has text, or no more than `max_length` letters
Other kinds are left out.
"""

import json
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from rapidfuzz import fuzz

from benchmarks.real.cells import Cell, Table, tables
from benchmarks.real.figures import Figure, Readings, Set

SAMPLE = Path("olmocr", "bench", "sample_data")
STORED = "olmocr_pipeline"
PUNCTUATION = str.maketrans(
    dict.fromkeys("‘’‚", "'") | dict.fromkeys("“”„", '"') | dict.fromkeys("–—‑‒−", "-") | {"＿": "_", "µ": "μ"}
)
LEAST_LIKENESS = 0.5  # of cells, whatever max_diffs allows
OTHERS = {"pymupdf4llm": "44/100", "markitdown": "34/100", "kreuzberg": "32/100"}
Test = dict[str, Any]
Check = Callable[[Test, str], bool]


def documents(folder: Path) -> list[Path]:
    return sorted({_sample(folder) / "pdfs" / test["pdf"] for test in _tests(folder)})


def score(folder: Path, readings: Readings) -> list[Figure]:
    tests = _tests(folder)
    pdfs, stored = _sample(folder) / "pdfs", _sample(folder) / STORED
    ours = {test["id"]: passes(test, _page(readings, pdfs / test["pdf"], test["page"])) for test in tests}
    model = {test["id"]: passes(test, _stored(stored, test)) for test in tests} if stored.is_dir() else {}
    failed = [f"{test['id']}: {test['type']}" for test in tests if not ours[test["id"]]]
    figures = []
    for name, chosen in _groups(tests):
        others = {"olmOCR (stored)": _passed(chosen, model)} if model else {}
        notes, rivals = (failed, OTHERS) if name == "all" else ([], {})
        figures.append(Figure(f"tests passed, {name}", _passed(chosen, ours), others | rivals, notes))
    return figures


def passes(test: Test, markdown: str) -> bool:
    return CHECKS[test["type"]](test, markdown)


def normalised(text: str) -> str:
    text = re.sub(r"<br/?>", " ", text)
    text = re.sub(r"</?[bi]>", "", text)
    for mark in (r"\*\*", "__", r"\*", "_"):
        text = re.sub(rf"{mark}(.*?){mark}", r"\1", text)
    return unicodedata.normalize("NFC", re.sub(r"\s+", " ", text)).translate(PUNCTUATION)


def _is_present(test: Test, markdown: str) -> bool:
    text, wanted = normalised(markdown), normalised(test["text"])
    if not test.get("case_sensitive", True):
        text, wanted = text.lower(), wanted.lower()
    first, last = test.get("first_n") or 0, test.get("last_n") or 0
    if first or last:
        text = text[:first] + (text[-last:] if last else "")
    likeness = fuzz.partial_ratio(wanted, text) / 100
    return bool(likeness >= 1 - test.get("max_diffs", 0) / len(wanted))


def _is_in_order(test: Test, markdown: str) -> bool:
    text, diffs = normalised(markdown), test.get("max_diffs", 0)
    before = [*_starts(normalised(test["before"]), text, diffs)]
    after = [*_starts(normalised(test["after"]), text, diffs)]
    return bool(before and after) and min(before) < max(after)


def _starts(wanted: str, text: str, most: int) -> Iterator[int]:
    """Where a text begins that differs from `wanted` by `most` edits at most (Sellers' algorithm, from the end on)."""
    wanted = wanted[::-1]
    column = [*range(len(wanted) + 1)]
    for position in range(len(text) - 1, -1, -1):
        above, column[0] = column[0], 0
        for i, letter in enumerate(wanted, 1):
            above, column[i] = column[i], min(above + (letter != text[position]), column[i] + 1, column[i - 1] + 1)
        if column[-1] <= most:
            yield position


def _has_cell(test: Test, markdown: str) -> bool:
    return any(_table_has(test, table) for table in tables(markdown))


def _table_has(test: Test, table: Table) -> bool:
    diffs = test.get("max_diffs", 0)
    grid = {place: cell for cell in table for place in cell.places()}
    places: dict[str, Callable[[Cell], Iterable[Cell]]] = {
        "up": lambda cell: _neighbours(grid, cell, -1, 0),
        "down": lambda cell: _neighbours(grid, cell, 1, 0),
        "left": lambda cell: _neighbours(grid, cell, 0, -1),
        "right": lambda cell: _neighbours(grid, cell, 0, 1),
        "top_heading": lambda cell: _headings(grid, cell, -1, 0),
        "left_heading": lambda cell: _headings(grid, cell, 0, -1),
    }
    return any(
        all(
            any(_alike(other.text, test[name], diffs) for other in find(cell))
            for name, find in places.items()
            if test.get(name)
        )
        for cell in table
        if _alike(cell.text, test["cell"], diffs)
    )


def _alike(found: str, wanted: str, diffs: int) -> bool:
    found, wanted = normalised(found), normalised(wanted)
    return fuzz.ratio(found, wanted) / 100 >= max(LEAST_LIKENESS, 1 - diffs / max(len(wanted), 1))


def _neighbours(grid: dict[tuple[int, int], Cell], cell: Cell, down: int, across: int) -> set[Cell]:
    """The next cells that way, one for each row or column of this; places without a cell are stepped over."""
    far = max(max(place) for place in grid) + 1
    found = set()
    for place in cell.places():
        for step in range(1, far + 1):
            other = grid.get((place[0] + down * step, place[1] + across * step))
            if other not in (None, cell):
                found.add(other)
                break
    return {other for other in found if other is not None}


def _headings(grid: dict[tuple[int, int], Cell], start: Cell, down: int, across: int) -> set[Cell]:
    """All headings that way, or where there are none the last cells."""
    seen: set[Cell] = set()
    ends: set[Cell] = set()
    waiting = {start}
    while waiting:
        cell = waiting.pop()
        seen.add(cell)
        further = _neighbours(grid, cell, down, across)
        waiting |= further - seen
        if not further:
            ends.add(cell)
    headings = {cell for cell in seen if cell.heading}
    return (headings - {start}) or (ends - {start})


def _is_sound(test: Test, markdown: str) -> bool:
    length = sum(map(str.isalnum, markdown))
    most = test.get("max_length")
    return length > 0 if most is None else length <= most


def _has_formula(test: Test, markdown: str) -> bool:
    formulas = re.findall(r"\$\$(.+?)\$\$|\$(.+?)\$|\\\((.+?)\\\)|\\\[(.+?)\\\]", markdown, re.S)
    return any(test["math"] == part.strip() for parts in formulas for part in parts)


CHECKS: dict[str, Check] = {
    "present": _is_present,
    "absent": lambda test, markdown: not _is_present(test, markdown),
    "order": _is_in_order,
    "table": _has_cell,
    "math": _has_formula,
    "baseline": _is_sound,
}


def _sample(folder: Path) -> Path:
    return folder if (folder / "pdfs").is_dir() else folder / SAMPLE


def _tests(folder: Path) -> list[Test]:
    files = sorted(_sample(folder).glob("*.jsonl"))
    tests = [
        json.loads(line) for file in files for line in file.read_text(encoding="utf-8").splitlines() if line.strip()
    ]
    return [test for test in tests if test["type"] in CHECKS]


def _page(readings: Readings, path: Path, number: int) -> str:
    pages = readings[path].pages
    return str(pages[number - 1]["markdown"]) if number <= len(pages) else ""


def _stored(folder: Path, test: Test) -> str:
    path = folder / f"{test['pdf'].removesuffix('.pdf')}_pg{test['page']}_repeat1.md"
    return path.read_text(encoding="utf-8") if path.exists() else ""


def _groups(tests: list[Test]) -> Iterator[tuple[str, list[Test]]]:
    yield "all", tests
    yield "without math", [test for test in tests if test["type"] != "math"]
    for kind in Counter(test["type"] for test in tests):
        yield kind, [test for test in tests if test["type"] == kind]


def _passed(tests: list[Test], results: dict[str, bool]) -> str:
    return f"{sum(results[test['id']] for test in tests)}/{len(tests)}"


SET = Set("olmOCR-bench sample", documents, score)
