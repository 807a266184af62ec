"""What was detected on a scan and could not be read.

The recogniser knows Latin, Chinese and Japanese characters. It skips others, often with confidence: a line of Cyrillic
comes back as blanks, one of Arabic as nothing, one of Devanagari as a few Latin letters with little confidence.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

SURE_SCORE = 0.5
"""Score of a line that is kept, at least."""
POOR_SCORE, HARD_SCORE = 0.75, 0.86
"""Scores under which a line is left out and counted as hard to read, on a page where most lines are so."""
SHORT, LONG = 2.0, 3.0
"""Widths in heights: a shorter box may be a speck; what a longer one holds is text."""
FEWEST_CHARS = 0.15
"""Characters of a line per height of its box, at least: Latin ones are 1.5 to 3, Chinese ones 1."""
DASHES = re.compile(r"[\s\-_=~—–―一]*[\-_=~—–―一]\s*")
"""Rules, too, are read as something."""
MANY, MOST = 0.15, 0.5
"""Shares of the page's text."""


@dataclass(frozen=True, slots=True)
class Legibility:
    """`kept` and `unread` are indices of lines; specks are in neither. `strange`: an unknown script, or illegible."""

    kept: list[int]
    unread: list[int]
    strange: bool


def judge(sides: Sequence[tuple[float, float]], texts: Sequence[str], scores: Sequence[float]) -> Legibility:
    """Tells the lines that were read from those that were not; `sides` are widths and heights of their boxes."""
    width = np.array([max(pair) for pair in sides])
    length = width / np.array([max(min(pair), 1.0) for pair in sides])
    chars = np.array([sum(not c.isspace() for c in text) for text in texts])
    dashes = np.array([DASHES.fullmatch(text) is not None for text in texts], np.bool_)
    score = np.array(scores)
    long = length >= LONG
    skipped = long & (chars < FEWEST_CHARS * length) & ~dashes
    hard = long & (skipped | (score < HARD_SCORE))
    total = width[long].sum()
    illegible = hard.sum() > 1 and width[hard].sum() > MOST * total
    kept = ~skipped & (score > (POOR_SCORE if illegible else SURE_SCORE))
    strange = bool(illegible or width[skipped].sum() > MANY * total)
    return Legibility(np.flatnonzero(kept).tolist(), np.flatnonzero(~kept & (length >= SHORT)).tolist(), strange)


def warning(unread: int, *, strange: bool) -> str | None:
    """What a reader should know of the lines that are left out."""
    lines = "1 line of text is" if unread == 1 else f"{unread} lines of text are"
    if strange:
        found = f"{lines} left out" if unread else "Much of the text may be wrong"
        return (
            f"{found}: the script is none that pp_ocr can recognize (Latin, Chinese, Japanese), or it is illegible. "
            "The engine paddleocr_vl reads more scripts."
        )
    return (
        f"{lines} left out: OCR could not read {'it' if unread == 1 else 'them'} with confidence." if unread else None
    )
