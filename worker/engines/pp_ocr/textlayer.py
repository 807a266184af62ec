"""A page's text layer as lines, in content order: typesetters nearly always write in reading order."""

import ctypes
import math
import re
from collections import Counter
from dataclasses import dataclass, field

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

from .frame import Frame, Turn
from .lines import Box, Line, clean, union

WIDE_GAP = 1.2
"""Font sizes of white between two words that part two runs: a table's cells, a bullet and its text, two columns."""
HYPHEN = "\x02"
"""PDFium's mark for a hyphen that it takes for the break of a word."""
WORD = re.compile(r"[^\s\x02]{1,12}\x02?|[\x02\r\n]")
"""Long words and text without spaces are taken in pieces: their type may change on the way."""
MAX_CHARS = 200_000
BOLD_NAME = re.compile(r"bold|black|heavy|demi|medi(?!um)|(CM|SF)S?S?BX|CMB\d", re.I)
BOLD_WEIGHT = 600
HALVES = re.compile("[\ud800-\udbff][\udc00-\udfff]")
FORCE_BOLD = 1 << 18


Style = tuple[float, bool, int]
"""Font size in points as painted, boldness, and the quarter turns clockwise in which it runs on the frame."""


@dataclass(frozen=True, slots=True)
class TextLayer:
    """Lines in content order, turned upright if most of them lie on their side; `turn` leads back to the frame."""

    lines: list[Line]
    turn: Turn


@dataclass(slots=True)
class _Run:
    """Words of one row while they are collected; `styles` counts their characters."""

    text: list[str] = field(default_factory=list)
    boxes: list[Box] = field(default_factory=list)
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
        for (_, _, quarter), count in run.styles.items():
            quarters[quarter] += count
    turn = Turn(quarters.most_common(1)[0][0] if quarters else 0, frame.width, frame.height)
    return TextLayer([line for run in runs if (line := _line(run, frame, turn)) is not None], turn)


def sane(page: pdfium.PdfPage) -> bool:
    """Does the page have a text layer that is not mostly unmapped codes?"""
    textpage = page.get_textpage()
    try:
        text = re.sub(r"\s+", "", textpage.get_text_range(0, min(textpage.count_chars(), MAX_CHARS)) or "")
    finally:
        textpage.close()
    odd = len(re.findall("[\x00-\x01\x03-\x1f\x7f-\x9f\ufffd\ue000-\uefff]", text))
    return bool(text) and odd < 0.1 * len(text)


def visible(page: pdfium.PdfPage) -> bool:
    """Is some of the page's text painted? An invisible layer lies under a scan."""
    objects = page.get_objects(filter=[pdfium_c.FPDF_PAGEOBJ_TEXT], max_depth=4)
    hidden = (pdfium_c.FPDF_TEXTRENDERMODE_INVISIBLE, pdfium_c.FPDF_TEXTRENDERMODE_CLIP)
    return any(pdfium_c.FPDFTextObj_GetTextRenderMode(text) not in hidden for text in objects)


def _runs(textpage: pdfium.PdfTextPage, frame: Frame) -> list[_Run]:
    """Words, asked for their place at both ends only, gathered into runs."""
    raw, rect, styles = textpage.raw, pdfium_c.FS_RECTF(), _Styles(textpage.raw, frame)
    where, box_at = ctypes.byref(rect), pdfium_c.FPDFText_GetLooseCharBox
    run, before = _Run(), (0.0, 0.0, 0.0, 0.0)
    runs, follows = [run], 0
    for word in WORD.finditer(_characters(textpage)):
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
            if gap > WIDE_GAP * style[0] or run.text[-1][-1] == HYPHEN:
                run = _Run()
                runs.append(run)
            elif start > follows:
                run.text.append(" ")
        run.boxes.append((left, bottom, right, top))
        if end - start > 1:
            box_at(raw, end - 1, where)
            run.boxes.append((rect.left, rect.bottom, rect.right, rect.top))
        before, follows = run.boxes[-1], end
        run.text.append(text)
        run.styles[style] += end - start
    return runs


def _characters(textpage: pdfium.PdfTextPage) -> str:
    """The text, one item per character of PDFium's list, so that positions in it can be asked about."""
    count = min(textpage.count_chars(), MAX_CHARS)
    text = str(textpage.get_text_range(0, count)).replace("\ufffe", HYPHEN) if count else ""
    if len(text) == count:
        return text
    codes = (pdfium_c.FPDFText_GetUnicode(textpage, i) for i in range(count))
    return "".join(chr(code) if code <= 0x10FFFF else "\ufffd" for code in codes)


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
        bold = (
            bool(BOLD_NAME.search(self.name.value.decode("utf-8", "replace")))
            or pdfium_c.FPDFText_GetFontWeight(self.textpage, i) >= BOLD_WEIGHT
            or bool(self.flags.value & FORCE_BOLD)
        )
        a, b, c, d, _, _ = self.frame.matrix
        right, down = a * self.matrix.a + c * self.matrix.b, b * self.matrix.a + d * self.matrix.b
        return round(size, 2), bold, round(math.atan2(down, right) / (math.pi / 2)) % 4


def _line(run: _Run, frame: Frame, turn: Turn) -> Line | None:
    """None where nothing printable is left, or nothing on the page."""
    hyphenated = bool(run.text) and run.text[-1].endswith(HYPHEN)
    text = clean(HALVES.sub(_whole, "".join(run.text)).replace(HYPHEN, "-"))
    if not text or not frame.holds(box := frame.box(*union(run.boxes))):
        return None
    size, _, quarter = run.styles.most_common(1)[0][0]
    bold = sum(n for (_, heavy, _), n in run.styles.items() if heavy) > 0.8 * run.styles.total()
    return Line(
        text,
        turn.upright(box),
        max(size * frame.scale, 0.5),
        bold=bold,
        hyphenated=hyphenated,
        upright=quarter == turn.quarters,
    )


def _whole(pair: re.Match[str]) -> str:
    """The character that two halves, as PDFium lists them, stand for."""
    return pair[0].encode("utf-16", "surrogatepass").decode("utf-16")
