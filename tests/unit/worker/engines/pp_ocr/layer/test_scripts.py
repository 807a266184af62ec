"""Raised and lowered text."""

from pathlib import Path

import pytest

from support.pp_ocr.documents import painted, words
from support.pp_ocr.fixtures import Read


def run(*pieces: tuple[str, float, float]) -> str:
    """The operators of a line of (text, rise, size)."""
    shown = "".join(f"/F {size} Tf {rise} Ts ({text}) Tj " for text, rise, size in pieces)
    return f"BT 1 0 0 1 60 600 Tm {shown} ET\n"


@pytest.mark.parametrize(
    ("pieces", "markdown"),
    [
        ([("In 2", 0, 11), ("10", 4, 7), (" of the cases", 0, 11)], "In 2<sup>10</sup> of the cases"),
        ([("A flow of 3 m", 0, 11), ("3", 4, 7), ("/s was seen", 0, 11)], "A flow of 3 m<sup>3</sup>/s was seen"),
        ([("S", 0, 11), ("2", -2, 7), (" or H", 0, 11), ("2", -2, 7), ("O", 0, 11)], "S<sub>2</sub> or H<sub>2</sub>O"),
        ([("Closed in 2010.", 0, 11), ("8", 4, 7), (" Then", 0, 11)], "Closed in 2010.<sup>8</sup> Then"),
        ([("Smith", 0, 11), ("a,b", 4, 7), (", Jones", 0, 11)], "Smith<sup>a,b</sup>, Jones"),
        ([("1", 4, 7), (" See the report", 0, 11)], "1 See the report"),
        ([("T", 0, 14), ("HE", 0, 10), (" BOARD", 0, 11)], "THE BOARD"),
    ],
)  # fmt: skip
def test_scripts_stand_in_their_line(
    tmp_path: Path, read: Read, pieces: list[tuple[str, float, float]], markdown: str
) -> None:
    (page,) = read(painted(tmp_path / "scripts.pdf", run(*pieces)))
    assert page.markdown == markdown


def test_a_cell_tells_its_number_from_a_note(tmp_path: Path, read: Read) -> None:
    content = ""
    for k, (name, value) in enumerate([("North", "12.5"), ("South", "13.5"), ("West", "14.5"), ("East", "15.5")]):
        y = 700 - 16 * k
        note = words(200 + 11 * (4 * 0.556 - 0.278), y + 4, "1", 7) if k == 0 else ""
        content += words(60, y, name) + words(200, y, value) + note + words(300, y, str(40 + k))
    (page,) = read(painted(tmp_path / "cells.pdf", content))
    assert "| North | 12.5<sup>1</sup> | 40 |" in page.markdown
    assert page.layout is not None
    assert "12.5¹" in [cell.text for cells in page.layout.cells.values() for cell in cells]
