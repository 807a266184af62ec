"""Sentences that are broken over paragraphs: a paragraph without a final mark, and the next begins in lower case.

Paragraphs of a word or two are mostly labels and do not count.
"""

import re
from itertools import pairwise
from pathlib import Path

from benchmarks.real.figures import Figure, Readings, Set

NO_PARAGRAPH = re.compile(r"\s*(#|\||<|!\[|[-*+] |\d+[.)] |```|\$\$)")
FINAL = re.compile(r"[.!?:;…。！？][\"'”’)\]*_]*$")
LEAST_WORDS = 3


def documents(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.pdf"))


def score(folder: Path, readings: Readings) -> list[Figure]:
    found = {path.name: broken_sentences(readings[path].markdown) for path in documents(folder)}
    notes = [f"{name}: {len(breaks)}: {breaks[0]}" for name, breaks in found.items() if breaks]
    return [Figure("broken paragraphs", str(sum(map(len, found.values()))), notes=notes)]


def broken_sentences(markdown: str) -> list[str]:
    """Both sides of each break."""
    blocks = [block.strip() for block in re.split(r"\n\s*\n", markdown)]
    return [
        f"{one[-30:]} | {other[:30]}"
        for one, other in pairwise(blocks)
        if min(len(one.split()), len(other.split())) >= LEAST_WORDS
        and not NO_PARAGRAPH.match(one)
        and not FINAL.search(one)
        and other[0].islower()
    ]


SET = Set("sentences", documents, score)
