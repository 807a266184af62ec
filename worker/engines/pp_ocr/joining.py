"""Joining the lines of a paragraph into running text."""

import re
from collections.abc import Sequence

from .lines import Line

CJK = "\u2e80-\u2fdf\u3000-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff00-\uffef"
CJK_END = re.compile(f"[{CJK}]$")
CJK_START = re.compile(f"[{CJK}]")
CJK_GAP = re.compile(f"(?<=[{CJK}]) (?=[{CJK}])")
HYPHEN_END = re.compile(r"(?<=[^\W\d_])[-\u2010\u00ad]$")


def join_lines(lines: Sequence[Line]) -> str:
    """The text of consecutive lines as one."""
    text = ""
    for line, before in zip(lines, [None, *lines], strict=False):
        text = join(text, line.text, hyphenated=before is not None and before.hyphenated)
    return CJK_GAP.sub("", text).replace("\u00ad", "")


def join(first: str, second: str, *, hyphenated: bool = False) -> str:
    """Two pieces of text: a word broken by a hyphen grows together, Chinese and Japanese need no space."""
    if not first or not second:
        return first or second
    if HYPHEN_END.search(first):
        return (first[:-1] if second[0].islower() else first) + second
    if hyphenated or CJK_END.search(first) or CJK_START.match(second):
        return first + second
    return f"{first} {second}"
