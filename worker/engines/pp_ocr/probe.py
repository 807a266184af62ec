"""Does a text layer say what is printed? A few of its lines are read from the raster too."""

import re
import statistics
from collections.abc import Sequence
from difflib import SequenceMatcher

import numpy as np

from .model.frame import Raster
from .model.lines import Line
from .raster.reading import read_lines
from .raster.recogniser import recogniser

WRONG = 0.5
"""Median difference from which on the layer is not trusted: sound layers have 0, shifted ones .8 and more."""
SAMPLE = 3
LEAST_CHARS, PAD = 8, 3
LETTER = re.compile("[a-z]", re.I)
FREQUENT = re.compile("[etaoinsr]", re.I)
"""Half of the letters or more in every language written in Latin ones; a third where codes are shifted."""
LEAST_LATIN, LEAST_HAN = 60, 60
"""Letters that are needed for a judgement."""
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
    return len(FREQUENT.findall(text)) < 0.47 * latin and len(COMMON.findall(text)) < 0.02 * len(text.split())


def contradicts(lines: Sequence[Line], raster: Raster) -> bool:
    """Is something else printed on the raster than the lines say? No, where none of them can tell."""
    longest = sorted(filter(_tells, lines), key=lambda line: -len(_core(line.text)))[:SAMPLE]
    return bool(longest) and statistics.median(_difference(line, raster) for line in longest) > WRONG


def _tells(line: Line) -> bool:
    """Is it long enough, and horizontal?"""
    x0, y0, x1, y1 = line.box
    return len(_core(line.text)) >= LEAST_CHARS and x0 >= 0 and y0 >= 0 and x1 - x0 > max(2 * (y1 - y0), 16)


def _difference(line: Line, raster: Raster) -> float:
    """0 to 1, between what the line says and what the recogniser reads in its place."""
    x0, y0, x1, y1 = (round(side) for side in line.box)
    crop = np.ascontiguousarray(raster[max(y0 - PAD, 0) : y1 + PAD, max(x0 - PAD, 0) : x1 + PAD])
    texts, _ = read_lines(recogniser(), [crop])
    return 1 - SequenceMatcher(None, _core(line.text), _core(texts[0]), autojunk=False).ratio()


def _core(text: str) -> str:
    """Letters and digits: a leader's dots are read as they come."""
    return "".join(filter(str.isalnum, text))
