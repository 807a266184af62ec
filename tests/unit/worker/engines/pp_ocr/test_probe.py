"""Which lines of a text layer are garbled, and how they are put right."""

import string
from typing import Any

import numpy as np
import pytest

from support.pp_ocr.documents import SENTENCES
from worker.engines.pp_ocr import probe
from worker.engines.pp_ocr.model.frame import Raster
from worker.engines.pp_ocr.model.lines import Line

SHIFTED = str.maketrans({letter: chr((ord(letter) - 97 + 3) % 26 + 97) for letter in string.ascii_lowercase})
HEADING, TITLE = "new seals for all gates", "harbour board report"


def lines_of(*texts: str, font: int = 1) -> list[Line]:
    return [Line(text, (50, 40 * k, 50 + 10 * len(text), 40 * k + 24), 20, font=font) for k, text in enumerate(texts)]


def raster() -> Raster:
    return np.full((400, 1200, 3), 255, np.uint8)


@pytest.fixture
def checks(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """What was checked against the raster; all of it proves wrong."""
    asked: list[list[str]] = []

    def contradicts(lines: list[Line], raster: Raster) -> bool:
        asked.append([line.text for line in lines])
        return True

    monkeypatch.setattr(probe, "contradicts", contradicts)
    return asked


def test_one_garbled_font_costs_its_own_lines(checks: list[list[str]]) -> None:
    sound = lines_of(*SENTENCES)
    wrong = lines_of(TITLE.translate(SHIFTED), HEADING.translate(SHIFTED), font=2)
    assert probe.garbled([*sound, *wrong], raster, None) == wrong
    assert checks == [[line.text for line in wrong]]


def test_sound_headings_of_few_letters_are_not_checked(checks: list[list[str]]) -> None:
    headings = [TITLE, HEADING, "abstract", "Zusammenfassung", "Figure 2", "µ"]
    assert probe.garbled([*lines_of(*SENTENCES), *lines_of(*headings, font=2)], raster, None) == []
    assert checks == []


@pytest.mark.parametrize(("verdict", "count"), [(True, 2), (False, 0)])
def test_what_is_known_of_the_document_is_believed(checks: list[list[str]], verdict: bool, count: int) -> None:
    wrong = lines_of(TITLE.translate(SHIFTED), HEADING.translate(SHIFTED))
    assert len(probe.garbled(wrong, raster, verdict)) == count
    assert checks == []


def test_a_font_without_letters_is_garbled_and_bullets_are_not(checks: list[list[str]]) -> None:
    unmapped = lines_of("".join(chr(0xE000 + ord(letter)) for letter in HEADING), font=2)
    bullets = lines_of("\uf0b7", "\uf0b7", "\uf0a7 ", font=3)
    assert probe.garbled([*lines_of(*SENTENCES), *unmapped, *bullets], raster, False) == unmapped
    assert checks == []


def test_lines_are_read_again_in_their_places(monkeypatch: pytest.MonkeyPatch) -> None:
    def read_lines(ocr: Any, crops: list[Raster]) -> tuple[list[str], list[float]]:
        assert [crop.shape[:2] for crop in crops] == [(30, 236), (30, 236)]
        return ["New seals for all gates", "       "], [0.98, 0.9]

    monkeypatch.setattr(probe, "recogniser", lambda: None)
    monkeypatch.setattr(probe, "read_lines", read_lines)
    lines = lines_of("", HEADING.translate(SHIFTED), HEADING.translate(SHIFTED))
    lines[0].box = (50, 0, 60, 100)
    upright, read, unread = probe.reread(lines, raster())
    assert (upright, unread) == (None, None)
    assert read is not None
    assert (read.text, read.confidence, read.box, read.font) == ("New seals for all gates", 0.98, lines[1].box, 1)
    assert probe.reread([], raster()) == []


def test_warnings() -> None:
    assert probe.warning(0) is None
    assert str(probe.warning(1)).startswith("1 line of text is left out")
