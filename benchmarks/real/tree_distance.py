"""Edit distance of ordered trees, and TEDS, the similarity of tables that is built on it.

The distance is that of Zhang and Shasha (SIAM J. Comput. 18, 1989), TEDS that of Zhong et al. (arXiv 1911.10683): one
minus the distance over the nodes of the larger table, where a table has rows, and rows have cells. Two cells with the
same spans differ by the normalised edit distance of their texts.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import groupby

from rapidfuzz.distance import Levenshtein

from benchmarks.real.cells import Table


@dataclass(slots=True)
class Node:
    label: tuple[str, int, int]
    text: str = ""
    children: list["Node"] = field(default_factory=list)


Difference = Callable[[Node, Node], float]


def teds(found: Table, expected: Table) -> float:
    if not found or not expected:
        return 0.0
    one, other = _tree(found), _tree(expected)
    size = max(sum(1 + len(row.children) for row in tree.children) for tree in (one, other))
    return 1 - distance(one, other, _difference) / size


def distance(one: Node, other: Node, difference: Difference) -> float:
    """What it costs to make one tree the other: 1 for a node more or less, `difference` for two that correspond."""
    nodes, lefts = _postorder(one)
    others, other_lefts = _postorder(other)
    trees = [[0.0] * len(others) for _ in nodes]
    for i in _key_roots(lefts):
        for j in _key_roots(other_lefts):
            _fill(trees, nodes, lefts, i, others, other_lefts, j, difference)
    return trees[-1][-1]


def _fill(
    trees: list[list[float]],
    nodes: list[Node],
    lefts: list[int],
    i: int,
    others: list[Node],
    other_lefts: list[int],
    j: int,
    difference: Difference,
) -> None:
    """The distances of all pairs of subtrees on the left paths below the key roots i and j."""
    left, other_left = lefts[i], other_lefts[j]
    forests = [[0.0] * (j - other_left + 2) for _ in range(i - left + 2)]
    for x in range(1, i - left + 2):
        forests[x][0] = x
    for y in range(1, j - other_left + 2):
        forests[0][y] = y
    for x in range(1, i - left + 2):
        for y in range(1, j - other_left + 2):
            a, b = left + x - 1, other_left + y - 1
            best = min(forests[x - 1][y], forests[x][y - 1]) + 1
            if lefts[a] == left and other_lefts[b] == other_left:
                best = min(best, forests[x - 1][y - 1] + difference(nodes[a], others[b]))
                trees[a][b] = best
            else:
                best = min(best, forests[lefts[a] - left][other_lefts[b] - other_left] + trees[a][b])
            forests[x][y] = best


def _postorder(root: Node) -> tuple[list[Node], list[int]]:
    """The nodes, children first, and for each the index of the leftmost leaf below it."""
    nodes: list[Node] = []
    lefts: list[int] = []

    def visit(node: Node) -> int:
        first = [visit(child) for child in node.children]
        nodes.append(node)
        lefts.append(first[0] if first else len(nodes) - 1)
        return lefts[-1]

    visit(root)
    return nodes, lefts


def _key_roots(lefts: list[int]) -> list[int]:
    """The last node of each leftmost leaf."""
    return sorted({left: i for i, left in enumerate(lefts)}.values())


def _tree(table: Table) -> Node:
    rows = groupby(sorted(table, key=lambda cell: (cell.row, cell.column)), key=lambda cell: cell.row)
    return Node(
        ("table", 1, 1),
        children=[
            Node(("tr", 1, 1), children=[Node(("td", cell.rows, cell.columns), cell.text) for cell in cells])
            for _, cells in rows
        ],
    )


def _difference(one: Node, other: Node) -> float:
    return Levenshtein.normalized_distance(one.text, other.text) if one.label == other.label else 1.0
