"""Joining the lines of a paragraph into running text."""

import re
from collections.abc import Iterable, Sequence

from .lines import Line
from .patterns import CJK_END, CJK_GAP, CJK_START

WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
COUNTED = re.compile(
    r"one|two|three|four|five|six|seven|eight|nine|ten|twelve|twenty|thirty|forty|fifty|hundred|half|self|well"
)
"""Words that make compounds with a hyphen in English: two-part, self-made."""
HYPHEN_END = re.compile(r"(?<=[^\W\d_])[-\u2010\u00ad]$")
"""To be looked for in the last two characters: all of a text would be gone through."""


def vocabulary(texts: Iterable[str]) -> frozenset[str]:
    """The words of lines in order, those with a hyphen inside too, but not the pieces of broken ones."""
    found: set[str] = set()
    broken = False
    for text in texts:
        words = WORD.findall(text)
        found.update(words[1 if broken else 0 : -1 if (broken := HYPHEN_END.search(text[-2:]) is not None) else None])
    return frozenset(found)


def join_lines(lines: Sequence[Line], known: frozenset[str] = frozenset()) -> str:
    """The text of consecutive lines as one; `known` words tell which hyphens at the end of a line belong there."""
    text = ""
    for line, before in zip(lines, [None, *lines], strict=False):
        text = join(text, line.text, known, hyphenated=before is not None and before.hyphenated)
    return CJK_GAP.sub("", text).replace("\u00ad", "")


def join(first: str, second: str, known: frozenset[str] = frozenset(), *, hyphenated: bool = False) -> str:
    """Two pieces of text: a word broken by a hyphen grows together, Chinese and Japanese need no space."""
    if not first or not second:
        return first or second
    if HYPHEN_END.search(first[-2:]):
        return (first[:-1] if second[0].islower() and not _compound(first, second, known) else first) + second
    if hyphenated or CJK_END.search(first[-1]) or CJK_START.match(second):
        return first + second
    return f"{first} {second}"


def _compound(first: str, second: str, known: frozenset[str]) -> bool:
    """Is the hyphen part of the word? Then the text elsewhere has the compound, or both of its words."""
    head, tail = WORD.findall(first)[-1].rpartition("-")[2], WORD.match(second)
    if tail is None or head + tail[0] in known:
        return False
    if f"{head}-{tail[0]}" in known or COUNTED.fullmatch(head.lower()):
        return True
    return min(len(head), len(tail[0])) >= 3 and head in known and tail[0].partition("-")[0] in known
