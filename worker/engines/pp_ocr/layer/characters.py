"""The characters of a page's text layer, mended: accents drawn apart from their letters, ligatures turned round."""

import ctypes
import re
import unicodedata
from collections.abc import Iterator

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

from ..model.boxes import Box

HYPHEN = "\x02"
"""PDFium's mark for a hyphen that it takes for the break of a word."""
FILLER = "\u200b"
"""In place of a character that has become part of another: positions must stay, and it is never printed."""
GONE = "\ufdd2"
"""In place of a character that does not show."""
MAX_CHARS = 200_000
RIGHT_TO_LEFT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]")
MARKS = dict(
    zip(
        "`´^ˆ~˜¯ˉ˘˙¨°˚˝ˇ¸˛",
        "\u0300\u0301\u0302\u0302\u0303\u0303\u0304\u0304\u0306\u0307\u0308\u030a\u030a\u030b\u030c\u0327\u0328",
        strict=True,
    )
)
"""Accents that stand alone, and those that combine with a letter."""
ACCENT = re.compile(f"[{''.join(map(re.escape, MARKS))}]")
DOTLESS = {"ı": "i", "ȷ": "j"}
MOST_ACCENTS = 10_000
TIGHT = 0.12
"""Of the height of the type: white that parts no words."""
WINGDINGS = {
    ord(code) + base: shown
    for code, shown in zip("¨oqrxýþüûln§Ø", "☐☐☐☐☒☒☑✓✗●■▪➢", strict=True)
    for base in (0, 0xF000)
}
"""Its boxes, ticks and bullets, under their codes and where fonts without names of glyphs have them."""
LAM_ALEF = re.compile("\u0644[\u0622\u0623\u0625\u0627]")


def in_unicode(text: str, face: str) -> str:
    """The text of a piece in that font: Wingdings has letters' codes for its signs."""
    return text.translate(WINGDINGS) if face.startswith("Wingdings") and not face.startswith("Wingdings2") else text


def characters(textpage: pdfium.PdfTextPage) -> str:
    """The text, one item per character of PDFium's list, so that positions in it can be asked about."""
    text = _listed(textpage)
    if RIGHT_TO_LEFT.search(text):
        text = _ligatures_in_order(textpage, text)
    return _composed(textpage, text) if ACCENT.search(text) else text


def _listed(textpage: pdfium.PdfTextPage) -> str:
    count = min(textpage.count_chars(), MAX_CHARS)
    text = str(textpage.get_text_range(0, count)).replace("\ufffe", HYPHEN) if count else ""
    if len(text) == count:
        return text
    codes = (pdfium_c.FPDFText_GetUnicode(textpage, i) for i in range(count))
    return "".join(chr(code) if code <= 0x10FFFF else "\ufffd" for code in codes)


def _composed(textpage: pdfium.PdfTextPage, text: str) -> str:
    """The text, with accents that are drawn over or under a letter as part of it: TeX and others set them apart."""
    found = list(text)
    for count, match in enumerate(ACCENT.finditer(text)):
        if count == MOST_ACCENTS:
            break
        i = match.start()
        letter = _letter_of(textpage, text, i)
        if letter is None:
            continue
        k, composed = letter
        if abs(k - i) <= 2:
            first, last = min(i, k), max(i, k)
            for between in range(first, last + 1):
                found[between] = FILLER
            found[first] = composed[0]
            found[last] = composed[1:] or FILLER
            for end, step in ((first, -1), (last, 1)):
                white, outer = _white(textpage, text, end, step)
                for between in white if _touch(textpage, text, k, outer) else ():
                    found[between] = FILLER
        elif len(composed) == 1:
            found[k] = composed
            (left, before), (right, after) = _white(textpage, text, i, -1), _white(textpage, text, i, 1)
            apart = not _touch(textpage, text, before, after)
            for gone in (i,) if apart else (*left, i, *right):
                found[gone] = GONE
    return "".join(found)


def _letter_of(textpage: pdfium.PdfTextPage, text: str, i: int) -> tuple[int, str] | None:
    """The letter, by position, that an accent stands over or under, and both as one."""
    accent = _box(textpage, i)
    x, y = (accent[0] + accent[2]) / 2, (accent[1] + accent[3]) / 2
    for k in _near(textpage, text, i, accent):
        letter = DOTLESS.get(text[k], text[k])
        composed = unicodedata.normalize("NFC", letter + MARKS[text[i]])
        if not letter.isalpha() or (len(composed) > 1 and not unicodedata.name(letter, "").startswith("LATIN")):
            continue
        left, bottom, right, top = _box(textpage, k)
        height = top - bottom
        over = bottom + 0.5 * height < y < top + 0.8 * height
        under = bottom - 0.6 * height < y < bottom + 0.4 * height
        if left <= x <= right and (under if text[i] in "¸˛" else over):
            return k, composed
    return None


def _near(textpage: pdfium.PdfTextPage, text: str, i: int, accent: Box) -> Iterator[int]:
    """The letters that the accent may belong to: the next, the one before, or what lies under it."""
    size = max(accent[2] - accent[0], 1.0)
    for step in (1, -1):
        k = i + step
        if 0 <= k < len(text) and text[k] == " ":
            k += step
        if 0 <= k < len(text):
            yield k
    below = accent[1] - 0.7 * size if text[i] not in "¸˛" else accent[3] + 0.7 * size
    k = pdfium_c.FPDFText_GetCharIndexAtPos(textpage, (accent[0] + accent[2]) / 2, below, 0.3 * size, 0.7 * size)
    if 0 <= k < len(text) and k != i:
        yield k


def _white(textpage: pdfium.PdfTextPage, text: str, end: int, step: int) -> tuple[list[int], int]:
    """Spaces and breaks of PDFium's own next to a position, and the position of what is printed behind them."""
    outer = end + step
    while 0 <= outer < len(text) and text[outer] in " \r\n" and pdfium_c.FPDFText_IsGenerated(textpage, outer) == 1:
        outer += step
    return list(range(min(end, outer) + 1, max(end, outer))), outer


def _touch(textpage: pdfium.PdfTextPage, text: str, *positions: int) -> bool:
    """Do two characters stand side by side as those of a word do? The accent between led back or ahead."""
    if any(not 0 <= i < len(text) or text[i].isspace() for i in positions):
        return False
    before, after = sorted(_box(textpage, i) for i in positions)
    size = max(before[3] - before[1], after[3] - after[1])
    level = min(before[3], after[3]) - max(before[1], after[1]) > 0
    return level and -size < after[0] - before[2] < TIGHT * size


def _ligatures_in_order(textpage: pdfium.PdfTextPage, text: str) -> str:
    """The text, with the letters of right-to-left ligatures in the order they are read: PDFium turns them round."""
    found = list(text)
    start = 0
    for i in range(1, len(text) + 1):
        if (
            i < len(text)
            and RIGHT_TO_LEFT.match(text[i])
            and RIGHT_TO_LEFT.match(text[i - 1])
            and _box(textpage, i) == _box(textpage, i - 1)
        ):
            continue
        group = text[start:i]
        if len(group) > 1 and not LAM_ALEF.fullmatch(group):  # a presentation form comes in order
            found[start:i] = group[::-1]
        start = i
    return "".join(found)


def _box(textpage: pdfium.PdfTextPage, i: int) -> Box:
    """The ink of a character, in points of the page, which grow upwards."""
    left, right, bottom, top = (ctypes.c_double() for _ in range(4))
    pdfium_c.FPDFText_GetCharBox(textpage, i, left, right, bottom, top)
    return left.value, bottom.value, right.value, top.value
