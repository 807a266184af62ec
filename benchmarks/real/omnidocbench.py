"""OmniDocBench, its demo pages: text edit distance, reading order, and tables by TEDS.

Blocks of the truth and of the result are matched by their normalised text (letters and digits alone): a block goes with
the one that it lies in, and blocks that go together are joined on either side, so that a result may cut or join
paragraphs. The edit distance of a page is the sum over such pairs by the sum of their longer lengths. What matches
captions, headers, footers and page numbers is left out; what matches nothing counts in full. The score is the mean over
the pages, as in the original, whose matching differs in detail: compare scores of this module with each other only.
"""

import json
import re
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from statistics import mean
from typing import Any

from rapidfuzz import fuzz
from rapidfuzz.distance import Levenshtein

from benchmarks.quality.score import plain
from benchmarks.real.cells import html_table, html_tables, tables
from benchmarks.real.figures import Figure, Readings, Set
from benchmarks.real.tree_distance import teds

DEMO = Path("demo_data", "omnidocbench_demo")
STORED = Path("demo_data", "end2end")
TEXT = {"text_block", "title", "code_txt", "reference"}
NOT_TEXT = {"table", "figure", "abandon", "equation_isolated", "equation_semantic", "equation_explanation"}
LIKENESS = 70  # per cent, of a block and the part of another that it lies in
SHORT = 4  # such texts lie in too many others: they go with their equal alone
CIRCLED = re.compile(r"\\textcircled\s*\{?(\w)\}?")
WHITE = re.compile(r"\\[tn](?![a-z])")
"""Tabs and line ends as the truth writes them."""
Page = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Score:
    text: float | None
    order: float | None
    tables: list[float]


def documents(folder: Path) -> list[Path]:
    return [folder / DEMO / "images" / page["page_info"]["image_path"] for page in _pages(folder)]


def score(folder: Path, readings: Readings) -> list[Figure]:
    pairs = [*zip(_pages(folder), documents(folder), strict=True)]
    ours = [score_page(page, readings[path].markdown) for page, path in pairs]
    stored = [(page, folder / STORED / f"{path.stem}.md") for page, path in pairs]
    theirs = [score_page(page, path.read_text(encoding="utf-8")) for page, path in stored if path.exists()]
    notes = {
        "text edit distance": [f"{path.name}: {one.text}" for (_, path), one in zip(pairs, ours, strict=True)],
        "table TEDS": [f"{path.name}: {one.tables}" for (_, path), one in zip(pairs, ours, strict=True) if one.tables],
    }
    return [
        Figure(name, value(ours), {"model output (stored)": value(theirs)} if theirs else {}, notes.get(name, ()))
        for name, value in MEASURES.items()
    ]


def score_page(page: Page, markdown: str) -> Score:
    truths = [(_squeezed(block["text"]), block["category_type"] in TEXT) for block in _texts(page)]
    truths = [(text, counts) for text, counts in truths if text]
    found = [text for block in _blocks(markdown) if (text := _squeezed(block))]
    pairs = match([text for text, _ in truths], found)
    edits = whole = 0
    order: list[tuple[int, int]] = []
    for left, right in pairs:
        if left and not any(truths[i][1] for i in left):
            continue
        one, other = "".join(truths[i][0] for i in left), "".join(found[i] for i in right)
        edits += Levenshtein.distance(one, other)
        whole += max(len(one), len(other))
        if left and right:
            order.append((right[0], left[0]))
    places = [left for _, left in sorted(order)]
    return Score(
        round(edits / whole, 3) if whole else None,
        round(Levenshtein.normalized_distance(places, sorted(places)), 3) if places else None,
        _table_scores(page, markdown),
    )


def match(expected: list[str], found: list[str]) -> list[tuple[list[int], list[int]]]:
    """Indexes of texts that belong together, in their order on both sides; every text is in one pair."""
    groups = {("e", i): {("e", i)} for i in range(len(expected))} | {("f", i): {("f", i)} for i in range(len(found))}
    for i, j in [*_homes(expected, found), *((i, j) for j, i in _homes(found, expected))]:
        one, other = groups["e", i], groups["f", j]
        if one is not other:
            one |= other
            groups |= dict.fromkeys(other, one)
    unique = {id(group): group for group in groups.values()}.values()
    return [(_indexes(group, "e"), _indexes(group, "f")) for group in unique]


def _indexes(group: set[tuple[str, int]], side: str) -> list[int]:
    return sorted(i for own, i in group if own == side)


def _homes(texts: list[str], others: list[str]) -> Iterable[tuple[int, int]]:
    """Each text with the other text, no shorter, in which it lies best; the least long one of equals."""
    for i, text in enumerate(texts):
        best = (float(LIKENESS), 0.0, -1)
        for j, other in enumerate(others):
            if len(other) < len(text) or (len(text) < SHORT and text != other):
                continue
            best = max(best, (fuzz.partial_ratio(text, other, score_cutoff=LIKENESS), fuzz.ratio(text, other), j))
        if best[2] >= 0:
            yield i, best[2]


def _table_scores(page: Page, markdown: str) -> list[float]:
    """TEDS of each table of the truth with the table of the result that is most like it."""
    found = tables(markdown)
    expected = [html_table(block["html"]) for block in page["layout_dets"] if block["category_type"] == "table"]
    return [round(max((teds(table, truth) for table in found), default=0.0), 3) for truth in expected]


def _texts(page: Page) -> list[dict[str, Any]]:
    """The truth's texts in reading order, parts of one paragraph joined; what has no order is furniture."""
    kept = [
        block
        for block in page["layout_dets"]
        if block.get("text") and not block.get("ignore") and block["category_type"] not in NOT_TEXT
    ]
    return sorted(kept, key=lambda block: (block.get("order") is None, block.get("order") or 0))


def _blocks(markdown: str) -> list[str]:
    for table in html_tables(markdown):
        markdown = markdown.replace(table, "")
    markdown = re.sub(r"^\s*\|.*\|\s*$", "", markdown, flags=re.M)
    markdown = re.sub(r"\$\$.*?\$\$|\\\[.*?\\\]", "", markdown, flags=re.S)
    return [plain(block) for block in re.split(r"\n\s*\n|\n(?=#)", markdown)]


def _squeezed(text: str) -> str:
    """Letters and digits alone, also of TeX, in which the truth has circled numbers and fractions."""
    text = re.sub(r"\\[A-Za-z]+", "", WHITE.sub("", CIRCLED.sub(r"\1", text)))
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", text))


def _pages(folder: Path) -> list[Page]:
    pages: list[Page] = json.loads((folder / DEMO / "OmniDocBench_demo.json").read_text(encoding="utf-8"))
    return pages


def _mean(values: Iterable[float | None]) -> str:
    known = [value for value in values if value is not None]
    return f"{mean(known):.3f}" if known else "-"


MEASURES: dict[str, Callable[[list[Score]], str]] = {
    "text edit distance": lambda scores: _mean(score.text for score in scores),
    "reading order edit distance": lambda scores: _mean(score.order for score in scores),
    "table TEDS": lambda scores: _mean(value for score in scores for value in score.tables),
}
SET = Set("OmniDocBench demo", documents, score)
