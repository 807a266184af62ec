"""Tables whose rules are drawn cell by cell."""

from collections.abc import Sequence
from itertools import pairwise

from support.pp_ocr.lines import across, line, typed, worded
from worker.engines.pp_ocr.model.lines import Line
from worker.engines.pp_ocr.model.rules import Rule, joined
from worker.engines.pp_ocr.tables.ruled import ruled
from worker.engines.pp_ocr.tables.seams import disagree, seams_of

EDGES = (0, 100, 200, 300)
ROWS = [("Dish", "With", "Price"), ("Soup", "bread", "4.50"), ("Stew", "rice", "7.20"), ("Pie", "cream", "3.10")]


def pieces(at: float, edges: Sequence[float] = EDGES) -> list[Rule]:
    """A rule in as many pieces as there are columns."""
    return [across(at, a, b) for a, b in pairwise(edges)]


def cells(rows: Sequence[Sequence[str]], edges: Sequence[float] = EDGES, top: float = 0) -> list[Line]:
    return [
        worded(text, edges[c] + 5, top + 20 * r + 5) for r, row in enumerate(rows) for c, text in enumerate(row) if text
    ]


def rows_of(lines: Sequence[Line], rules: Sequence[Rule]) -> list[list[str]]:
    return [table.part().content.split("\n") for table in ruled(lines, rules)]


def seams(rules: Sequence[Rule], gap: float) -> tuple[float, ...]:
    [rule] = joined(rules, gap)
    return rule.seams


def test_seams_are_where_pieces_meet() -> None:
    assert seams([*pieces(20), across(20, 100, 200)], 4) == (100, 200)
    assert seams([across(20, 0, 103), across(20, 100, 200)], 4) == (100,)  # borders overlap at corners
    assert seams([across(20, 0, 94), across(20, 100, 200)], 7) == ()  # a dash that follows
    assert seams([*pieces(20), across(20, 0, 300, soft=True)], 4) == (100, 200)  # the edge of a ground below


def test_columns_are_where_most_rules_have_seams() -> None:
    rules = joined([*pieces(20), *pieces(40), *pieces(60, (0, 150, 200, 300))], 4)
    assert seams_of(rules) == [0, 100, 200, 300]
    assert seams_of(joined([across(20, 0, 300), across(40, 0, 300)], 4)) == []
    one, other, plain = joined([*pieces(20), *pieces(40, (0, 150, 300)), across(60, 0, 300)], 4)
    assert disagree(one, other)
    assert not disagree(one, one)
    assert not disagree(one, plain)


def test_words_close_to_a_seam_stand_in_cells_of_their_own() -> None:
    """The first cell is as wide as its column, so that only a space parts it from the next."""
    rows = [*ROWS, ("a soup of the days!", "none at all", "5.00")]
    [found] = rows_of(
        [*cells(rows[:-1]), worded("a soup of the days! none", 5, 85), worded("5.00", 205, 85)],
        [rule for at in (20, 40, 60, 80) for rule in pieces(at)],
    )
    assert found[-1] == "| a soup of the days! | none | 5.00 |"


def test_a_head_of_coloured_cells_over_rows_on_white() -> None:
    lines = [*cells([("Dish", "With", "Price"), ("", "or on", "")]), *cells([ROWS[1]], top=45)]
    [table] = ruled(lines, [], [(a, 0, b, 40) for a, b in pairwise(EDGES)])
    assert table.part().content.split("\n") == [
        "| Dish | With or on | Price |",
        "|---|---|---|",
        "| Soup | bread | 4.50 |",
    ]


def test_a_cell_of_several_rows_of_text_and_an_empty_one() -> None:
    lines = [
        *cells(ROWS[:2]),
        *cells([("Stew", "rice, or", ""), ("", "potatoes", "")], top=40),
        *cells([ROWS[3]], top=80),
    ]
    [found] = rows_of(lines, [rule for at in (20, 40, 80, 100) for rule in pieces(at)])
    assert found[2:] == ["| Soup | bread | 4.50 |", "| Stew | rice, or potatoes |  |", "| Pie | cream | 3.10 |"]


def test_the_title_of_some_rows_parts_no_table() -> None:
    lines = [*cells(ROWS[:2]), worded("Dishes that take longer", 5, 45), *cells(ROWS[2:], top=60)]
    [found] = rows_of(lines, [rule for at in (20, 40, 60, 80, 100) for rule in pieces(at)])
    assert found[3:] == ["| Dishes that take longer |  |  |", "| Stew | rice | 7.20 |", "| Pie | cream | 3.10 |"]


def test_running_text_parts_two_tables_of_the_same_columns() -> None:
    text = [
        worded("What follows is served from noon on, and only", 5, 85),
        worded("while there is some of it left in the pot.", 5, 100),
    ]
    lines = [*cells(ROWS), *text, *cells(ROWS, top=120)]
    rules = [rule for at in (20, 40, 60, 80, 140, 160, 180, 200) for rule in pieces(at)]
    assert [len(found) for found in rows_of(lines, rules)] == [5, 5]


def test_the_rules_at_the_head_and_foot_of_a_page_make_no_table_of_it() -> None:
    contents = cells([(f"{k} A chapter of the book", str(k + 4)) for k in range(15)], (0, 250, 300), 25)
    assert rows_of(contents, [*pieces(20, (0, 150, 300)), *pieces(340, (0, 150, 300))]) == []


def test_tables_of_other_columns_are_two() -> None:
    wide = (0, 60, 140, 220, 300)
    rows = [("Day", "From", "To", "Host"), ("Mon", "9.00", "12.00", "Ann"), ("Tue", "9.30", "13.00", "Bob")]
    lines = [*cells(ROWS), *cells(rows, wide, top=110)]
    rules = [rule for at in (20, 40, 60, 80) for rule in pieces(at)]
    rules += [rule for at in (130, 150, 170) for rule in pieces(at, wide)]
    assert sorted(found[0].count("|") for found in rows_of(lines, rules)) == [4, 5]


def test_a_heading_in_larger_type_ends_a_table_and_is_no_head_of_one() -> None:
    columns = "name    low    high\none       12     13\ntwo       14     15\nten       16     17"
    below = [*typed(columns), line("Later years", y=65, size=13), *typed(columns, y=85)]
    assert [len(found) for found in rows_of(below, [across(13, 0, 100)])] == [5]
    above = [worded("Later years", 0, -18, size=13), *typed(columns)]
    [found] = rows_of(above, [across(-2, 0, 100), across(13, 0, 100), across(58, 0, 100)])
    assert "Later" not in found[0]
