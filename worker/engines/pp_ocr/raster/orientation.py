"""Which way up a scan is, and its lines read that way; a page that is upright is detected once."""

import math
import statistics
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import pairwise
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from ..model.frame import Raster
from ..model.patterns import CJK_LETTER
from .merged_lines import parted
from .reading import read_lines

Quads = npt.NDArray[np.float32]
"""Lines x 4 corners from the top left, clockwise, x 2: x and y in pixels."""

LONG = 1.5
"""Sides of a box from which on it shows which way its line runs."""
SLOPING = 3.0
"""Sides of a box from which on its slope can be measured."""
LEAST_LINES = 3
"""Fewer do not turn a page: a label in a chart, a stamp."""
VOTERS, READERS = 12, 4
"""Lines, the longest, that the classifier looks at; lines that are read to confirm a turn."""
SEEN = 4
"""Heights of a line, from its start, that fit the classifier's input: a longer line would be squeezed into it."""
SURE_VOTE = 0.9
READABLE, CLEARER = 0.75, 0.1
"""Score of lines that stand upright, at least, and by how much it beats theirs upside down: usually 1 against 0.65."""
SAME = 0.5
"""Likeness, 0 to 1, of two readings of the same text; others have nearly nothing in common."""
MEASURED = 20
SMALL_PRINT, LEGIBLE = 3.9, 5.0
"""Heights of small letters in the detector's input, in pixels: under the first, lines are missed; with the second, few.

Type of 6 and of 8 points, on a page of A4 that is shrunk to 960 pixels.
"""
SOLID = 2.2
"""Heights of small Latin letters from line to line, at least."""
FINEST_SIDE = 1920
MOST_DETECTED = 1_200_000
"""Pixels in the detector's input at once: it needs 300 bytes for each of them."""
OVERLAP = 64
"""Pixels that bands reach into each other: more than a line is high."""


@dataclass(frozen=True, slots=True)
class Recognition:
    """The lines of a scan, all that were detected, and the raster turned upright in whose pixels they stand.

    `quarter_turns` led from the raster as it came to `raster`, counterclockwise, as `np.rot90` counts.
    """

    raster: Raster
    quarter_turns: int
    quads: Quads
    texts: list[str]
    scores: list[float]


def recognise(ocr: Any, raster: Raster) -> Recognition:
    """Reads a raster that may lie on a side or on its head; `ocr` is a RapidOCR."""
    quads, crops = _detect(ocr, raster)
    turns = quarter_turns(ocr, quads, crops)
    if turns:  # lines are found best upright
        raster = np.ascontiguousarray(np.rot90(raster, turns))
        quads, crops = _detect(ocr, raster)
    if side := _finer_side(quads, crops, raster, ocr.text_det.limit_side_len):
        quads, crops = _detect_finely(ocr, raster, side)
    quads, crops = parted(quads, crops)
    return Recognition(raster, turns, quads, *read_lines(ocr, crops))


def quarter_turns(ocr: Any, quads: Quads, crops: list[Raster]) -> int:
    """How often, counterclockwise, the page must be turned by 90 degrees to be upright. In doubt it stays.

    RapidOCR has turned the crops of tall boxes counterclockwise already.
    """
    sides = _sides(quads)
    wide, tall = sides[:, 0] > LONG * sides[:, 1], sides[:, 1] > LONG * sides[:, 0]
    length = sides.max(axis=1, initial=0)
    lying = bool(tall.sum() >= LEAST_LINES and length[tall].sum() > length[wide].sum())
    told = np.flatnonzero(tall if lying else wide)
    longest = told[np.argsort(-length[told], kind="stable")][:VOTERS]
    sample = [np.ascontiguousarray(crops[i][:, : SEEN * crops[i].shape[0]]) for i in longest]
    if not sample:
        return 0
    votes = Counter(label for label, score in ocr.cls_and_rotate(sample)[1].cls_res if score > SURE_VOTE)
    reversed_ = votes["180"] > votes["0"]
    if not lying and not reversed_:
        return 0
    # Only now is it worth reading: the classifier does not know every script.
    as_cut, on_head = (_score(ocr, [_cut(crop, flip) for crop in sample[:READERS]]) for flip in (False, True))
    right, wrong = (on_head, as_cut) if reversed_ else (as_cut, on_head)
    if right < READABLE or right < wrong + CLEARER:
        return 0
    if lying and _set_vertically(ocr, [_cut(crops[i], reversed_) for i in longest[:READERS]]):
        lying = False
    return int(lying) + 2 * int(reversed_)


def skew(quads: Quads) -> float:
    """The angle, in radians, by which lines fall to the right: the middle one, where long lines weigh most."""
    sides = _sides(quads)
    told = quads[sides[:, 0] > SLOPING * sides[:, 1]]
    if len(told) < LEAST_LINES:
        return 0.0
    along = (told[:, 1] - told[:, 0] + told[:, 2] - told[:, 3]).astype(np.float64)
    angles, weights = np.arctan2(along[:, 1], along[:, 0]), (along**2).sum(axis=1)
    ranks = np.argsort(angles)
    reached = np.cumsum(weights[ranks])
    return float(angles[ranks][np.searchsorted(reached, reached[-1] / 2)])


def straight(raster: Raster, angle: float) -> Raster:
    """The raster turned about its middle, so that lines that fell by `angle`, in radians, to the right lie level."""
    height, width = raster.shape[:2]
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), math.degrees(angle), 1.0)
    return np.asarray(cv2.warpAffine(raster, turn, (width, height), borderMode=cv2.BORDER_REPLICATE), np.uint8)


def _detect(ocr: Any, raster: Raster) -> tuple[Quads, list[Raster]]:
    """The lines' corners, and the lines cut out."""
    from rapidocr.main import RapidOCRError  # raised where nothing is found

    record: dict[str, dict[str, int]] = {}
    try:
        crops, found = ocr.detect_and_crop(raster, record)
    except RapidOCRError:
        return np.empty((0, 4, 2), np.float32), []
    quads = np.asarray(found.boxes, np.float32) - np.array([0, record["padding_1"]["top"]])  # thin strips are padded
    return np.clip(quads, 0, [raster.shape[1], raster.shape[0]]).astype(np.float32), crops


def _detect_finely(ocr: Any, raster: Raster, side: int) -> tuple[Quads, list[Raster]]:
    """The same for a raster shrunk to another longer side: in bands, for the detector's memory grows with its input."""
    height, width = raster.shape[:2]
    zoom = side / max(height, width)
    count = math.ceil(height * width * zoom**2 / MOST_DETECTED)
    ends = [0, *(_between_lines(raster, k * height // count) for k in range(1, count)), height]
    quads, crops = [np.empty((0, 4, 2), np.float32)], []
    for start, end in pairwise(ends):
        top, bottom = max(start - OVERLAP, 0), min(end + OVERLAP, height)
        with _limit(ocr.text_det, round(max(bottom - top, width) * zoom)):
            found, cut = _detect(ocr, np.ascontiguousarray(raster[top:bottom]))
        found = found + np.array([0, top], np.float32)
        middles = found[:, :, 1].mean(axis=1)
        own = np.flatnonzero((start <= middles) & (middles < end))
        quads.append(found[own])
        crops += [cut[i] for i in own]
    return np.concatenate(quads), crops


def _between_lines(raster: Raster, row: int) -> int:
    """The row near this one on which the least is printed."""
    start = max(row - OVERLAP, 0)
    return start + int(raster[start : row + OVERLAP].mean(axis=2).std(axis=1).argmin())


def _sides(quads: Quads) -> npt.NDArray[np.float32]:
    """Widths and heights of the boxes, lines x 2."""
    across, down = quads[:, 1] - quads[:, 0], quads[:, 3] - quads[:, 0]
    return np.stack([np.hypot(*across.T), np.hypot(*down.T)], axis=1)


def _cut(crop: Raster, flip: bool) -> Raster:
    return np.ascontiguousarray(crop[::-1, ::-1]) if flip else crop


def _score(ocr: Any, crops: list[Raster]) -> float:
    return statistics.fmean(read_lines(ocr, crops)[1])


def _set_vertically(ocr: Any, crops: list[Raster]) -> bool:
    """Do the lines run down an upright page, as Chinese and Japanese may?

    The recogniser reads such a line, laid on its side, as well as one of a page that lies. But only of an upright page
    does it read the line's characters again when each is stood up.
    """
    texts, _ = read_lines(ocr, crops)
    if sum(len(CJK_LETTER.findall(text)) for text in texts) < 0.5 * len("".join(texts)):
        return False
    stood = []
    for crop, text in zip(crops, texts, strict=True):
        pitch = crop.shape[1] / max(len(text), 1)
        starts = [round(i * pitch) for i in range(max(len(text), 1))]
        stood.append(np.hstack([np.rot90(crop[:, x : x + max(int(pitch), 1)], -1) for x in starts]))
    again, _ = read_lines(ocr, stood)
    alike = (SequenceMatcher(None, a, b, autojunk=False).ratio() for a, b in zip(texts, again, strict=True))
    return statistics.median(alike) > SAME


def _finer_side(quads: Quads, crops: list[Raster], raster: Raster, side: int) -> int | None:
    """The longer side to detect at, where print is so small that lines are missed at `side`, or all of them."""
    longest = max(raster.shape[:2])
    widest = sorted(crops, key=lambda crop: -crop.shape[1])[:MEASURED]
    height = 0.0
    if widest:
        letters = float(statistics.median(map(_letters, widest)))
        height = min(letters, _pitch(quads, letters) / SOLID) * side / longest
    if longest <= side or height >= SMALL_PRINT:
        return None
    return int(min(longest, FINEST_SIDE, side * LEGIBLE / height if height else FINEST_SIDE))


def _pitch(quads: Quads, least: float) -> float:
    """From line to line where they are closest, `least` pixels or more: Chinese letters fill it, Latin ones half."""
    middles, lefts, rights = quads[:, :, 1].mean(axis=1), quads[:, :, 0].min(axis=1), quads[:, :, 0].max(axis=1)
    widths = rights - lefts
    steps = []
    for i in np.argsort(-widths)[:MEASURED]:
        shared = np.minimum(rights, rights[i]) - np.maximum(lefts, lefts[i])
        below = middles[(shared > 0.5 * widths[i]) & (middles - middles[i] > least)]
        if below.size:
            steps.append(below.min() - middles[i])
    return float(np.percentile(steps, 25)) if steps else math.inf


def _letters(crop: Raster) -> int:
    """The height of small letters: the rows with much ink. Boxes do not tell, they are never lower than 13 pixels."""
    grey = crop.mean(axis=2)
    ink = np.clip(np.percentile(grey, 90) - grey, 0, None).sum(axis=1)
    ink -= np.percentile(ink, 5)
    middle = int(ink.argmax())
    most = min(ink[middle], 2 * np.percentile(ink, 80))  # the letters of some scripts hang on a line
    pale = np.flatnonzero(ink < 0.4 * most)
    above, below = pale[pale < middle], pale[pale > middle]
    return int(below.min(initial=len(ink)) - above.max(initial=-1) - 1)


@contextmanager
def _limit(detector: Any, side: int) -> Iterator[None]:
    """The detector, shrinking its input to another side for a while."""
    usual = detector.limit_side_len
    detector.limit_side_len = side
    try:
        yield
    finally:
        detector.limit_side_len = usual
