"""Heads of tables: cells of several rows of text, and cells over several columns."""

from support.pp_ocr.lines import across, typed
from worker.engines.pp_ocr.tables.ruled import ruled

BODY = """
0              39     5.8     102     10     13.5
250            30     5.9     103     10     13.6
"""


def rows_of(text: str, *ats: float, partial: tuple[tuple[float, float, float], ...] = ()) -> list[str]:
    rules = [across(at, 0, 250) for at in ats] + [across(*place) for place in partial]
    [table] = ruled(typed(text, pitch=12), rules)
    return (
        table.part().content.removeprefix("<table>").removesuffix("</table>").replace("</tr>", "</tr>\n").splitlines()
    )


def test_rows_of_text_of_one_cell() -> None:
    text = f"""
                              Weight
                              Relative
               No.    Body    to
Dose           of     Weight  Controls       Last
(ppm)          pups   (g)     (%)     No.    week
{BODY.strip()}
"""
    assert rows_of(text, -3, 59, 90) == [
        "| Dose (ppm) | No. of pups | Body Weight (g) | Weight Relative to Controls (%) | No. | Last week |",
        "|---|---|---|---|---|---|",
        "| 0 | 39 | 5.8 | 102 | 10 | 13.5 |",
        "| 250 | 30 | 5.9 | 103 | 10 | 13.6 |",
    ]


def test_a_rule_shows_the_columns_of_a_head() -> None:
    text = f"""
                      Day 1                  Day 2

Dose           No.    Body    Rise    No.    Body
{BODY.strip()}
"""
    found = rows_of(text, -3, 36, 70, partial=((14, 70, 175), (14, 190, 250)))
    assert found[0] == '<tr><td></td><td colspan="3">Day 1</td><td colspan="2">Day 2</td></tr>'
    assert found[1].count("<td>") == 6


def test_a_label_between_the_levels_has_both() -> None:
    text = """
               All gates
Gate
               Low    High    Mean
North          3.9    5.8     4.2
South          3.0    5.9     4.3
"""
    found = rows_of(text, -3, 34, 65, partial=((17, 70, 175),))
    assert found[:2] == [
        '<tr><td rowspan="2">Gate</td><td colspan="3">All gates</td></tr>',
        "<tr><td>Low</td><td>High</td><td>Mean</td></tr>",
    ]


def test_rows_of_text_are_no_head() -> None:
    text = """
Gate           Place         Guard
North          mill          Miller
South          weir          Baker
"""
    assert rows_of(text, -3, 10, 40)[2:] == ["| North | mill | Miller |", "| South | weir | Baker |"]
