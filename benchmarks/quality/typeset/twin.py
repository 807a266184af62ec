"""Where each block stands, without any layout analysis: the same source is set again with every block in a colour of
its own, rasterised without antialiasing, and the pixels of each colour are the block's place."""

import re
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pypdfium2 as pdfium

from benchmarks.quality.content.model import Block

LEVELS = (13, 53, 93, 133, 173, 213)
TOLERANCE = 3  # of a colour channel, 0…255
DPI = 200
COLUMN_GAP = 8.0  # points
SHIFT = 0.6  # points that a character may stand away from its place in the twin
FLOWING = ("p", "ul", "ol", "footnote", "toc", "code")
Box = dict[str, Any]


def colour(number: int) -> tuple[int, int, int]:
    """A block's colour in the twin; never a grey."""
    colours = [(r, g, b) for r in LEVELS for g in LEVELS for b in LEVELS if len({r, g, b}) > 1]
    return colours[(number * 37) % len(colours)]


def boxes(twin: Path) -> dict[tuple[int, int, int], list[Box]]:
    """The places of each colour, as {page (from 1), bbox [x0, y0, x1, y1] in shares of the page's width and height}."""
    level = np.full(256, 255, np.uint8)
    for index, value in enumerate(LEVELS):
        level[value - TOLERANCE : value + TOLERANCE + 1] = index
    found: dict[tuple[int, int, int], list[Box]] = {}
    with pdfium.PdfDocument(twin) as document:
        for number, page in enumerate(document, 1):
            off = {"no_smoothtext": True, "no_smoothimage": True, "no_smoothpath": True}
            raster = page.render(scale=DPI / 72, rev_byteorder=True, **off).to_numpy()[:, :, :3]
            indices = level[raster]
            ys, xs = np.nonzero((indices != 255).all(axis=2))
            r, g, b = indices[ys, xs].T.astype(int)
            keys = (r * 6 + g) * 6 + b
            for key in np.unique(keys):
                rgb = (LEVELS[key // 36], LEVELS[key // 6 % 6], LEVELS[key % 6])
                here = keys == key
                for part in _columns(xs[here], ys[here]):
                    bbox = _bbox(xs[here][part], ys[here][part], raster.shape[1], raster.shape[0])
                    found.setdefault(rgb, []).append({"page": number, "bbox": bbox})
    return found


def _bbox(xs: np.ndarray, ys: np.ndarray, width: int, height: int) -> list[float]:
    box = (xs.min() / width, ys.min() / height, (xs.max() + 1) / width, (ys.max() + 1) / height)
    return [round(float(value), 4) for value in box]


def _columns(xs: np.ndarray, ys: np.ndarray) -> list[np.ndarray]:
    """A block that runs from the foot of one column to the head of the next: its parts, else the whole."""
    used = np.unique(xs)
    gaps = np.nonzero(np.diff(used) > COLUMN_GAP * DPI / 72)[0]
    line = 12 * DPI / 72
    for gap in gaps:
        left = xs <= used[gap]
        if ys[left].min() > ys[~left].max() + line:  # all of the left part is lower than the right
            rest = _columns(xs[~left], ys[~left])
            places = np.nonzero(~left)[0]
            return [np.nonzero(left)[0], *(places[part] for part in rest)]
    return [np.arange(len(xs))]


def place(blocks: list[Block], truths: list[Block], found: dict[tuple[int, int, int], list[Box]]) -> list[Block]:
    """The truth's blocks with their boxes, in reading order: footnotes at the foot of their column, floats where
    they stand."""
    result = []
    for block, truth in zip(blocks, truths, strict=True):
        places = found.get(colour(block["id"]))
        if not places:
            raise ValueError(f"nothing printed in the colour of block {block['id']}: {str(truth)[:200]}")
        one = {"page": places[0]["page"], "bbox": places[0]["bbox"]}
        more = {"boxes": places} if len(places) > 1 else {}
        floats = {"float": True} if block.get("float") else {}
        result.append({**truth, **one, **more, **floats})
    settled = [block for block in result if block["type"] != "footnote" and not block.get("float")]
    groups: list[list[Block]] = []
    for before, block in zip([None, *result], result, strict=False):
        if block.get("float"):
            if before is not None and before.get("float") and _touch(before, block):
                groups[-1].append(block)
            else:
                groups.append([block])
    for group in sorted(groups, key=lambda group: (group[0]["page"], group[0]["bbox"][1])):
        at = _float_position(settled, group)
        while at < len(settled) and settled[at].get("float") and _higher(settled[at], group[0]):
            at += 1
        settled[at:at] = group
    for note in (block for block in result if block["type"] == "footnote"):
        over_it = [i for i, block in enumerate(settled) if _touch(block, note) and _higher(block, note)]
        settled.insert(max(over_it, key=lambda i: float(settled[i]["bbox"][3])) + 1, note)
    return settled


def _higher(one: Block, other: Block) -> bool:
    return bool(one["page"] == other["page"] and one["bbox"][3] <= other["bbox"][1])


def _touch(one: Block, other: Block) -> bool:
    return bool(one["page"] == other["page"] and _overlap(one["bbox"], other["bbox"]) > 0)


def _overlap(one: list[float], other: list[float]) -> float:
    return min(one[2], other[2]) - max(one[0], other[0])


def _float_position(settled: list[Block], group: list[Block]) -> int:
    """After the last block above it in its column, else before the first one below."""
    page, bbox = group[0]["page"], group[0]["bbox"]
    above, below = [], []
    for index, block in enumerate(settled):
        for number, part in enumerate(block.get("boxes", [block])):
            if part["page"] == page and _overlap(part["bbox"], bbox) > 0:
                spanning = part["bbox"][2] - part["bbox"][0] > 1.5 * (bbox[2] - bbox[0])
                if part["bbox"][3] <= bbox[1] + 0.005:
                    above.append((part["bbox"][3], index, spanning))
                else:
                    below.append((index, number))
    if above and not (below and max(above)[2]):  # what stands over several columns belongs before all of them
        return max(above)[1] + 1
    if below:
        index, number = min(below)
        return index + 1 if number else index
    earlier = [i for i, block in enumerate(settled) if block["page"] <= page]
    return earlier[-1] + 1 if earlier else 0


def page_words(path: Path) -> list[Counter[str]]:
    with pdfium.PdfDocument(path) as document:
        return [Counter(re.findall(r"\w+", page.get_textpage().get_text_bounded())) for page in document]


def _places(path: Path) -> list[dict[str, np.ndarray]]:
    """Of each page, the left bottom corners of every character's places, in points."""
    result = []
    with pdfium.PdfDocument(path) as document:
        for page in document:
            text = page.get_textpage()
            places: dict[str, list[tuple[float, float]]] = {}
            for index in range(text.count_chars()):
                character = text.get_text_range(index, 1)
                if not character.isspace():
                    places.setdefault(character, []).append(text.get_charbox(index)[:2])
            result.append({character: np.array(corners) for character, corners in places.items()})
    return result


def check(original: Path, twin: Path, inside: str) -> None:
    """Both twins must have the same pages and, but for the words inside of charts, the same words on each, with every
    character in the same place."""
    ours, theirs = page_words(original), page_words(twin)
    if len(ours) != len(theirs):
        raise ValueError(f"{original.name}: {len(ours)} pages, its twin {len(theirs)}")
    allowed = Counter(re.findall(r"\w+", inside))
    for number, (one, other) in enumerate(zip(ours, theirs, strict=True), 1):
        if other - one or (one - other) - allowed:
            raise ValueError(f"{original.name} page {number}: {one - other} against {other - one} in its twin")
    for number, (here, there) in enumerate(zip(_places(original), _places(twin), strict=True), 1):
        for character, corners in there.items():
            distance = (
                np.abs(corners[:, None] - here.get(character, np.full((1, 2), 1e6))[None]).max(axis=2).min(axis=1)
            )
            if distance.max() > SHIFT:
                raise ValueError(f"{original.name} page {number}: {character} stands {distance.max():.1f} pt away")
