"""Displayed formulas."""

from pathlib import Path

from support.pp_ocr.documents import painted, words
from support.pp_ocr.fixtures import Read
from support.pp_ocr.lines import MEASURE, line
from worker.engines.pp_ocr.model.lines import Line
from worker.engines.pp_ocr.model.parts import Part
from worker.engines.pp_ocr.structure.formulas import with_formulas

PROSE = "The flow through a gate follows from its width and from the level"


def shards(y: float = 100) -> list[Line]:
    return [
        line("f(x) =", x=100, y=y),
        line("∑", x=140, y=y - 4, size=16, face="CMEX10"),
        line("n=1", x=138, y=y + 14, size=7),
        line("x + 1", x=162, y=y - 7),
        line("2 x", x=164, y=y + 7),
    ]


def test_pieces_of_a_formula_are_one_block() -> None:
    before, after = line(PROSE, y=60), line(PROSE, y=140)
    first, formula, last = with_formulas([before, *shards(), after], MEASURE)
    assert (first, last) == (before, after)
    assert isinstance(formula, Part)
    assert formula.label == "formula"
    assert set(formula.content.split()) == {"f(x)", "=", "∑", "n=1", "x", "+", "1", "2"}


def test_its_number_belongs_to_it() -> None:
    [formula] = with_formulas([*shards(), line("(2.3)", x=400, y=100)], MEASURE)
    assert isinstance(formula, Part)
    assert "(2.3)" in formula.content


def test_symbols_in_a_sentence_are_none() -> None:
    items = [line(PROSE, y=100), line("α = β + 1", x=5 + len(PROSE) * 5, y=100, face="CMMI10"), line(PROSE, y=115)]
    assert with_formulas(items, MEASURE) == items


def test_cells_and_exercises_are_none() -> None:
    cells = [line("n = 12 ± 3", x=60, y=100), line("Station A", x=140, y=100)]
    exercises = [line("150. s(t) = 2t + 8 × t", y=150), line("151. s(t) = t ÷ 8", y=165)]
    assert with_formulas([*cells, *exercises], MEASURE) == [*cells, *exercises]


def test_a_formula_has_a_picture_and_a_warning(tmp_path: Path, read: Read, images: dict[str, bytes]) -> None:
    formula = words(200, 660, "a = b + c", 11, "I") + words(262, 664, "2", 7) + words(275, 660, "\\xb1 d", 11, "I")
    content = words(60, 700, PROSE) + formula + words(60, 620, PROSE)
    (page,) = read(painted(tmp_path / "formula.pdf", content))
    assert [block.label for block in page.blocks] == ["text", "formula", "text"]
    assert list(images) == ["p0001_formula_1.png"]
    assert "p0001_formula_1.png" in page.warnings[0]
