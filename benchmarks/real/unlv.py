"""UNLV/ISRI pages in tesseract's tests: normalised edit distance of the plain text, a page each.

The truth has the zones in reading order, broken into lines: words broken by hyphens are joined, white space does not
count. The bar is .06 for every page.
"""

import re
from pathlib import Path

from rapidfuzz.distance import Levenshtein

from benchmarks.quality.score import plain, squeeze
from benchmarks.real.figures import Figure, Readings, Set


def documents(folder: Path) -> list[Path]:
    return [path for path in sorted(folder.glob("**/*.tif")) if path.with_suffix(".txt").exists()]


def score(folder: Path, readings: Readings) -> list[Figure]:
    return [
        Figure(f"{path.stem}, edit distance", f"{distance(_truth(path), readings[path].markdown):.3f}")
        for path in documents(folder)
    ]


def distance(expected: str, markdown: str) -> float:
    return Levenshtein.normalized_distance(squeeze(plain(_joined(expected))), squeeze(plain(markdown)))


def _joined(text: str) -> str:
    return re.sub(r"(?<=[a-z])-\n(?=[a-z])", "", text)


def _truth(path: Path) -> str:
    return path.with_suffix(".txt").read_text(encoding="utf-8", errors="replace")


SET = Set("UNLV", documents, score)
