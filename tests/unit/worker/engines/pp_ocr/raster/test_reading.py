"""How wide the lines are that the recogniser gets."""

from typing import Any, NamedTuple

import numpy as np
import pytest

from worker.engines.pp_ocr.model.frame import Raster
from worker.engines.pp_ocr.raster.reading import HEIGHT, SPARE, SURE, USUAL_WIDTH, read_lines


class Read(NamedTuple):
    txts: list[str]
    scores: list[float]


class Ocr:
    """Reads from each line how wide it is; with the scores that it was given, then with 0.8."""

    def __init__(self, *scores: float) -> None:
        self.widths: list[list[int]] = []
        self._scores = scores

    def recognize_txt(self, crops: list[Raster]) -> Read:
        widths = [round(crop.shape[1] * HEIGHT / crop.shape[0]) for crop in crops]
        self.widths.append(widths)
        scores = list(self._scores) if len(self.widths) == 1 else [0.8] * len(crops)
        return Read([str(width) for width in widths], scores)


def line(width: int, height: int = HEIGHT) -> Any:
    return np.zeros((height, width, 3), np.uint8)


def test_short_lines_are_filled_a_little() -> None:
    ocr = Ocr(1, 1, 1)
    assert read_lines(ocr, [line(40), line(300), line(900)])[0] == [str(40 + SPARE), str(USUAL_WIDTH), "900"]
    assert len(ocr.widths) == 1


def test_the_height_of_a_line_does_not_matter() -> None:
    ocr = Ocr(1)
    read_lines(ocr, [line(40, HEIGHT // 2)])
    assert ocr.widths == [[80 + SPARE]]


def test_what_is_unsure_is_read_again_and_the_surer_taken() -> None:
    ocr = Ocr(SURE, 0.7, 0.85, 0.1)
    texts, scores = read_lines(ocr, [line(10), line(20), line(30), line(900)])
    assert ocr.widths[1:] == [[USUAL_WIDTH, USUAL_WIDTH]]
    assert texts == [str(10 + SPARE), str(USUAL_WIDTH), str(30 + SPARE), "900"]
    assert scores == pytest.approx([SURE, 0.8, 0.85, 0.1])


def test_no_lines_are_no_work() -> None:
    ocr = Ocr()
    assert read_lines(ocr, []) == ([], [])
    assert ocr.widths == []
