"""Edit distance of trees, and TEDS."""

import pytest

from benchmarks.real.cells import Cell
from benchmarks.real.tree_distance import Node, distance, teds


def tree(text: str, *children: Node) -> Node:
    return Node(("n", 1, 1), text, [*children])


def differs(one: Node, other: Node) -> float:
    return float(one.text != other.text)


def test_the_example_of_zhang_and_shasha() -> None:
    one = tree("f", tree("d", tree("a"), tree("c", tree("b"))), tree("e"))
    other = tree("f", tree("c", tree("d", tree("a"), tree("b"))), tree("e"))
    assert distance(one, other, differs) == 2
    assert distance(one, one, differs) == 0


def test_teds_of_equal_tables_is_one() -> None:
    table = [Cell(0, 0, "a", columns=2), Cell(1, 0, "b"), Cell(1, 1, "c")]
    assert teds(table, table) == 1


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        ([Cell(0, 0, "a"), Cell(0, 1, "b")], 1 - 1 / 3),  # a cell too many, of 3 nodes below the table
        ([Cell(0, 0, "ax")], 1 - 0.5 / 2),
        ([Cell(0, 0, "a", columns=2)], 1 - 1 / 2),  # another span is another cell
        ([], 0),
    ],
)
def test_teds(found: list[Cell], expected: float) -> None:
    assert teds(found, [Cell(0, 0, "a")]) == pytest.approx(expected)
