"""Reading lines that were cut out of a raster, short ones at less cost than RapidOCR.

The cost of a line grows with its width. RapidOCR fills lines up to 320 pixels: a fifth of the work on an invoice.
"""

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np

from ..model.frame import Raster

HEIGHT, USUAL_WIDTH = 48, 320
"""Pixels of the recogniser's input: every line is scaled to that height, and was at least that wide in its training."""
SPARE = 96
"""Pixels of nothing after a shorter line; with less, the recogniser is less sure of most."""
SURE = 0.9
"""Score under which a short line is read again in the usual width."""
NOTHING = (127, 127, 127)
"""What is neither light nor dark."""


def read_lines(ocr: Any, crops: Sequence[Raster]) -> tuple[list[str], list[float]]:
    """The texts of the lines, and the recogniser's scores of them, 0 to 1; `ocr` is a RapidOCR."""
    if not crops:
        return [], []
    read = ocr.recognize_txt([_filled(crop, _width(crop) + SPARE) for crop in crops])
    texts, scores = list(read.txts), [float(score) for score in read.scores]
    unsure = [i for i, crop in enumerate(crops) if scores[i] < SURE and _width(crop) + SPARE < USUAL_WIDTH]
    if unsure:
        again = ocr.recognize_txt([_filled(crops[i], USUAL_WIDTH) for i in unsure])
        for i, text, score in zip(unsure, again.txts, again.scores, strict=True):
            if score > scores[i]:
                texts[i], scores[i] = text, float(score)
    return texts, scores


def _width(crop: Raster) -> float:
    """The width of the line in the recogniser's input."""
    height, width = crop.shape[:2]
    return HEIGHT / int(height) * int(width)


def _filled(crop: Raster, width: float) -> Raster:
    """The line, with so much of nothing after it that it has this width, or the usual, in the recogniser's input."""
    missing = round((min(width, USUAL_WIDTH) - _width(crop)) * crop.shape[0] / HEIGHT)
    if missing <= 0:
        return crop
    return np.asarray(cv2.copyMakeBorder(crop, 0, 0, 0, missing, cv2.BORDER_CONSTANT, value=NOTHING), np.uint8)
