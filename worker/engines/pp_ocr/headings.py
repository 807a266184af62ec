"""Which lines are headings, and of which level."""

import re

from .lines import Line, Measure

LETTER = re.compile(r"[^\W\d_]")
NUMBERED = re.compile(
    r"(?P<number>\d{1,2}(\.\d{1,2}){0,4})(\.?\s+|\.)(?=[^\W\d_])|(第.{1,4}[章节部]|[A-Z]\.|[IVX]{1,5}\.)\s*(?=\S)"
)
SENTENCE_END = re.compile(r"[.,;。，；、]$")
LEADERS = re.compile(r"(\s?\.){5,}")
"""The dots of a table of contents."""
LONGEST = 150
"""Characters: more is a paragraph in large or bold type."""


def is_heading(line: Line, measure: Measure) -> bool:
    """Does the line look like (the first line of) a heading, by its own text and type?"""
    text, ratio = line.text, line.size / measure.body
    numbered = NUMBERED.match(text) is not None
    if not LETTER.search(text) or LEADERS.search(text) or not line.upright or len(text) > LONGEST:
        return False
    if line.cells > (2 if numbered else 1):
        return False
    if SENTENCE_END.search(text) and ratio < 1.6:
        return False
    if ratio >= measure.sure:
        return True
    if line.bold and ratio > 0.95:
        return numbered or not text.endswith((":", "："))
    return numbered and ratio > 1.05 and len(text) < 60


def level_of(line: Line, measure: Measure, *, title: bool = False) -> int:
    """1 to 6. Numbering decides where there is one ("2.1" is 3, under the title's 1), else the size."""
    ratio = line.size / measure.body
    if title:
        return 1
    if found := NUMBERED.match(line.text):
        return min(2 + (found["number"] or "").count("."), 6)
    if ratio >= 1.7:
        return 1
    return 2 if ratio >= 1.3 else 3 if ratio >= 1.12 else 4
