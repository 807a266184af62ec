"""Does a text layer say what is printed? A few of its lines are read from the raster too."""

import math
import re
import statistics
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace
from difflib import SequenceMatcher

import numpy as np

from .model.boxes import sides
from .model.frame import Raster, as_positive
from .model.lines import Line, clean
from .raster.legibility import judge
from .raster.reading import read_lines
from .raster.recogniser import recogniser
from .raster.strokes import ink_of
from .raster.words import find_words

WRONG = 0.5
"""Median difference from which on the layer is not trusted: sound layers have 0, shifted ones .8 and more."""
SAMPLE = 3
LEAST_CHARS, PAD = 8, 3
LETTER = re.compile("[a-z]", re.I)
FREQUENT = re.compile("[etaoinsr]", re.I)
"""Half of the letters or more in every language written in Latin ones; a third where codes are shifted."""
USUAL_SHARE, SURE = 0.66, 2.5
"""Share of such letters in most texts, and by how many standard deviations a text must have fewer of them."""
LEAST_LATIN, LEAST_HAN = 12, 60
"""Letters that are needed for a judgement."""
UNMAPPED = re.compile("[\x00-\x01\x03-\x1f\x7f-\x9f\ufffd\ue000-\uefff]|\\(cid:\\d+\\)")
MOST_UNMAPPED, LEAST_UNMAPPED = 0.1, 3
"""Share of a font's characters without a letter, and such characters a line, from which on it has no encoding."""
HAN, KANA = re.compile("[\u3400-\u9fff]"), re.compile("[\u3040-\u30ff]")
FREQUENT_HAN = re.compile(
    "[的一是不了在人有我他这为之大来以个中上们到说国和地也时道出而要于年月日会可下自生對這個與會為來時說國後发行公作方者同及本第十二三四五]"
)
"""Two in ten of the characters in ordinary Chinese."""
COMMON = re.compile(
    r"\b(the|of|and|to|in|is|for|on|der|die|das|und|den|von|mit|ist|le|la|les|de|des|et|en|un|une|el|los|que|di|che|per|van"
    r"|het|een|do|da|os|och|att|det|og|na|se|je|ve|bir|az|ja)\b",
    re.I,
)


def garbled(lines: Sequence[Line], raster: Callable[[], Raster], verdict: bool | None) -> list[Line]:
    """The lines that say something else than what is printed, judged font by font.

    `raster` paints the page, as upright as the lines. `verdict` is what is known of the document's doubtful text; None
    where nothing is.
    """
    fonts: dict[int, list[Line]] = defaultdict(list)
    for line in lines:
        fonts[line.font].append(line)
    found: list[Line] = []
    for own in fonts.values():
        if _is_unmapped(own):
            found += own
        elif verdict is not False and doubtful(own):
            found += own if verdict or contradicts(own, raster()) else ()
    return found


def reread(lines: Sequence[Line], raster: Raster) -> list[Line | None]:
    """The lines as they are printed on the raster; None for those that cannot be read there."""
    across = [i for i, line in enumerate(lines) if _is_across(line)]
    found: list[Line | None] = [None] * len(lines)
    if not across:
        return found
    texts, scores = read_lines(recogniser(), [_crop(lines[i], raster) for i in across])
    for k in judge([sides(lines[i].box) for i in across], texts, scores).kept:
        if text := clean(texts[k]):
            found[across[k]] = replace(lines[across[k]], text=text, words=(), confidence=round(scores[k], 3))
    find_words([line for line in found if line is not None], ink_of(as_positive(raster)))
    return found


def warning(unread: int) -> str | None:
    """What a reader should know of the garbled lines that are left out."""
    if not unread:
        return None
    lines = "1 line of text is" if unread == 1 else f"{unread} lines of text are"
    return f"{lines} left out: the font does not say which characters it shows, and OCR could not read them."


def _is_unmapped(lines: Sequence[Line]) -> bool:
    """Has the text no letters, because the font does not say which they are? Single marks are bullets."""
    text = "".join(line.text for line in lines)
    lost = sum(map(len, UNMAPPED.findall(text)))
    return lost > MOST_UNMAPPED * len(text) and lost > LEAST_UNMAPPED * len(lines)


def doubtful(lines: Sequence[Line]) -> bool:
    """Does the text look like no language: neither its commonest words nor its commonest letters?

    That is how a layer with shifted codes looks, which nothing else about it gives away. Scripts that the recogniser
    cannot read are not doubted: it could not tell.
    """
    text = " ".join(line.text for line in lines)
    latin, han = len(LETTER.findall(text)), len(HAN.findall(text))
    if han >= LEAST_HAN and han > latin:
        return KANA.search(text) is None and len(FREQUENT_HAN.findall(text)) < 0.06 * han
    if latin < max(LEAST_LATIN, 0.4 * len(text)):
        return False
    # Of few letters chance makes more or less common ones.
    least = min(0.47, USUAL_SHARE - SURE * math.sqrt(USUAL_SHARE * (1 - USUAL_SHARE) / latin))
    return len(FREQUENT.findall(text)) < least * latin and len(COMMON.findall(text)) < 0.02 * len(text.split())


def contradicts(lines: Sequence[Line], raster: Raster) -> bool:
    """Is something else printed on the raster than the lines say? No, where none of them can tell."""
    longest = sorted(filter(_tells, lines), key=lambda line: -len(_core(line.text)))[:SAMPLE]
    return bool(longest) and statistics.median(_difference(line, raster) for line in longest) > WRONG


def _tells(line: Line) -> bool:
    """Is it long enough to tell something?"""
    return len(_core(line.text)) >= LEAST_CHARS and _is_across(line)


def _is_across(line: Line) -> bool:
    """Is it on the page, and horizontal?"""
    x0, y0, x1, y1 = line.box
    return x0 >= 0 and y0 >= 0 and x1 - x0 > max(2 * (y1 - y0), 16)


def _difference(line: Line, raster: Raster) -> float:
    """0 to 1, between what the line says and what the recogniser reads in its place."""
    texts, _ = read_lines(recogniser(), [_crop(line, raster)])
    return 1 - SequenceMatcher(None, _core(line.text), _core(texts[0]), autojunk=False).ratio()


def _crop(line: Line, raster: Raster) -> Raster:
    x0, y0, x1, y1 = (round(side) for side in line.box)
    return np.ascontiguousarray(raster[max(y0 - PAD, 0) : y1 + PAD, max(x0 - PAD, 0) : x1 + PAD])


def _core(text: str) -> str:
    """Letters and digits: a leader's dots are read as they come."""
    return "".join(filter(str.isalnum, text))
