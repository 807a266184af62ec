"""Rasters: what is blank, what is dark."""

import numpy as np
import pytest

from worker.engines.pp_ocr.model.frame import Raster, Turn, as_positive, near_blank


def paper(tone: int) -> Raster:
    return np.full((400, 300, 3), tone, np.uint8)


@pytest.mark.parametrize("tone", [255, 200, 60, 0])
def test_paper_of_any_tone_is_blank_and_what_is_printed_is_not(tone: int) -> None:
    raster = paper(tone)
    assert near_blank(raster)
    raster[100:103, 100:200] = 255 if tone < 110 else 0
    assert not near_blank(raster)


def test_one_colour_on_black_is_printed() -> None:
    raster = paper(0)
    raster[100:103, 100:200] = (0, 255, 255)
    assert not near_blank(raster)


def test_a_dark_page_is_a_negative() -> None:
    assert as_positive(paper(20))[0, 0, 0] == 235
    light = paper(190)
    assert as_positive(light) is light


@pytest.mark.parametrize(("first", "then"), [(0, 1), (1, 0), (1, 2), (3, 3)])
def test_a_turn_after_another_is_both(first: int, then: int) -> None:
    raster = np.arange(12, dtype=np.uint8).reshape(2, 2, 3)
    lies = Turn(first, 30, 20)
    stands = Turn(then, lies.upright_width, lies.upright_height)
    both = stands.after(lies)
    assert np.array_equal(both.raster(raster), stands.raster(lies.raster(raster)))
    assert both.back((1, 2, 5, 4)) == lies.back(stands.back((1, 2, 5, 4)))
    assert stands.after(Turn(1, 30, 20, stacked=True)).quarters == then
