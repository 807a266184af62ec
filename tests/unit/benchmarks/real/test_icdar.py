"""The score of tables by adjacency relations."""

from pathlib import Path

from benchmarks.real import icdar
from benchmarks.real.cells import Cell, tables
from benchmarks.real.icdar import Score

TRUTH = """<document><table id="1"><region id="1" page="1">
<cell id="1" start-row="0" start-col="0"><content>Gate</content></cell>
<cell id="1" start-row="0" start-col="1" end-col="2"><content>Level</content></cell>
<cell id="1" start-row="1" start-col="0"><content>North</content></cell>
<cell id="1" start-row="1" start-col="2"><content>3.41</content></cell>
</region></table></document>"""
RELATIONS = {("gate", "level", True), ("gate", "north", False), ("level", "341", False), ("north", "341", True)}


def test_each_cell_is_related_to_the_nearest_with_text(tmp_path: Path) -> None:
    path = tmp_path / "a-str.xml"
    path.write_text(TRUTH)
    (cells,) = icdar.expected_tables(path)
    assert set(icdar.relations(cells)) == RELATIONS


def test_html_spans_and_pipes_give_the_same_relations() -> None:
    merged = (
        '<table><tr><td>Gate</td><td colspan="2">Level</td></tr><tr><td>North</td><td></td><td>3.41</td></tr></table>'
    )
    assert [set(icdar.relations(table)) for table in tables(merged)] == [RELATIONS]
    piped = "| Gate |  | Level |\n|---|---|---|\n| North |  | 3\\.41 |"
    assert [set(icdar.relations(table)) for table in tables(piped)] == [RELATIONS]


def test_a_false_table_costs_precision_and_a_lost_one_recall() -> None:
    table = [Cell(0, 0, "a"), Cell(0, 1, "b"), Cell(1, 0, "c")]
    other = [Cell(0, 0, "x"), Cell(0, 1, "y")]
    assert icdar.compare([table], [table, other]) == Score(2, 2, 3)
    assert icdar.compare([table, other], [table]).f == 0.8
    assert icdar.compare([], []).f == 1.0
