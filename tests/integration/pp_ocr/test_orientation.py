"""Which way up scans are, with the real models."""

import math
from collections import Counter
from typing import Any

import cv2
import numpy as np
import pypdfium2 as pdfium
import pytest

from support.pp_ocr.documents import SENTENCES, Document
from worker.engines.pp_ocr.model.frame import Raster
from worker.engines.pp_ocr.raster import orientation
from worker.engines.pp_ocr.raster.orientation import quarter_turns, recognise, skew, straight
from worker.engines.pp_ocr.raster.recogniser import recogniser

pytestmark = pytest.mark.slow

STROKES = {
    "三": [(1, 1, 9, 1), (2, 5, 8, 5), (0, 9, 10, 9)],
    "十": [(0, 5, 10, 5), (5, 0, 5, 10)],
    "王": [(1, 1, 9, 1), (1, 5, 9, 5), (0, 9, 10, 9), (5, 1, 5, 9)],
    "土": [(2, 4, 8, 4), (0, 9, 10, 9), (5, 0, 5, 9)],
    "工": [(1, 1, 9, 1), (0, 9, 10, 9), (5, 1, 5, 9)],
    "日": [(2, 0, 8, 0), (2, 5, 8, 5), (2, 10, 8, 10), (2, 0, 2, 10), (8, 0, 8, 10)],
    "中": [(1, 2, 9, 2), (1, 6, 9, 6), (1, 2, 1, 6), (9, 2, 9, 6), (5, 0, 5, 10)],
    "田": [(1, 1, 9, 1), (1, 5, 9, 5), (1, 9, 9, 9), (1, 1, 1, 9), (9, 1, 9, 9), (5, 1, 5, 9)],
}
"""Characters of straight strokes on a grid of ten: no font is needed."""
COLUMNS = ["三田中日王土工十中田三王日", "中日土王工田三十日王中土", "王三日田中工土日十三中王田", "日中三王田工土十王"]


def rendered(document: Document, dpi: float = 150) -> Raster:
    with pdfium.PdfDocument(bytes(document.output())) as pdf:
        return np.ascontiguousarray(pdf[0].render(scale=dpi / 72).to_numpy()[:, :, :3])


@pytest.fixture(scope="module")
def letter() -> Raster:
    document = Document()
    for sentence in SENTENCES[:3]:
        document.paragraph(sentence)
    return np.ascontiguousarray(rendered(document, 110)[:420])


def words(texts: list[str]) -> Counter[str]:
    return Counter(" ".join(texts).split())


@pytest.mark.parametrize("turned", range(4))
def test_a_page_is_read_whichever_way_it_lies(letter: Raster, turned: int, monkeypatch: pytest.MonkeyPatch) -> None:
    detections = []
    detect = orientation._detect

    def counted(ocr: Any, raster: Raster) -> Any:
        detections.append(1)
        return detect(ocr, raster)

    monkeypatch.setattr(orientation, "_detect", counted)
    found = recognise(recogniser(), np.ascontiguousarray(np.rot90(letter, turned)))
    assert found.quarter_turns == -turned % 4
    assert np.array_equal(found.raster, letter)
    assert words(found.texts) == words(SENTENCES[:3])
    assert len(detections) == (2 if turned else 1)
    assert len(found.quads) == len(found.scores) == len(found.texts)
    assert np.ptp(found.quads[:, :, 0], axis=1).min() > np.ptp(found.quads[:, :, 1], axis=1).max()


def test_an_upright_page_reads_as_rapidocr_reads_it(letter: Raster) -> None:
    found, bare = recognise(recogniser(), letter), recogniser()(letter)
    assert np.array_equal(found.quads, bare.boxes)
    assert found.texts == list(bare.txts)


def test_columns_of_chinese_are_upright() -> None:
    page = np.full((900, 640, 3), 255, np.uint8)
    for column, text in enumerate(COLUMNS):
        for row, character in enumerate(text):
            x, y = 540 - column * 90, 60 + row * 44
            for x0, y0, x1, y1 in STROKES[character]:
                cv2.line(page, (x + 3 * x0, y + 3 * y0), (x + 3 * x1, y + 3 * y1), (0, 0, 0), 3, cv2.LINE_AA)
    found = recognise(recogniser(), page)
    assert found.quarter_turns == 0
    assert sorted(found.texts) == sorted(COLUMNS)


def test_two_labels_do_not_turn_a_page() -> None:
    page = np.full((900, 640, 3), 255, np.uint8)
    for y in (100, 300):
        cv2.putText(page, "Voltage in the lower gallery", (60, y), cv2.FONT_HERSHEY_SIMPLEX, 1, (0, 0, 0), 2)
    assert recognise(recogniser(), np.ascontiguousarray(np.rot90(page))).quarter_turns == 0


def test_scribble_turns_nothing(letter: Raster) -> None:
    """What cannot be read either way is no reason to turn a page, whatever the classifier says."""
    strips = np.random.default_rng(2).permutation(letter.shape[1] // 6)
    shuffled = np.concatenate([letter[::-1, 6 * i : 6 * i + 6] for i in strips], axis=1)
    quads, crops = orientation._detect(recogniser(), np.ascontiguousarray(shuffled))
    assert len(crops) > 2
    assert quarter_turns(recogniser(), quads, crops) == 0


def test_an_empty_page_has_no_lines() -> None:
    for shape in ((300, 200), (8, 400), (1, 1)):
        found = recognise(recogniser(), np.full((*shape, 3), 255, np.uint8))
        assert (found.quarter_turns, len(found.quads), found.texts, found.scores) == (0, 0, [], [])


def test_a_thin_strip_keeps_its_place() -> None:
    document = Document()
    document.paragraph(SENTENCES[3])
    strip = np.ascontiguousarray(rendered(document)[115:140])
    found = recognise(recogniser(), strip)
    assert words(found.texts) == words([SENTENCES[3]])
    assert found.quads[..., 1].max() <= 25
    assert found.quads[..., 1].min() >= 0


def test_small_print_is_detected_finer(monkeypatch: pytest.MonkeyPatch) -> None:
    document = Document()
    document.set_font("Helvetica", "", 5.5)
    document.multi_cell(0, 2.2, " ".join(SENTENCES * 2), align="L")
    page, want = rendered(document), words(SENTENCES * 2)
    assert (words(recognise(recogniser(), page).texts) & want).total() > 0.95 * want.total()
    assert recogniser().text_det.limit_side_len == 960
    monkeypatch.setattr(orientation, "SMALL_PRINT", 0)
    assert (words(recognise(recogniser(), page).texts) & want).total() < 0.8 * want.total()


@pytest.mark.parametrize("degrees", [-4.0, -0.4, 0.0, 2.0])
def test_a_skewed_page_is_set_straight(letter: Raster, degrees: float) -> None:
    angle = math.radians(degrees)
    crooked = straight(letter, -angle)
    quads, _ = orientation._detect(recogniser(), crooked)
    assert skew(quads) == pytest.approx(angle, abs=math.radians(0.15))
    level, _ = orientation._detect(recogniser(), straight(crooked, skew(quads)))
    assert abs(skew(level)) < math.radians(0.15)


def test_few_lines_have_no_skew() -> None:
    assert skew(np.zeros((0, 4, 2), np.float32)) == 0
    assert skew(np.array([[[0, 0], [100, 9], [99, 19], [0, 10]]] * 2, np.float32)) == 0
