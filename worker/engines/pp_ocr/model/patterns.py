"""What text looks like: patterns that several modules ask for."""

import re

from .scripts import bare

LETTER = re.compile(r"[^\W\d_]")
CJK = "\u2e80-\u2fdf\u3000-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff00-\uffef"
"""Chinese and Japanese, marks too: nothing is set between these."""
CJK_START, CJK_END = re.compile(f"[{CJK}]"), re.compile(f"[{CJK}]$")
CJK_GAP = re.compile(f"(?<=[{CJK}]) (?=[{CJK}])")
CJK_LETTER = re.compile("[\u3040-\u30ff\u3400-\u9fff]")
CAPTION = re.compile(
    r"(Figure|Fig\.|Table|Tab\.|Abbildung|Abb\.|Tabelle|Tableau|Chart|Photo|Plate|Graph|Scheme|Exhibit|图|圖|表)"
    r"\s*[A-Z]?\d+",
    re.I,
)
LEADERS = re.compile(r"[.·…]((?<=…)(\s?…)+|(?<=[.·])(\s?[.·]){4,})")
"""The dots of a table of contents. It begins with a set of characters, which are looked for fast."""
OPEN_END, RESUMES = re.compile(r"([^\W\d_]|[,，、-])$"), re.compile(r"[a-zà-öø-ÿ\u0430-\u044f\u4e00-\u9fff]")
"""How a paragraph ends that goes on after a figure or on the next page, and how it goes on there."""
NUMBER = re.compile(
    r"[*†‡§]{0,3}[-+−–±<>≤≥(]?\s*[€$£¥]?\s*[.,]?\d[\d.,' ]*\s*(%|[€$£¥]|[A-Za-z]{1,4})?\)?[*†‡§]{0,3}"
    r"|[-–—*†‡§#.]{1,5}|\(?n/?a\)?|\(x\)",
    re.I,
)
"""What stands in a column of numbers: units, currencies and dashes too, marks of notes, and what stands for none."""


def is_number(text: str) -> bool:
    """Is it the content of a table's numeric cell?"""
    return NUMBER.fullmatch(bare(text)) is not None
