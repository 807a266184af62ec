"""Runs of words in a text layer: what stands together on a row, each with its type and place."""

from __future__ import annotations

import ctypes
import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

from ..model.boxes import Box, overlap_x, union
from ..model.frame import Frame
from ..model.scripts import LOWERED, RAISED
from .characters import GONE, HYPHEN, in_unicode
from .doubles import at_one_place
from .objects import address

WIDE_GAP = 1.2
"""Font sizes of white between two words that part two runs: a table's cells, a bullet and its text, two columns."""
WORD = re.compile(r"[^\s\x02\ufdd2]{1,12}\x02?|[\x02\r\n]")
"""Long words and text without spaces are taken in pieces: their type may change on the way."""
MIXED = re.compile(r"[^\W\d_]\d|\d[^\W\d_]|[^\W\d_],[^\W\d_]")
"""What may be an index between letters of one size."""
TINY, SMALL = 0.45, 0.9
"""Of the type around it: the size of raised and lowered text; what is larger still is a chapter's first letter."""
HIGH, LOW = 0.15, 0.04
"""Sizes of type by which such text stands over and under the line."""
SPACE = 0.15
"""Sizes of type of white that part two words where the layer has no space."""
CJK_FIRST = "\u2e80"
"""What is set in columns too begins here."""
SLANTED = 4
"""In place of quarter turns: the way of text that runs neither along nor across the page."""
UPRIGHT_WITHIN = math.radians(5)
BOLD_NAME = re.compile(r"bold|black|heavy|demi|medi(?!um)|(CM|SF)S?S?BX|CMB\d", re.I)
REGULAR_NAME = re.compile(r"regular|roman|book|light|normal", re.I)
"""Some programs write a weight that the font has not."""
BOLD_WEIGHT = 600
FORCE_BOLD = 1 << 18

Style = tuple[float, bool, int, str]
"""Font size in points as painted, boldness, quarter turns clockwise in which it runs on the frame, the font's name.

Columns of Chinese and Japanese run as text does that is turned once.
"""


@dataclass(slots=True)
class Run:
    """Words of one row while they are collected; `styles` counts their characters.

    `words` are where each begins, in `text` and in `boxes`: a long one comes in pieces. `sizes` and `starts` are the
    pieces' sizes of type and positions in the layer, `scripts` the marks before those that are raised or lowered.
    `stacked` counts upright characters under each other. `font` tells the font of its first word from others.
    """

    text: list[str] = field(default_factory=list)
    boxes: list[Box] = field(default_factory=list)
    words: list[tuple[int, int]] = field(default_factory=list)
    styles: Counter[Style] = field(default_factory=Counter)
    sizes: list[float] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)
    scripts: dict[int, str] = field(default_factory=dict)
    stacked: int = 0
    typed: bool = False
    font: int = 0

    @property
    def style(self) -> Style:
        """That of most characters."""
        return max(self.styles, key=self.styles.__getitem__)

    def space(self) -> None:
        self.text.append(" ")
        self.sizes.append(0.0)
        self.starts.append(-1)

    def spans(self) -> list[tuple[int, int, Box]]:
        """For each word where in `text` it begins and ends, and its place in points."""
        ends = [*self.words[1:], (len(self.text), len(self.boxes))]
        return [
            (first, end, union(self.boxes[box:end_box]))
            for (first, box), (end, end_box) in zip(self.words, ends, strict=True)
        ]


def read_runs(textpage: pdfium.PdfTextPage, frame: Frame, listed: str) -> list[Run]:
    """Words, asked for their place at both ends only, gathered into runs."""
    styles = _Styles(textpage.raw, frame)
    run, before = Run(), (0.0, 0.0, 0.0, 0.0)
    level = abs(frame.matrix[1]) < 1e-6
    runs, follows, broken = [run], 0, False
    for text, start, end, boxes in _pieces(textpage, styles, listed):
        if not boxes:
            broken = True
            continue
        style = styles.at(start)
        stacked = style[2] == 0 and text[0] > CJK_FIRST and _is_stacked(run, before, boxes)
        if stacked:
            style = (*style[:2], 1, style[3])
        if run.text:
            x0, y0, x1, y1 = before
            left, bottom, right, top = boxes[0]
            gap = max(left - x1, x0 - right, bottom - y1, y0 - top)
            restarts = (len(run.text) == 1 and _is_cap(run, style[0])) or (
                text == run.text[0] and at_one_place(run.boxes[0], boxes[0])
            )
            # Bullets under each other come without a break.
            apart = level and style[2] % 2 == 0 and min(y1, top) - max(y0, bottom) < 0.1 * min(y1 - y0, top - bottom)
            if broken and not apart and _is_script_beside(run.sizes[-1], style[0], left - x1):
                if left - x1 > SPACE * max(run.sizes[-1], style[0]):
                    run.space()
            elif restarts or broken or apart or gap > WIDE_GAP * style[0] or run.text[-1][-1] == HYPHEN:
                run = Run()
                runs.append(run)
            elif start > follows and (gap > SPACE * style[0] or listed[follows:start].strip(GONE)):
                run.space()
        broken = False
        if not run.text:
            run.font = styles.font(start)
        if not run.text or run.text[-1] == " ":
            run.words.append((len(run.text), len(run.boxes)))
        run.boxes += boxes
        before, follows = boxes[-1], end
        run.text.append(in_unicode(text, style[3]) if "ding" in style[3] else text)
        if stacked:
            run.stacked += len(text)
        run.sizes.append(style[0])
        run.starts.append(start)
        run.styles[style] += end - start
    for run in runs:
        _find_scripts(run, textpage)
    return runs


def _pieces(textpage: pdfium.PdfTextPage, styles: _Styles, text: str) -> Iterator[tuple[str, int, int, list[Box]]]:
    """Words, with their positions and the boxes of both ends, and breaks without any.

    A word whose type changes on the way comes in pieces of one size.
    """
    raw, rect = textpage.raw, pdfium_c.FS_RECTF()
    where, box_at = ctypes.byref(rect), pdfium_c.FPDFText_GetLooseCharBox

    def ends(start: int, end: int) -> list[Box]:
        box_at(raw, start, where)
        boxes = [(rect.left, rect.bottom, rect.right, rect.top)]
        if end - start > 1:
            box_at(raw, end - 1, where)
            boxes.append((rect.left, rect.bottom, rect.right, rect.top))
        return boxes

    for word in WORD.finditer(text):
        piece, start, end = word[0], word.start(), word.end()
        if piece == "\n" or piece == "\r":
            yield piece, start, end, []
            continue
        boxes = ends(start, end)
        changes = len(boxes) > 1 and boxes[0][3] != boxes[1][3] and styles.at(start)[0] != styles.at(end - 1)[0]
        if not changes and (len(boxes) == 1 or piece.isalpha() or MIXED.search(piece) is None):
            yield piece, start, end, boxes
            continue
        for _, group in groupby(range(start, end), lambda i: styles.at(i)[0] if text[i] != HYPHEN else None):
            first, *others = group
            last = others[-1] + 1 if others else first + 1
            yield text[first:last], first, last, ends(first, last)


def _is_stacked(run: Run, before: Box, boxes: Sequence[Box]) -> bool:
    """Do upright characters stand under each other: those of a word, or one under a column of such?"""
    first, last = (boxes[0], boxes[1]) if len(boxes) > 1 else (before, boxes[0])
    if len(boxes) == 1 and not run.stacked:
        return False
    narrower = min(first[2] - first[0], last[2] - last[0])
    return last[3] < first[1] + 0.5 * (first[3] - first[1]) and overlap_x(first, last) > 0.5 * narrower


def _is_script_beside(size: float, other: float, gap: float) -> bool:
    """Is one of two neighbours set smaller, and close by? PDFium takes raised text for another line."""
    small, large = sorted((size, other))
    return TINY * large < small < SMALL * large and -0.3 * large < gap < WIDE_GAP * large


def _is_cap(run: Run, size: float) -> bool:
    """Is a run of one piece, before text of this size, one large letter, or two?"""
    return size < TINY * run.sizes[0] and len(run.text[0]) < 3


def _find_scripts(run: Run, textpage: pdfium.PdfTextPage) -> None:
    """Marks the pieces of a run that are raised or lowered. The first is none: a note begins with its number."""
    large = max(run.sizes, default=0.0)
    if all(size > SMALL * large for size in run.sizes if size):
        return
    sizes: Counter[float] = Counter()
    for text, size in zip(run.text, run.sizes, strict=True):
        sizes[size] += len(text) if size else 0
    usual = sizes.most_common(1)[0][0]
    x, y = ctypes.c_double(), ctypes.c_double()

    def base(i: int) -> float:
        pdfium_c.FPDFText_GetCharOrigin(textpage, run.starts[i], x, y)
        return y.value

    upright = run.style[2] == 0
    line = base(run.sizes.index(usual)) if upright else 0.0
    for i, size in enumerate(run.sizes):
        if upright and i and 0 < size < SMALL * usual:
            rise = (base(i) - line) / usual
            if rise > HIGH or rise < -LOW:
                run.scripts[i] = RAISED if rise > 0 else LOWERED


class _Styles:
    """The styles of characters; asked once per text object."""

    def __init__(self, textpage: object, frame: Frame) -> None:
        self.textpage, self.frame = textpage, frame
        self.known: dict[int, Style] = {}
        self.name, self.flags, self.matrix = ctypes.create_string_buffer(128), ctypes.c_int(), pdfium_c.FS_MATRIX()

    def at(self, i: int) -> Style:
        key = address(pdfium_c.FPDFText_GetTextObject(self.textpage, i))
        style = self.known.get(key)
        if style is None:
            style = self.known[key] = self._look(i)
        return style

    def font(self, i: int) -> int:
        """What tells its font from others of the page, of the same name too."""
        item = pdfium_c.FPDFText_GetTextObject(self.textpage, i)
        return address(pdfium_c.FPDFTextObj_GetFont(item)) if item else 0

    def _look(self, i: int) -> Style:
        pdfium_c.FPDFText_GetMatrix(self.textpage, i, self.matrix)
        size = pdfium_c.FPDFText_GetFontSize(self.textpage, i) * (self.matrix.c**2 + self.matrix.d**2) ** 0.5
        pdfium_c.FPDFText_GetFontInfo(self.textpage, i, self.name, len(self.name), self.flags)
        name = self.name.value.decode("utf-8", "replace")
        bold = (
            bool(BOLD_NAME.search(name))
            or (pdfium_c.FPDFText_GetFontWeight(self.textpage, i) >= BOLD_WEIGHT and not REGULAR_NAME.search(name))
            or bool(self.flags.value & FORCE_BOLD)
        )
        a, b, c, d, _, _ = self.frame.matrix
        right, down = a * self.matrix.a + c * self.matrix.b, b * self.matrix.a + d * self.matrix.b
        face = name.partition("+")[2] or name  # the tag of a subset is random
        turns = math.atan2(down, right) / (math.pi / 2)
        slanted = abs(turns - round(turns)) * (math.pi / 2) > UPRIGHT_WITHIN
        return round(size, 2), bold, SLANTED if slanted else round(turns) % 4, face
