"""Boxes to tick."""

from pathlib import Path

import pytest

from support.pp_ocr.documents import painted, words
from support.pp_ocr.fixtures import Read


def box(x: float, y: float, mark: str = "") -> str:
    """A box of 9 points; the mark is a cross, a tick, or a letter."""
    shown = f"{x} {y} 9 9 re S\n"
    if mark == "cross":
        shown += f"{x + 1} {y + 1} m {x + 8} {y + 8} l S {x + 1} {y + 8} m {x + 8} {y + 1} l S\n"
    elif mark == "tick":
        shown += f"{x + 1} {y + 4} m {x + 4} {y + 1} l {x + 8} {y + 8} l S\n"
    elif mark:
        shown += words(x + 2, y + 1.5, mark, 9)
    return shown


@pytest.mark.parametrize("mark", ["cross", "tick", "X"])
def test_drawn_boxes_are_items_of_a_task_list(tmp_path: Path, read: Read, mark: str) -> None:
    rows = ["The gate was shut", "The seals are new", "The board was told"]
    content = "".join(
        box(60, 700 - 20 * i, mark if i == 1 else "") + words(76, 701 - 20 * i, row) for i, row in enumerate(rows)
    )
    (page,) = read(painted(tmp_path / "tasks.pdf", content))
    assert page.markdown == "- [ ] The gate was shut\n- [x] The seals are new\n- [ ] The board was told"


def test_boxes_between_words_stand_there(tmp_path: Path, read: Read) -> None:
    content = words(60, 701, "Leak seen:") + box(130, 700, "X") + words(143, 701, "yes") + box(180, 700)
    (page,) = read(painted(tmp_path / "row.pdf", content + words(193, 701, "no")))
    assert page.markdown == "Leak seen: [x] yes [ ] no"


def test_fields_of_a_number_are_none(tmp_path: Path, read: Read) -> None:
    fields = "".join(box(130 + 9 * i, 700) for i in range(6))
    (page,) = read(painted(tmp_path / "fields.pdf", words(60, 701, "Number of file") + fields))
    assert "[" not in page.markdown


def test_characters_of_boxes(tmp_path: Path, read: Read) -> None:
    font = "<< /Type /Font /Subtype /TrueType /BaseFont /Wingdings-Regular /Encoding /WinAnsiEncoding >>"
    rows = [("\xa8", "The gate was shut"), ("\xfe", "The seals are new")]
    content = "".join(
        f"BT /W 11 Tf 1 0 0 1 60 {700 - 20 * i} Tm ({mark}) Tj ET\n" + words(76, 700 - 20 * i, row)
        for i, (mark, row) in enumerate(rows)
    )
    path = Path(painted(tmp_path / "signs.pdf", content))
    path.write_bytes(path.read_bytes().replace(b"/F 5 0 R", b"/F 5 0 R /W " + font.encode()))
    (page,) = read(str(path))
    assert page.markdown == "- [ ] The gate was shut\n- [x] The seals are new"
