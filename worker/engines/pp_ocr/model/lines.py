"""The one model both routes produce: lines of text with their boxes, in page pixels."""

import re
import statistics
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from .boxes import Box, overlap_x

LIGATURES = {ord(mark): unicodedata.normalize("NFKC", mark) for mark in "ﬀﬁﬂﬃﬄﬅﬆ"}
UNPRINTABLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufdd0-\ufdef\ufeff\ufffe\uffff\ud800-\udfff]"
)
SPACES = re.compile(r"\s+")
LONG = 40
"""Characters of a line of prose, in one column of two."""
RAGGED, RUNS_ON = 3.0, 0.4
"""Sizes of type by which the ends of most lines of widely set text differ, and share of them in mid-sentence."""
MUCH, SEVERAL = 0.15, 4
"""Share of a page's characters, and long lines, in a size of type that text is set in."""
USUAL_PITCH, WIDE_PITCH = 1.3, 1.7
"""From line to line, in font sizes."""


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a line and its place."""

    text: str
    box: Box


@dataclass(slots=True)
class Line:
    """A run of text on one row. `size` is its font size in pixels, `face` its font, "" where it is not known.

    `words` are its words where their places are known. `boxed` is the value in a form's box, `contents` a line of a
    table of contents. `runs` counts the runs of some length that it was joined from, `cells` those far apart.

    `hyphenated` says that the text layer knows the hyphen at its end as one that broke a word. What is not `upright`
    runs another way than the page's text, `turned` by so many quarters clockwise. `confidence`, 0 to 1, is the
    recogniser's; None in a text layer. What is `typed` stands in an annotation or a form's field. `font` tells its
    font from others of the page; their names may be the same.
    """

    text: str
    box: Box
    size: float
    bold: bool = False
    hyphenated: bool = False
    upright: bool = True
    cells: int = 1
    words: Sequence[Word] = ()
    face: str = ""
    boxed: bool = False
    contents: bool = False
    runs: int = 1
    confidence: float | None = None
    turned: int = 0
    typed: bool = False
    font: int = 0

    @property
    def middle(self) -> float:
        """The height at its middle."""
        return (self.box[1] + self.box[3]) / 2


@dataclass(frozen=True, slots=True)
class Measure:
    """What is ordinary on a page: the size of body text in pixels, the pitch of its lines in sizes, and its font.

    `bodies` are other sizes that much of its text has, as far as type is known.

    `sure` is how much larger than the body a line must be to count as a heading; sizes read off a scan are rough.
    """

    body: float
    pitch: float
    sure: float
    face: str = ""
    bodies: frozenset[float] = frozenset()

    @classmethod
    def of(cls, lines: Sequence[Line], sure: float, body: float | None = None) -> "Measure":
        body = body or body_size(lines)
        steps = [
            (b.box[3] - a.box[3]) / a.size
            for a, b in pairwise(lines)
            if overlap_x(a.box, b.box) > 0
            and abs(a.size - b.size) < 0.1 * a.size
            and 0.8 < (b.box[3] - a.box[3]) / a.size < 3
        ]
        pitch = min(max(statistics.median_low(steps), 1.0), 2.2) if steps else USUAL_PITCH
        if pitch > WIDE_PITCH and not is_filled(lines):
            pitch = USUAL_PITCH
        faces: Counter[str] = Counter()
        for line in lines:
            faces[line.face] += len(line.text)
        return cls(body, pitch, sure, faces.most_common(1)[0][0] if faces else "", _bodies(lines))

    def is_body(self, line: "Line") -> bool:
        """Is it set like much of the page's text, though that is larger than the body?"""
        return not line.bold and round(line.size, 1) in self.bodies

    def relative(self, line: Line) -> float:
        """The size of the line's type in body sizes, as parts have it."""
        return round(line.size / self.body, 2)


def is_filled(lines: Sequence[Line]) -> bool:
    """Do most lines end at the same margin, and go on in mid-sentence? Then what is far apart is widely set text."""
    ends, size = sorted(line.box[2] for line in lines), statistics.median(line.size for line in lines)
    return sum(ends[-1] - end < RAGGED * size for end in ends) > 0.5 * len(ends) and runs_on(lines)


def runs_on(lines: Sequence[Line]) -> bool:
    """Do many lines begin in mid-sentence, as those of a paragraph do and those of an address do not?"""
    return sum(line.text[0].islower() or line.text[0] > "\u2e80" for line in lines) > RUNS_ON * len(lines)


def _bodies(lines: Sequence[Line]) -> frozenset[float]:
    """The sizes of type in which much of the text is set: an article's is larger than its references'."""
    chars: Counter[float] = Counter()
    rows: Counter[float] = Counter()
    for line in lines:
        if line.face and not line.bold and len(line.text) > LONG:
            chars[round(line.size, 1)] += len(line.text)
            rows[round(line.size, 1)] += 1
    total = sum(len(line.text) for line in lines)
    return frozenset(size for size in chars if chars[size] > MUCH * total and rows[size] >= SEVERAL)


def body_size(lines: Iterable[Line]) -> float:
    """The font size most characters have, in pixels; those of whole lines count twice, for tables are set smaller."""
    sizes: Counter[float] = Counter()
    for line in lines:
        sizes[round(line.size, 1)] += len(line.text) * (2 if len(line.text) > LONG else 1)
    return max(sizes.most_common(1)[0][0], 1.0) if sizes else 1.0


def clean(text: str) -> str:
    """Text fit to print: no control marks or direction overrides, ligatures and accents composed, single spaces.

    Quotes of two single ones, as typesetters make them, are double ones.
    """
    text = SPACES.sub(" ", UNPRINTABLE.sub("", text.translate(LIGATURES))).strip()
    return text if text.isascii() else unicodedata.normalize("NFC", text.replace("‘‘", "“").replace("’’", "”"))
