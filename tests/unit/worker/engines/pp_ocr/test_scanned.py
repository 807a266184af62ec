"""The parts of a scan, without models."""

import cv2
import numpy as np

from support.pp_ocr.documents import picture
from support.pp_ocr.lines import line
from worker.engines.pp_ocr.model.frame import Turn
from worker.engines.pp_ocr.output import Store
from worker.engines.pp_ocr.raster.scan import Scan
from worker.engines.pp_ocr.regions import _from_scan
from worker.engines.pp_ocr.routing import Region


def test_text_inside_a_picture_is_named_in_a_warning() -> None:
    raster = np.full((900, 700, 3), 255, np.uint8)
    raster[300:600, 150:550] = np.asarray(picture(400, 300))
    title = line("Practice for all chapters", 200, 440, size=20)
    text = [line(f"line {k} of a text that is nothing but text", 60, 60 + 30 * k, size=20) for k in range(6)]
    for shown in (title, *text):
        x, y = round(shown.box[0]), round(shown.box[3])
        cv2.putText(raster, shown.text, (x, y), cv2.FONT_HERSHEY_SIMPLEX, 0.6, (0, 0, 0), 1)
    lines = [title, *text]
    found = Scan(raster, lines, [], [each.box for each in lines], [], False, Turn(0, 700, 900), 0.0)
    images: list[str] = []
    store = Store(1, lambda name, data: images.append(name), 1_000_000, [])
    parts = _from_scan(found, Region((0, 0, 700, 900), "scanned"), 20.0, store, titled=True, illustrated=True)
    assert parts is not None
    assert len(images) == 1
    assert "Practice" not in "".join(part.content for part in parts)
    assert store.warnings == ["Text inside figures is only in their pictures: Practice for all chapters"]
