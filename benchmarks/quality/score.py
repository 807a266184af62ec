"""Scores a markdown result against a document's truth: `python -m benchmarks.quality.score TRUTH.json RESULT.md`.

The truth is {"blocks": [...]}: headings (title, h1, h2, h3), paragraphs (p, caption, footnote, code, toc: text), lists
(items), tables (rows; a merged cell's text stands in its top left cell), images. Metrics, best value in brackets:
    ned       edit distance over length, on plain text without white space [0]
    wrec      share of the truth's words found; CJK counts by character [1]
    wprec     share of the result's words that are in the truth [1]
    order     share of block pairs in the right order, floats aside [1]
    headF1    `#` lines against the truth's headings; headP and headR are precision and recall [1]
    list      share of list items that stand on a list line of their own [1]
    table     share of table cells at the right row and column, pipe or HTML tables [1]
    tableF1   the cells with text at the right place, against those in the truth (tableR) and those in all tables of the
              result (tableP): tables that are none cost precision; a table over several pages may come in parts [1]
    img       images found / expected
    iou       mean over the truth's pictures of the best overlap (intersection over union) with a picture of the
              result's pages; needs these [1]
Running headers, footers and page numbers are not in the truth: a good result leaves them out.
"""

import html
import json
import re
import sys
from collections import Counter
from typing import Any

from rapidfuzz import fuzz
from rapidfuzz.distance import Levenshtein

Truth = dict[str, Any]
Table = list[list[str]]
HEADINGS = ("title", "h1", "h2", "h3")
PICTURES = ("image", "chart", "figure")
LONGEST_RUN = 6  # tables of the result that may be one table in the truth
PUNCTUATION = str.maketrans(
    {"（": "(", "）": ")", "，": ",", "：": ":", "；": ";", "’": "'", "“": '"', "”": '"', "–": "-", "—": "-", "‐": "-"}
)
IMAGE = re.compile(r"!\[|<img")
HEADING = re.compile(r"\s{0,3}#{1,6}\s")
LIST_ITEM = re.compile(r"\s*([-*+•●·]|\d+[.)])\s*\S")


def score(truth: Truth, markdown: str, pages: list[dict[str, Any]] | None = None) -> dict[str, Any]:
    """All metrics; `pages` are the result's, with width, height and blocks of label and bbox (same unit)."""
    parts = truth_texts(truth)
    text = plain(markdown)
    expected, found = squeeze(" ".join(parts)), squeeze(text)
    metrics: dict[str, Any] = {
        "ned": round(Levenshtein.distance(expected, found) / max(len(expected), len(found), 1), 4)
    }
    want, have = Counter(words(" ".join(parts))), Counter(words(text))
    inside = Counter(words(" ".join(block.get("inside", "") for block in truth["blocks"])))
    common = sum((want & have).values())
    metrics["wrec"] = round(common / max(1, sum(want.values())), 4)
    extra = have - want
    metrics["wprec"] = round(common / max(1, common + sum((extra - inside).values())), 4)
    metrics["order"] = reading_order(truth_texts(truth, floats=False), found)
    metrics |= headings(truth, markdown) | list_items(truth, markdown) | table_cells(truth, markdown)
    metrics |= table_f1(truth, markdown)
    images, found_images = sum(block["type"] == "image" for block in truth["blocks"]), len(IMAGE.findall(markdown))
    if images or found_images:
        metrics["img"] = f"{found_images}/{images}"
    if images and pages is not None:
        metrics["iou"] = picture_overlap(truth, pages)
    return metrics


def plain(markdown: str) -> str:
    """Markdown or HTML to text: markers, tags, table rules and escapes removed, punctuation made ASCII."""
    text = re.sub(r"!\[[^\]]*\]\([^)]*\)", "", markdown)
    text = re.sub(r"<img[^>]*>", "", text)
    text = re.sub(r"(?<!\\)\[([^\[\]]+)\]\((?:https?:|mailto:|#|/|<)[^()\s]*\)", r"\1", text)
    text = re.sub(r"<!--.*?-->", "", text, flags=re.S)
    text = re.sub(r"</?(b|i|u|sup|sub)>", "", text)
    text = html.unescape(re.sub(r"</?(table|tr|td|th|tbody|thead|div|p|br)[^>]*>", " ", text))
    text = re.sub(r"^\s*\|?[\s:|-]+\|?\s*$", "", text, flags=re.M).replace("|", " ")
    text = re.sub(r"^\s{0,3}(#{1,6}|>)\s+", "", text, flags=re.M)
    text = re.sub(r"^\s*([-*+•●]|\d+\.)\s+", "", text, flags=re.M)
    text = re.sub(r"\*\*|__|\\(?=[#*_\[\]().+\-|!$<>~`])|`", "", text)
    text = re.sub(r"(?<!\w)[*_]|[*_](?!\w)", "", text)
    return re.sub(r"\s+", " ", text.translate(PUNCTUATION)).strip()


def squeeze(text: str) -> str:
    return re.sub(r"\s+", "", text)


def words(text: str) -> list[str]:
    return re.findall(r"[\u4e00-\u9fff]|[^\W_\u4e00-\u9fff]+(?:[.,][0-9]+)*%?", text)


def truth_texts(truth: Truth, *, floats: bool = True) -> list[str]:
    texts: list[str] = []
    for block in truth["blocks"]:
        if block.get("float") and not floats:
            continue
        if "text" in block:
            texts.append(block["text"])
        elif "items" in block:
            texts += block["items"]
        elif "rows" in block:
            texts += [" ".join(row) for row in block["rows"]]
    return [plain(text) for text in texts]


def reading_order(parts: list[str], found: str) -> float | None:
    positions = []
    for part in map(squeeze, parts):
        if len(part) >= 25 and (match := fuzz.partial_ratio_alignment(part[:300], found)) and match.score > 80:
            positions.append(match.dest_start)
    n = len(positions)
    if n < 2:
        return None
    inversions = sum(positions[i] > positions[j] for i in range(n) for j in range(i + 1, n))
    return round(1 - inversions / (n * (n - 1) / 2), 3)


def headings(truth: Truth, markdown: str) -> dict[str, float]:
    expected = [squeeze(plain(block["text"])) for block in truth["blocks"] if block["type"] in HEADINGS]
    found = [squeeze(plain(line)) for line in markdown.split("\n") if HEADING.match(line)]
    if not expected:
        return {}
    used: set[int] = set()
    for heading in expected:
        hit = next((i for i, line in enumerate(found) if i not in used and fuzz.ratio(heading, line) >= 88), None)
        if hit is not None:
            used.add(hit)
    return _f1("head", len(used), len(expected), len(found))


def _f1(name: str, hits: int, expected: int, found: int) -> dict[str, float]:
    recall, precision = hits / max(1, expected), hits / max(1, found)
    f1 = 2 * precision * recall / (precision + recall) if hits else 0.0
    return {f"{name}F1": round(f1, 3), f"{name}P": round(precision, 3), f"{name}R": round(recall, 3)}


def list_items(truth: Truth, markdown: str) -> dict[str, float]:
    expected = [squeeze(plain(item)) for block in truth["blocks"] if "items" in block for item in block["items"]]
    if not expected:
        return {}
    lines = [squeeze(plain(line)) for line in markdown.split("\n") if LIST_ITEM.match(line)]
    hits = sum(any(fuzz.ratio(item, line) >= 80 for line in lines) for item in expected)
    return {"list": round(hits / len(expected), 3)}


def table_cells(truth: Truth, markdown: str) -> dict[str, float]:
    expected = [block["rows"] for block in truth["blocks"] if block["type"] == "table"]
    if not expected:
        return {}
    found = tables(markdown)
    shares = [
        max((cells_in_place(table, other) for other in found), default=0) / max(sum(map(len, table)), 1)
        for table in expected
    ]
    return {"table": round(sum(shares) / len(shares), 3)}


def cells_in_place(expected: Table, found: Table) -> int:
    """How many cells agree, empty ones too. Rows are aligned greedily in order, cells by position."""
    hits, start = 0, 0
    for row in expected:
        best = max(range(start, len(found)), key=lambda i: fuzz.ratio(" ".join(row), " ".join(found[i])), default=None)
        if best is None:
            break
        if fuzz.ratio(" ".join(row), " ".join(found[best])) > 60:
            hits += sum(squeeze(plain(a)) == squeeze(plain(b)) for a, b in zip(row, found[best], strict=False))
            start = best + 1
    return hits


def cells_aligned(expected: Table, found: Table) -> int:
    """How many cells with text agree under the best alignment of the rows, cells by position."""
    before = [0] * (len(found) + 1)
    for row in expected:
        best = [0]
        for i, other in enumerate(found):
            hits = sum(a == b != "" for a, b in zip(row, other, strict=False))
            best.append(max(best[i], before[i + 1], before[i] + hits))
        before = best
    return before[-1]


def table_f1(truth: Truth, markdown: str) -> dict[str, float]:
    """The truth's tables take the result's that fit best, each at most one or, over pages, a run of them."""
    expected = [_bare(block["rows"]) for block in truth["blocks"] if block["type"] == "table"]
    found = [_bare(table) for table in tables(markdown)]
    if not expected and not found:
        return {}
    runs = [range(i, j) for i in range(len(found)) for j in range(i + 1, min(i + LONGEST_RUN, len(found)) + 1)]
    pairs = [
        (cells_aligned(table, _joined([found[i] for i in run])), -len(run), number, run)
        for number, table in enumerate(expected)
        for run in runs
    ]
    done: set[int] = set()
    used: set[int] = set()
    hits, repeated = 0, 0
    for cells, _, number, run in sorted(pairs, key=lambda pair: pair[:2], reverse=True):
        if cells and number not in done and not used & set(run):
            done.add(number)
            used |= set(run)
            hits += cells
            own = [found[i] for i in run]
            repeated += sum(map(_filled, own)) - _filled(_joined(own))
    return _f1("table", hits, sum(map(_filled, expected)), sum(map(_filled, found)) - repeated)


def _joined(parts: list[Table]) -> Table:
    """Parts of one table without the repeated header row."""
    return parts[0] + [
        row for part in parts[1:] for y, row in enumerate(part) if y or not parts[0] or row != parts[0][0]
    ]


def _bare(table: Table) -> Table:
    return [[squeeze(plain(cell)) for cell in row] for row in table]


def _filled(table: Table) -> int:
    return sum(cell != "" for row in table for cell in row)


def tables(markdown: str) -> list[Table]:
    """Every table as a grid; the text of a merged cell stands in its top left cell, the cells it covers are empty."""
    result = [html_grid(table) for table in re.findall(r"<table.*?</table>", markdown, re.S | re.I)]
    current: Table = []
    for line in [*markdown.split("\n"), ""]:
        line = line.strip()
        if line.startswith("|") and line.endswith("|") and len(line) > 2:
            row = [cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", line[1:-1])]
            if not all(re.fullmatch(r":?-+:?", cell) for cell in row):
                current.append(row)
        elif current:
            result.append(current)
            current = []
    return result


def html_grid(table: str) -> Table:
    grid: dict[tuple[int, int], str] = {}
    rows = re.findall(r"<tr.*?>(.*?)</tr>", table, re.S | re.I)
    for y, row in enumerate(rows):
        x = 0
        for attributes, content in re.findall(r"<t[dh]\b([^>]*)>(.*?)</t[dh]>", row, re.S | re.I):
            while (y, x) in grid:
                x += 1
            height, width = (
                int(match.group(1)) if (match := re.search(rf"{name}span\s*=\s*[\"']?(\d+)", attributes, re.I)) else 1
                for name in ("row", "col")
            )
            for dy in range(min(height, len(rows) - y)):
                for dx in range(min(width, 100)):
                    grid[y + dy, x + dx] = ""
            grid[y, x] = html.unescape(re.sub(r"<[^>]+>", "", content)).strip()
            x += width
    wide = 1 + max((x for _, x in grid), default=-1)
    return [[grid.get((y, x), "") for x in range(wide)] for y in range(len(rows))]


def picture_overlap(truth: Truth, pages: list[dict[str, Any]]) -> float:
    overlaps = []
    for block in truth["blocks"]:
        if block["type"] == "image":
            page = pages[block["page"] - 1] if block["page"] <= len(pages) else {"blocks": []}
            found = [part["bbox"] for part in page.get("blocks", []) if part["label"] in PICTURES]
            size = (page.get("width", 1), page.get("height", 1)) * 2
            shares = [[value / whole for value, whole in zip(bbox, size, strict=True)] for bbox in found]
            overlaps.append(max((_iou(block["bbox"], share) for share in shares), default=0.0))
    return round(sum(overlaps) / len(overlaps), 3)


def _iou(one: list[float], other: list[float]) -> float:
    across = max(0.0, min(one[2], other[2]) - max(one[0], other[0]))
    down = max(0.0, min(one[3], other[3]) - max(one[1], other[1]))
    areas = [(box[2] - box[0]) * (box[3] - box[1]) for box in (one, other)]
    return across * down / max(sum(areas) - across * down, 1e-12)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    with open(sys.argv[1], encoding="utf-8") as truth_file, open(sys.argv[2], encoding="utf-8") as result_file:
        print(json.dumps(score(json.load(truth_file), result_file.read())))
