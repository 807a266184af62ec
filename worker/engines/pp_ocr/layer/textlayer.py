"""A page's text layer as lines, in content order: typesetters nearly always write in reading order."""

import ctypes
import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import overload

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

from ..model.boxes import Box, union
from ..model.frame import Frame, Turn
from ..model.lines import Line, Word, clean
from ..model.patterns import LETTER
from .characters import HYPHEN, RIGHT_TO_LEFT, characters

WIDE_GAP = 1.2
"""Font sizes of white between two words that part two runs: a table's cells, a bullet and its text, two columns."""
WORD = re.compile(r"[^\s\x02]{1,12}\x02?|[\x02\r\n]")
"""Long words and text without spaces are taken in pieces: their type may change on the way."""
BOLD_NAME = re.compile(r"bold|black|heavy|demi|medi(?!um)|(CM|SF)S?S?BX|CMB\d", re.I)
REGULAR_NAME = re.compile(r"regular|roman|book|light|normal", re.I)
"""Some programs write a weight that the font has not."""
BOLD_WEIGHT = 600
HALVES = re.compile("[\ud800-\udbff][\udc00-\udfff]")
FORCE_BOLD = 1 << 18


Style = tuple[float, bool, int, str]
"""Font size in points as painted, boldness, quarter turns clockwise in which it runs on the frame, the font's name."""


@dataclass(frozen=True, slots=True)
class TextLayer:
    """Lines in content order, turned upright if most of them lie on their side; `turn` leads back to the frame."""

    lines: list[Line]
    turn: Turn


@dataclass(slots=True)
class _Run:
    """Words of one row while they are collected; `styles` counts their characters.

    `words` are where each begins, in `text` and in `boxes`: a long one comes in pieces.
    """

    text: list[str] = field(default_factory=list)
    boxes: list[Box] = field(default_factory=list)
    words: list[tuple[int, int]] = field(default_factory=list)
    styles: Counter[Style] = field(default_factory=Counter)


def read(page: pdfium.PdfPage, frame: Frame) -> TextLayer:
    """The lines of the page's text layer. Text outside the CropBox is left out."""
    textpage = page.get_textpage()
    try:
        runs = _runs(textpage, frame)
    finally:
        textpage.close()
    quarters: Counter[int] = Counter()
    for run in runs:
        for (_, _, quarter, _), count in run.styles.items():
            quarters[quarter] += count
    text = "".join(piece for run in runs for piece in run.text)
    mirrored = len(RIGHT_TO_LEFT.findall(text)) > 0.5 * len(LETTER.findall(text))
    turn = Turn(quarters.most_common(1)[0][0] if quarters else 0, frame.width, frame.height, mirrored)
    lines = [line for run in runs if (line := _line(run, frame, turn)) is not None]
    if sum(len(line.text) for line in lines if line.bold) > 0.6 * sum(len(line.text) for line in lines):
        usual = Counter(line.face for line in lines for _ in line.text).most_common(1)[0][0]
        for line in lines:  # where all is bold, nothing is
            line.bold = line.bold and line.face != usual
    return TextLayer(lines, turn)


def _runs(textpage: pdfium.PdfTextPage, frame: Frame) -> list[_Run]:
    """Words, asked for their place at both ends only, gathered into runs."""
    raw, rect, styles = textpage.raw, pdfium_c.FS_RECTF(), _Styles(textpage.raw, frame)
    where, box_at = ctypes.byref(rect), pdfium_c.FPDFText_GetLooseCharBox
    run, before = _Run(), (0.0, 0.0, 0.0, 0.0)
    level = abs(frame.matrix[1]) < 1e-6
    runs, follows = [run], 0
    for word in WORD.finditer(characters(textpage)):
        text, start, end = word[0], word.start(), word.end()
        if text == "\n" or text == "\r":
            if run.text:
                run = _Run()
                runs.append(run)
            continue
        box_at(raw, start, where)
        left, bottom, right, top = rect.left, rect.bottom, rect.right, rect.top
        style = styles.at(start)
        if run.text:
            x0, y0, x1, y1 = before
            gap = max(left - x1, x0 - right, bottom - y1, y0 - top)
            # Bullets under each other come without a break.
            apart = level and style[2] % 2 == 0 and min(y1, top) - max(y0, bottom) < 0.1 * min(y1 - y0, top - bottom)
            if apart or gap > WIDE_GAP * style[0] or run.text[-1][-1] == HYPHEN:
                run = _Run()
                runs.append(run)
            elif start > follows:
                run.text.append(" ")
        if not run.text or run.text[-1] == " ":
            run.words.append((len(run.text), len(run.boxes)))
        run.boxes.append((left, bottom, right, top))
        if end - start > 1:
            box_at(raw, end - 1, where)
            run.boxes.append((rect.left, rect.bottom, rect.right, rect.top))
        before, follows = run.boxes[-1], end
        run.text.append(text)
        run.styles[style] += end - start
    return runs


class _Styles:
    """The styles of characters; asked once per text object."""

    def __init__(self, textpage: object, frame: Frame) -> None:
        self.textpage, self.frame = textpage, frame
        self.known: dict[int | None, Style] = {}
        self.name, self.flags, self.matrix = ctypes.create_string_buffer(128), ctypes.c_int(), pdfium_c.FS_MATRIX()

    def at(self, i: int) -> Style:
        key = ctypes.cast(pdfium_c.FPDFText_GetTextObject(self.textpage, i), ctypes.c_void_p).value
        style = self.known.get(key)
        if style is None:
            style = self.known[key] = self._look(i)
        return style

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
        return round(size, 2), bold, round(math.atan2(down, right) / (math.pi / 2)) % 4, face


def _line(run: _Run, frame: Frame, turn: Turn) -> Line | None:
    """None where nothing printable is left, or nothing on the page."""
    hyphenated = bool(run.text) and run.text[-1].endswith(HYPHEN)
    text = _printable(run.text)
    if not text or not frame.holds(box := frame.box(*union(run.boxes))):
        return None
    size, _, quarter, face = run.styles.most_common(1)[0][0]
    bold = sum(n for (_, heavy, _, _), n in run.styles.items() if heavy) > 0.8 * run.styles.total()
    return Line(
        text,
        turn.upright(box),
        max(size * frame.scale, 0.5),
        bold=bold,
        hyphenated=hyphenated,
        upright=quarter == turn.quarters,
        words=_Words(run, frame, turn),
        face=face,
    )


class _Words(Sequence[Word]):
    """The words of a run, placed when they are asked for: most lines' never are."""

    def __init__(self, run: _Run, frame: Frame, turn: Turn) -> None:
        self._made: list[Word] | None = None
        self._run, self._frame, self._turn = run, frame, turn

    @overload
    def __getitem__(self, index: int) -> Word: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Word]: ...
    def __getitem__(self, index: int | slice) -> Word | Sequence[Word]:
        return self._all()[index]

    def __len__(self) -> int:
        return len(self._all())

    def _all(self) -> list[Word]:
        if self._made is None:
            self._made = _words(self._run, self._frame, self._turn)
        return self._made


def _words(run: _Run, frame: Frame, turn: Turn) -> list[Word]:
    found = []
    for (first, box), (end, end_box) in zip(run.words, [*run.words[1:], (len(run.text), len(run.boxes))], strict=True):
        text = _printable(run.text[first:end])
        if text:
            found.append(Word(text, turn.upright(frame.box(*union(run.boxes[box:end_box])))))
    return found


def _printable(pieces: Sequence[str]) -> str:
    return clean(HALVES.sub(_whole, "".join(pieces)).replace(HYPHEN, "-"))


def _whole(pair: re.Match[str]) -> str:
    """The character that two halves, as PDFium lists them, stand for."""
    return pair[0].encode("utf-16", "surrogatepass").decode("utf-16")
