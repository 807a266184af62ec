"""Tables and heads of columns that lie on their side."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from support.pp_ocr.lines import across, filled, grid, line, typed
from worker.engines.pp_ocr.model.frame import Turn
from worker.engines.pp_ocr.model.lines import Line, Word
from worker.engines.pp_ocr.model.rules import Rule
from worker.engines.pp_ocr.tables.ruled import ruled
from worker.engines.pp_ocr.tables.turned import take_heads, turned

XS, YS = (0, 100, 200, 300), (0, 20, 40, 60)
PIECES = [["Station", "Year", "Level"], ["Ashford", "2021", "25.19"], ["Colby", "2023", "28.16"]]
PIPES = "| Station | Year | Level |\n|---|---|---|\n| Ashford | 2021 | 25.19 |\n| Colby | 2023 | 28.16 |"
TYPED = """
Station        Year      Level
Ashford        2021      25.19
Colby          2023      28.16
"""


def laid(lines: Sequence[Line], turn: Turn) -> list[Line]:
    """The lines on their side."""
    return [
        replace(
            line,
            box=turn.back(line.box),
            words=[Word(word.text, turn.back(word.box)) for word in line.words],
            upright=False,
            turned=turn.quarters,
        )
        for line in lines
    ]


@pytest.mark.parametrize("quarters", [1, 3])
def test_a_ruled_table_on_its_side(quarters: int) -> None:
    turn = Turn(quarters, 1000, 1400)
    upright = [line("A paragraph above the table", 0, 1300)]
    lines = [*upright, *laid(filled(XS, YS, PIECES), turn)]
    rules = [Rule.along(turn.back(rule.box)) for rule in grid(XS, YS)]
    assert ruled(lines, rules) == []
    [table] = turned(lines, rules, [])
    assert table.part().content == PIPES
    assert table.box == turn.back((0, 0, 300, 60))
    assert table.cells[0].box == turn.back((0, 0, 100, 20))
    assert table.lines == set(range(1, 10))


def test_an_unruled_table_on_its_side() -> None:
    lines = laid(typed(TYPED), Turn(3, 1000, 1400))
    [table] = turned(lines, [], [])
    assert table.part().content == PIPES
    assert turned(lines[:5], [], []) == []


def test_heads_on_their_side_in_the_cells_of_a_grid() -> None:
    upright = filled(XS, YS, [["Station", "", ""], *PIECES[1:]])
    heads = [line(text, x, 2, 10, upright=False, turned=3) for text, x in (("Ye-", 140), ("ar", 155), ("Level", 240))]
    lines = [*upright, *heads]
    tables = ruled(lines, grid(XS, YS))
    take_heads(tables, lines)
    assert tables[0].part().content == PIPES
    assert tables[0].lines == set(range(len(lines)))


def test_heads_on_their_side_above_a_table() -> None:
    body = typed(
        "Ashford        2021      25.19\nColby          2023      28.16\nDunmere        2012      11.30", 0, 60
    )
    heads = [Line(text, (x, 10, x + 10, 55), 10, upright=False, turned=3) for text, x in (("Year", 80), ("Level", 130))]
    lines = [*heads, *body]
    tables = ruled(lines, [across(y, 0, 150) for y in (57, 74, 89, 105)])
    take_heads(tables, lines)
    assert [table.part().content.splitlines()[0] for table in tables] == ["|  | Year | Level |"]
    assert tables[0].box[1] == 10
    assert 0 in tables[0].lines
    assert len({cell.span for cell in tables[0].cells}) == len(tables[0].cells) == 12


def test_one_label_on_its_side_is_no_row_of_heads() -> None:
    lines = [*filled(XS, YS, PIECES), Line("metres", (250, -60, 260, -5), 10, upright=False, turned=3)]
    tables = ruled(lines, grid(XS, YS))
    take_heads(tables, lines)
    assert tables[0].part().content == PIPES
