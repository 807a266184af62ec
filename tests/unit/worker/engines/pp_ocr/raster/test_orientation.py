"""Where small print is detected, without models."""

from typing import Any

import cv2
import numpy as np
import pytest

from worker.engines.pp_ocr.model.frame import Raster
from worker.engines.pp_ocr.raster import orientation
from worker.engines.pp_ocr.raster.orientation import Quads


def test_letters_that_hang_on_a_line_are_as_high_as_others() -> None:
    crop = np.full((36, 300, 3), 255, np.uint8)
    for x in range(10, 290, 20):
        cv2.rectangle(crop, (x, 12), (x + 10, 28), (0, 0, 0), 2)
    plain = orientation._letters(crop)
    crop[12:14, 5:295] = 0
    assert orientation._letters(crop) == pytest.approx(plain, abs=2)


def test_a_large_raster_is_detected_in_bands_and_each_line_once(monkeypatch: pytest.MonkeyPatch) -> None:
    raster = np.full((2000, 1600, 3), 255, np.uint8)
    rows = range(20, 1980, 40)
    for y in rows:
        raster[y : y + 16, 50:1500:4] = 0
    sizes = []

    def detect(ocr: Any, band: Raster) -> tuple[Quads, list[Raster]]:
        sizes.append(band.shape[:2])
        dark = np.flatnonzero(band[:, 50, 0] == 0)
        runs = np.split(dark, np.flatnonzero(np.diff(dark) > 1) + 1)
        quads = [[[50, r[0]], [1500, r[0]], [1500, r[-1] + 1], [50, r[-1] + 1]] for r in runs]
        return np.array(quads, np.float32), [band[r[0] : r[-1] + 1] for r in runs]

    monkeypatch.setattr(orientation, "_detect", detect)

    class Detector:
        limit_side_len = 960

    class Recogniser:
        text_det = Detector()

    quads, crops = orientation._detect_finely(Recogniser(), raster, 1920)
    assert [int(quad[0][1]) for quad in quads] == list(rows)
    assert {crop.shape[0] for crop in crops} == {16}
    assert len(sizes) > 1
    assert max(height * width for height, width in sizes) * 0.96**2 < 1.2 * orientation.MOST_DETECTED
    assert Recogniser.text_det.limit_side_len == 960


@pytest.mark.parametrize(
    ("letters", "pitch", "expected"),
    [(8, 20, None), (8, 10, (1300, 1400)), (5, 20, (1400, 1400)), (8, 40, None)],
)
def test_small_print_is_known_by_its_letters_or_its_pitch(
    letters: int, pitch: int, expected: tuple[int, int] | None
) -> None:
    """Chinese letters fill the pitch: they are high, and so close that lines run together."""
    raster = np.full((1400, 1000, 3), 255, np.uint8)
    rows = range(20, 1300, pitch)
    crop = np.full((15, 800, 3), 255, np.uint8)
    crop[4 : 4 + letters, ::3] = 0
    quads = np.array([[[50, y], [850, y], [850, y + 15], [50, y + 15]] for y in rows], np.float32)
    side = orientation._finer_side(quads, [crop] * len(rows), raster, 960)
    assert side is None if expected is None else side is not None and expected[0] <= side <= expected[1]
