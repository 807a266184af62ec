"""Characters of the text layer that do not come as they are read."""

from pathlib import Path

import pypdfium2 as pdfium
import pytest

from support.pp_ocr.documents import coded, painted, words
from worker.engines.pp_ocr.layer.textlayer import read
from worker.engines.pp_ocr.model.frame import Frame


def texts(path: str) -> list[str]:
    with pdfium.PdfDocument(path) as document:
        page = document[0]
        return [line.text for line in read(page, Frame.of(page, 4_000_000)).lines]


@pytest.mark.parametrize(
    ("array", "read"),
    [
        ("(M) (\xa8) 444.5 (ollner)", "Möllner"),
        ("(Universit) (\xb4) 444.5 (e de Paris)", "Université de Paris"),
        ("(caf) (e) 444.5 (\xb4) 0 ( noir)", "café noir"),
        ("(Fran) (c) 416.5 (\xb8) (ais)", "Français"),
        ("(x \x88 2)", "x ˆ 2"),
    ],
)
def test_an_accent_drawn_over_a_letter_is_part_of_it(tmp_path: Path, array: str, read: str) -> None:
    content = f"BT /F 12 Tf 60 700 Td [{array}] TJ ET"
    assert texts(painted(tmp_path / "accents.pdf", content)) == [read]


def test_accents_drawn_after_their_line_find_their_letters(tmp_path: Path) -> None:
    line = words(60, 700, "Muller und Koln", 10)
    accents = words(60 + 8.33 + 1.1, 700, "\xa8", 10) + words(60 + 56.1 + 1.1, 700, "\xa8", 10)
    assert texts(painted(tmp_path / "late.pdf", line + accents)) == ["Müller und Köln"]


def test_ligatures_of_arabic_are_read_in_order(tmp_path: Path) -> None:
    says = {"a": "س", "b": "لا", "c": "م", "d": "ك", "e": "\ufefb"}
    path = coded(tmp_path / "salam.pdf", ["cba", "dea"], says)
    assert texts(path) == ["سلام", "سلاك"]
