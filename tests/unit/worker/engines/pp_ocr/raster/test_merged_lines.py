"""Lines detected over the gutter between two columns, without models."""

import numpy as np

from worker.engines.pp_ocr.model.frame import Raster
from worker.engines.pp_ocr.raster.merged_lines import Quads, parted

Span = tuple[int, int]


def boxes(*rows: tuple[int, int, list[Span]]) -> tuple[Quads, list[Raster]]:
    """Rows of lines, (top, height, from and to), black but for the white between words: 6 pixels, 14 at a gutter."""
    quads, crops = [], []
    for top, height, spans in rows:
        for start, end in spans:
            quads.append([[start, top], [end, top], [end, top + height], [start, top + height]])
            crop = np.zeros((height, end - start, 3), np.uint8)
            crop[:3] = crop[-3:] = 255
            crop[:, 44::50] = crop[:, 45::50] = 255
            if start < 300 < end:
                crop[:, 293 - start : 307 - start] = 255
            crops.append(crop)
    return np.array(quads, np.float32), crops


COLUMNS = [(0, 295), (305, 600)]


def widths(*rows: tuple[int, int, list[Span]]) -> list[int]:
    quads, crops = parted(*boxes(*rows))
    assert len(quads) == len(crops)
    assert [round(float(quad[1][0] - quad[0][0])) for quad in quads] == [crop.shape[1] for crop in crops]
    return [crop.shape[1] for crop in crops]


def test_a_line_over_a_gutter_is_parted_in_its_white() -> None:
    found = widths((0, 30, COLUMNS), (34, 30, COLUMNS), (68, 30, [(0, 600)]))
    assert found[:4] == [295] * 4
    assert sum(found[4:]) == 600
    assert all(abs(width - 300) < 8 for width in found[4:])


def test_a_title_over_columns_and_a_line_beside_one_row_stay_whole() -> None:
    assert widths((0, 60, [(0, 600)]), (70, 30, COLUMNS), (104, 30, COLUMNS))[0] == 600
    assert widths((0, 30, COLUMNS), (34, 30, [(0, 600)]))[-1] == 600


def test_a_line_without_white_at_the_gutter_stays_whole() -> None:
    quads, crops = boxes((0, 30, COLUMNS), (34, 30, COLUMNS), (68, 30, [(0, 600)]))
    crops[-1][5:25, 250:350] = 0
    assert len(parted(quads, crops)[1]) == 5


def test_nothing_found() -> None:
    quads, crops = parted(np.empty((0, 4, 2), np.float32), [])
    assert quads.shape == (0, 4, 2)
    assert crops == []
