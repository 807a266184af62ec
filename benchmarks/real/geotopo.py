"""GeoTopo, a German textbook of 117 pages by LaTeX: recall and precision of words, as often as they occur.

The document is in py-pdf/sample-files; its plain text and the outputs of other tools are in py-pdf/benchmarks.
"""

from collections import Counter
from pathlib import Path

from benchmarks.real.figures import Figure, Readings, Set
from benchmarks.real.plain_text import without_markup, words

OTHERS = {
    "recall of words": {"tika": ".994", "pdftotext": ".973", "pdfium": ".968"},
    "precision of words": {"tika": ".970", "pdftotext": ".938", "pdfium": ".927"},
}


def documents(folder: Path) -> list[Path]:
    return sorted(folder.glob("**/GeoTopo*.pdf"))[:1]


def score(folder: Path, readings: Readings) -> list[Figure]:
    [path] = documents(folder)
    [truth] = folder.glob("**/GeoTopo-book.txt")
    shares = recall_and_precision(truth.read_text(encoding="utf-8"), readings[path].markdown)
    return [Figure(name, f"{share:.3f}", others) for (name, others), share in zip(OTHERS.items(), shares, strict=True)]


def recall_and_precision(expected: str, markdown: str) -> tuple[float, float]:
    want, have = (Counter(words(text)) for text in (expected, without_markup(markdown)))
    common = sum((want & have).values())
    return common / max(sum(want.values()), 1), common / max(sum(have.values()), 1)


SET = Set("GeoTopo", documents, score)
