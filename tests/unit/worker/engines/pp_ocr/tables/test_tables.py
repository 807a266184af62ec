"""Tables: in grids of rules, between level rules, on coloured grounds, and by alignment alone."""

from collections.abc import Sequence

import pytest

from support.pp_ocr.lines import across, down, filled, frame, grid, line, typed, worded
from worker.engines.pp_ocr.model.boxes import Box
from worker.engines.pp_ocr.model.cells import Span
from worker.engines.pp_ocr.model.lines import Line
from worker.engines.pp_ocr.model.parts import Part
from worker.engines.pp_ocr.model.rules import Rule, joined
from worker.engines.pp_ocr.tables import cutting
from worker.engines.pp_ocr.tables.aligned import lift_aligned
from worker.engines.pp_ocr.tables.columns import Column, columns_of, crossing
from worker.engines.pp_ocr.tables.lattice import Lattice, lattices
from worker.engines.pp_ocr.tables.ruled import ruled
from worker.engines.pp_ocr.tables.table import lift

XS, YS = (0, 100, 200, 300), (0, 20, 40, 60)
PIECES = [["Station", "Year", "Level"], ["Ashford", "2021", "25.19"], ["Colby", "2023", "28.16"]]
PIPES = "| Station | Year | Level |\n|---|---|---|\n| Ashford | 2021 | 25.19 |\n| Colby | 2023 | 28.16 |"
PROSE = "the river ran on and on to the sea past towns"


def contents(lines: Sequence[Line], rules: Sequence[Rule], panels: Sequence[Box] = ()) -> list[str]:
    return [table.part().content for table in ruled(lines, rules, panels)]


def aligned(text: str) -> list[str]:
    return [item.content for item in lift_aligned(typed(text)) if isinstance(item, Part)]


class TestRules:
    def test_parts_of_one_rule_are_one(self) -> None:
        parts = [across(10, 0, 50), across(11, 52, 120), across(10, 200, 300), across(40, 0, 50)]
        assert joined(parts, 4) == [across(11, 0, 120, seams=(52,)), across(10, 200, 300), across(40, 0, 50)]

    def test_level_and_upright_rules_stay_apart(self) -> None:
        assert joined([across(10, 0, 50), down(10, 50, 90)], 4) == [down(10, 50, 90), across(10, 0, 50)]

    def test_a_rule_is_soft_if_all_of_it_is(self) -> None:
        [rule] = joined([across(10, 0, 50, soft=True), across(10, 50, 90)], 4)
        assert not rule.soft
        [rule] = joined([across(10, 0, 50, soft=True), across(10, 50, 90, soft=True)], 4)
        assert rule.soft

    def test_a_thin_box_is_a_rule(self) -> None:
        assert Rule.along((0, 10, 100, 12)) == across(11, 0, 100)
        assert Rule.along((10, 0, 12, 100)) == down(11, 0, 100)
        assert (across(5, 1, 9).box, down(5, 1, 9).box) == ((1, 5, 9, 5), (5, 1, 5, 9))


class TestGrids:
    def test_an_empty_grid_with_labels_at_the_head_and_the_left(self) -> None:
        xs, ys = (0, *range(150, 390, 30)), tuple(range(0, 220, 20))
        rows = [["Which poem", *"ABCDEF", ""], *([f"repeats words {k}"] for k in range(9))]
        [content] = contents(filled(xs, ys, rows), grid(xs, ys))
        assert content.splitlines()[0] == "| Which poem | A | B | C | D | E | F |  |"
        assert contents(filled(xs, ys, [["Which poem"], *rows[1:]]), grid(xs, ys)) == []

    def test_a_title_over_all_columns_breaks_none(self) -> None:
        rules = [*(across(y, 0, 200) for y in (0, 20, 40, 60)), *(down(x, 0, 60) for x in (0, 200)), down(100, 20, 60)]
        body = filled((0, 100, 200), (20, 40, 60), [["Value", "Number"], ["five", "3"]])
        [content] = contents([worded("Birthday Money", 60, 5), *body], rules)
        assert '<td colspan="2">Birthday Money</td>' in content


class TestLattices:
    def test_a_grid(self) -> None:
        [found] = lattices(grid(XS, YS))
        assert (found.xs, found.ys, len(found.spans)) == (list(XS), list(YS), 9)
        assert found.box == (0, 0, 300, 60)

    def test_a_dense_grid_whose_outer_rules_are_broken(self) -> None:
        """A shaded head has no rules of its own, but its shade shows as some."""
        inner = [*(across(y, 0, 300) for y in (20, 40, 60)), *(down(x, 20, 60) for x in (100, 200, 300))]
        [found] = lattices([*inner, across(0, 0, 40), *(down(x, 0, 20) for x in (0, 100, 200, 300))])
        assert (found.xs, found.ys, len(found.spans)) == (list(XS), list(YS), 9)

    def test_shades_of_some_values_make_no_grid_of_all(self) -> None:
        xs, ys = (0, 30, 60, 90, 120), (0, 20, 40, 60, 80)
        cells = [(x, y) for x in xs[:-1] for y in ys[:-1] if (x, y) not in ((0, 0), (90, 60))]
        edges = [edge for x, y in cells for edge in frame(x, y, x + 30, y + 20)]
        assert (
            lattices(
                [
                    across(r.at, r.start, r.end, soft=True) if r.level else down(r.at, r.start, r.end, soft=True)
                    for r in edges
                ]
            )
            == []
        )

    def test_boxes_that_lines_connect_are_no_grid(self) -> None:
        boxes = [*frame(0, 0, 60, 20), *frame(100, 40, 160, 60), across(50, 60, 100), down(30, 20, 50)]
        assert all(len(found.spans) == 1 for found in lattices(boxes))

    def test_cells_without_a_rule_between_them_are_one(self) -> None:
        rules = [*(across(y, 0, 300) for y in (0, 20, 60)), across(40, 100, 300)]
        rules += [down(0, 0, 60), down(300, 0, 60), down(100, 20, 60), down(200, 20, 60)]
        [found] = lattices(rules)
        assert found.spans[:2] == [Span(0, 0, 1, 3), Span(1, 0, 2, 1)]
        assert len(found.spans) == 6

    def test_open_cells_that_make_no_rectangle_stay_single(self) -> None:
        rules = [*frame(0, 0, 200, 40), across(20, 100, 200), down(100, 20, 40)]
        [found] = lattices(rules)
        assert found.spans == [Span(0, 0), Span(0, 1), Span(1, 0), Span(1, 1)]

    def test_a_side_may_be_open(self) -> None:
        rules = [*(across(y, 0, 300) for y in YS), down(100, 0, 60), down(200, 0, 60)]
        assert [(found.xs, len(found.spans)) for found in lattices(rules)] == [([0, 100, 200, 300], 9)]

    def test_a_frame_is_a_grid_of_one_cell(self) -> None:
        assert lattices(frame(0, 0, 100, 50)) == [Lattice([0, 100], [0, 50], [Span(0, 0)])]

    def test_boxes_in_a_chain_are_no_grid(self) -> None:
        rules = [*frame(0, 0, 100, 50), across(25, 100, 150), *frame(150, 0, 250, 50)]
        assert lattices(rules) == []

    def test_what_does_not_touch_is_apart(self) -> None:
        assert len(lattices([*frame(0, 0, 100, 50), *frame(120, 0, 220, 50)])) == 2
        assert lattices([across(0, 0, 100), down(200, 0, 100)]) == []

    def test_a_pattern_is_no_grid(self) -> None:
        assert lattices(grid(range(0, 1000, 10), range(0, 1000, 10))) == []
        rules = [across(10 * k, 0, 9) for k in range(400)] + [down(10 * k, 0, 9) for k in range(400)]
        assert lattices(rules) == []


class TestGridTables:
    def test_a_plain_one(self) -> None:
        assert contents(filled(XS, YS, PIECES), grid(XS, YS)) == [PIPES]

    def test_merged_cells_make_html(self) -> None:
        rules = [across(0, 0, 300), across(20, 100, 300), across(40, 0, 300), across(60, 0, 300)]
        rules += [down(0, 0, 60), down(300, 0, 60), down(100, 0, 60), down(200, 20, 60)]
        lines = filled(XS, YS, [["Station", "Readings <m>", ""], ["", "Low", "High"], ["Ashford", "2.5", "7.1"]])
        assert contents(lines, rules) == [
            '<table><tr><td rowspan="2">Station</td><td colspan="2">Readings &lt;m&gt;</td></tr>'
            "<tr><td>Low</td><td>High</td></tr><tr><td>Ashford</td><td>2.5</td><td>7.1</td></tr></table>"
        ]

    def test_a_line_over_several_cells_is_cut(self) -> None:
        lines = [worded("Station              Year                Level", 5, 5), *filled(XS, YS, [[], *PIECES[1:]])]
        assert contents(lines, grid(XS, YS)) == [PIPES]

    def test_rows_of_a_cell_are_joined(self) -> None:
        ys = (0, 30, 60)
        lines = filled(XS, ys, [["Station", "Year", "Level"], ["Upper Ash-", "2021", "25.19"]])
        lines.append(worded("ford weir", 5, 47))
        [table] = contents(lines, grid(XS, ys))
        assert table.splitlines()[-1] == "| Upper Ashford weir | 2021 | 25.19 |"

    def test_rows_ruled_together_are_seen(self) -> None:
        ys = (0, 20, 100)
        lines = [
            *filled(XS, ys, PIECES[:1]),
            *typed("\n".join(f"Row {k}{' ' * 15}{k}{' ' * 19}{7 - k}" for k in range(4)), 5, 28),
        ]
        [table] = contents(lines, grid(XS, ys))
        assert table.splitlines()[2:] == [f"| Row {k} | {k} | {7 - k} |" for k in range(4)]

    def test_column_rules_alone_do_not_make_rows_one(self) -> None:
        labels = ["All", "", "North", "Gates shut", "", "South", "Gates shut"]
        values = ["18.6", "", "17.9", "3.1", "", "*0.7", "(X)"]
        lines = filled(XS, (0, 20), PIECES[:1])
        for k, (label, value) in enumerate(zip(labels, values, strict=True)):
            lines += filled(XS, (25 + 12 * k, 37 + 12 * k), [[label, value, value]])
        rules = [*(across(y, 0, 300) for y in (0, 20, 120)), down(100, 0, 120), down(200, 0, 120)]
        [table] = contents(lines, rules)
        assert table.splitlines()[2:] == [
            f"| {label} | {value} | {value} |" for label, value in zip(labels, values, strict=True) if label
        ]

    def test_columns_that_share_one_of_the_grid(self) -> None:
        """As with double rules below the head and one upright rule behind the labels."""
        head = typed("Gate           Year      Level", 5, 3)
        body = typed(
            "North          2021      25.19\nSouth          2023      28.16\nWest           2012      11.3", 5, 25, 12
        )
        rules = [across(y, 0, 200) for y in (0, 17, 23, 65)] + [down(60, 0, 17), down(60, 23, 65)]
        [table] = contents([*head, *body], rules)
        assert table.splitlines() == [
            "| Gate | Year | Level |",
            "|---|---|---|",
            "| North | 2021 | 25.19 |",
            "| South | 2023 | 28.16 |",
            "| West | 2012 | 11.3 |",
        ]

    def test_grounds_of_lines_within_those_of_cells_are_no_cells(self) -> None:
        cells = [(x + 1, y + 1, x + 99, y + 19) for x in XS[:3] for y in YS[:1]]
        lines = [(x0 + 4, y0, x1 - 4, y1 - 9) for x0, y0, x1, y1 in cells]
        lines += [(x0 + 4, y0 + 9, x1 - 4, y1) for x0, y0, x1, y1 in cells]
        assert contents(filled(XS, YS, PIECES), grid(XS, YS), [*cells, *lines]) == [PIPES]

    def test_caption_and_notes_in_the_frame_are_no_rows(self) -> None:
        ys = (0, 20, 40, 60, 80, 100)
        rules = [*(across(y, 0, 300) for y in ys), *(down(x, 20, 80) for x in XS), down(0, 0, 100), down(300, 0, 100)]
        lines = filled(XS, ys, [["Table 4. Stations by year"], *PIECES, ["Source: own readings"]])
        [table] = ruled(lines, rules)
        assert table.part().content == PIPES
        assert table.lines == set(range(1, 10))
        assert table.box == (0, 20, 300, 80)

    def test_a_merged_cell_with_a_run_in_each_of_its_columns(self) -> None:
        ys = (0, 20, 40, 70)
        lines = filled(XS, ys, [*PIECES[:2], ["Upper", "2023", "28.16"]])
        lines.append(worded("Colby", 5, 57))
        rules = [*(across(y, 0, 300) for y in ys), down(0, 0, 70), down(300, 0, 70), down(100, 0, 40), down(200, 0, 40)]
        [table] = contents(lines, rules)
        assert table.splitlines()[-1] == "| Upper Colby | 2023 | 28.16 |"

    def test_a_merged_cell_over_rows_and_columns(self) -> None:
        ys = (0, 20, 40, 60, 80)
        pieces = [[str(10 * r + c) for c in range(3)] for r in range(4)]
        rules = [across(0, 0, 300), across(80, 0, 300), down(0, 0, 80), down(200, 0, 80), down(300, 0, 80)]
        rules += [*(across(y, 200, 300) for y in ys), *(across(y, 0, 200) for y in (20,)), down(100, 0, 20)]
        [table] = contents(filled(XS, ys, pieces), rules)
        assert table.splitlines()[2:] == ["| 10 | 11 | 12 |", "| 20 | 21 | 22 |", "| 30 | 31 | 32 |"]

    def test_labels_left_of_the_frame(self) -> None:
        ys = (0, 20, 40, 60, 80)
        values = filled(XS, ys, [["2021", "2022", "2023"], *([f"{k}.1", f"{k}.2", f"{k}.3"] for k in range(3))])
        labels = filled((-60, 0), ys, [["Gate"], ["North"], ["South"], ["West"]])
        head = across(20, -65, 0)
        [table] = ruled([*labels, *values], [*grid(XS, ys), head])
        assert table.part().content.splitlines()[0] == "| Gate | 2021 | 2022 | 2023 |"
        assert table.part().content.splitlines()[2] == "| North | 0.1 | 0.2 | 0.3 |"
        assert table.box == (-55, 0, 300, 80)

    def test_prose_left_of_the_frame_is_no_column(self) -> None:
        ys = (0, 20, 40, 60, 80)
        values = filled(XS, ys, [[f"{k}.1", f"{k}.2", f"{k}.3"] for k in range(4)])
        prose = [line(PROSE, -260, 13 * k, 250) for k in range(6)]
        [table] = ruled([*prose, *values], grid(XS, ys))
        assert table.columns == 3

    def test_an_unruled_head_on_a_dark_bar(self) -> None:
        rules = [*grid(XS, (20, 40, 60)), across(0, 0, 300), down(0, 0, 20), down(300, 0, 20)]
        assert contents(filled(XS, YS, PIECES), rules) == [PIPES]

    @pytest.mark.parametrize(
        "lines",
        [
            pytest.param([], id="nothing"),
            pytest.param(filled(XS, YS, [["Only"], ["one"], ["column"]]), id="one column"),
            pytest.param(filled(XS, YS, [["a", "", ""], ["", "b", ""], ["", "", ""]]), id="hardly filled"),
            pytest.param([worded(f"{PROSE} {PROSE}", 5, y + 5, 6) for y in YS[:3]], id="prose over all cells"),
            pytest.param(
                [*filled(XS, YS, PIECES), line("Headline", 5, 22, 90, size=18)], id="a heading among the cells"
            ),
        ],
    )
    def test_no_tables(self, lines: Sequence[Line]) -> None:
        assert contents(lines, grid(XS, YS)) == []

    def test_frames_around_whole_sections_are_layout(self) -> None:
        xs, ys = (0, 300, 600), (0, 200, 400)
        lines = [
            line(f"{PROSE}.", x + 5, y + 5 + 13 * k) for x in xs[:2] for y in ys[:2] for k in range(6 + (x + y) // 100)
        ]
        assert contents(lines, grid(xs, ys)) == []

    def test_a_bar_with_titles_is_no_table(self) -> None:
        assert contents(filled(XS, YS, PIECES[:1]), grid(XS, (0, 20))) == []

    def test_gridlines_of_a_chart_are_no_table(self) -> None:
        labels = typed("0      10      20      30", 0, 65)
        assert contents(labels, grid(XS, YS)) == []


class TestTablesBetweenRules:
    BODY = """
Station        Year      Level
Ashford        2021      25.19
Colby          2023      28.16
Brightwater    2012      11.30
"""
    ROWS = ["| Ashford | 2021 | 25.19 |", "| Colby | 2023 | 28.16 |", "| Brightwater | 2012 | 11.30 |"]

    def test_three_rules(self) -> None:
        rules = [across(y, 0, 160) for y in (-3, 13, 60)]
        [table] = contents(typed(self.BODY), rules)
        assert table.splitlines() == ["| Station | Year | Level |", "|---|---|---|", *self.ROWS]

    def test_a_head_of_two_levels(self) -> None:
        text = """
               Low-water-mark      High-water-mark
Station        Year      Level     Year      Level
Ashford        2021      25.19     2021      35.19
Colby          2023      28.16     2023      38.16
Brightwater    2012      11.30     2012      31.30
"""
        rules = [across(-3, 0, 260), across(28, 0, 260), across(75, 0, 260)]
        rules += [across(12.5, 75, 155), across(12.5, 175, 260)]
        [table] = contents(typed(text), rules)
        assert '<td colspan="2">Low-water-mark</td><td colspan="2">High-water-mark</td></tr>' in table
        assert "<tr><td>Station</td><td>Year</td><td>Level</td><td>Year</td><td>Level</td></tr>" in table

    def test_a_head_above_the_uppermost_rule(self) -> None:
        rules = [across(y, 0, 160) for y in (13, 28, 43, 58)]
        [table] = contents(typed(self.BODY), rules)
        assert table.splitlines() == ["| Station | Year | Level |", "|---|---|---|", *self.ROWS]

    def test_the_caption_above_is_left_out(self) -> None:
        rules = [across(y, 0, 160) for y in (-3, 13, 60)]
        lines = [worded("Table 1: Stations, by year", 0, -15), *typed(self.BODY)]
        [table] = ruled(lines, rules)
        assert 0 not in table.lines
        assert len(table.lines) == 12

    def test_rules_part_rows_whose_cells_have_several(self) -> None:
        text = """
Station        Remark              Gate
Ashford        closed in the       north
               winter
Colby          open                east
Bright         open again          north
water          since May
"""
        rules = [across(y, 0, 200) for y in (-3, 12.5, 42.5, 57.5, 87.5)]
        [table] = contents(typed(text), rules)
        assert table.splitlines()[2:] == [
            "| Ashford | closed in the winter | north |",
            "| Colby | open | east |",
            "| Bright water | open again since May | north |",
        ]

    def test_grounds_of_every_other_row(self) -> None:
        panels = [(0, 13 + 30 * k, 160, 28 + 30 * k) for k in range(2)]
        [table] = contents(typed(self.BODY), [], panels)
        assert set(self.ROWS) <= set(table.splitlines())

    def test_a_table_that_goes_on_over_the_page_has_no_last_rule(self) -> None:
        rules = [across(-3, 0, 160), across(13, 0, 160)]
        head = typed("Station   Place    Year   Level")
        body = typed("Ashford   north    2021   25.19\nColby     south    2023   28.16", 0, 15)
        [table] = contents([*head, *body], rules)
        assert table.splitlines()[-1] == "| Colby | south | 2023 | 28.16 |"

    def test_stretches_of_a_typed_rule_show_the_columns(self) -> None:
        text = """
Station       Remarks        Level
------------  -------------  -----
Ashford       closed since   25.19
Colby         open           28.16
Brightwater   open again     11.30
"""
        [table] = contents(typed(text), [])
        assert table.splitlines()[2] == "| Ashford | closed since | 25.19 |"

    def test_labels_that_go_on_below(self) -> None:
        text = """
Activity                       Hours     Cost
Inspection of the seals on     12        340.00
the northern gates
Painting                       8         120.50
Other works
Removal of stones from the     31        1,250.00
channel below
Divers                         6         900.00
"""
        [table] = contents(typed(text, pitch=12), [across(y, 0, 230) for y in (-3, 10.8, 95)])
        labels = [row.split(" | ")[0][2:] for row in table.splitlines()[2:]]
        assert labels == [
            "Inspection of the seals on the northern gates",
            "Painting",
            "Other works",
            "Removal of stones from the channel below",
            "Divers",
        ]

    def test_notes_close_below_are_no_rows(self) -> None:
        lines = [*typed(self.BODY), worded("Source: own readings, 2024", 0, 62)]
        [table] = ruled(lines, [across(y, 0, 160) for y in (-3, 13, 75)])
        assert table.lines == set(range(12))

    def test_typed_rules(self) -> None:
        text = """
                   Readings of a day
Station            Year       Level
-----------------------------------
Ashford ......     2021       25.19
Colby ........     2023       28.16
Brightwater ..     2012       11.30
"""
        [table] = ruled(lines := typed(text), [])
        assert table.lines == set(range(len(lines)))
        assert "<td>Ashford</td><td>2021</td><td>25.19</td>" in table.part().content
        assert '<td colspan="2">Readings of a day</td>' in table.part().content

    def test_groups_of_rows_are_set_apart(self) -> None:
        rows = self.BODY.strip("\n").split("\n")
        lines = [*typed(rows[0]), *typed("All readings\n" + rows[1], 0, 15), *typed("Others\n" + rows[2], 0, 60)]
        [table] = contents(lines, [across(-3, 0, 160), across(13, 0, 160)])
        assert table.splitlines()[-1] == "| Colby | 2023 | 28.16 |"
        assert len(table.splitlines()) == 6

    def test_running_text_between_two_rules_is_no_table(self) -> None:
        lines = [worded(PROSE, 0, 15 * k) for k in range(5)]
        assert contents(lines, [across(-3, 0, 230), across(75, 0, 230)]) == []

    def test_prose_in_columns_between_two_rules_is_no_table(self) -> None:
        lines = [worded(PROSE, x, 15 * k) for k in range(5) for x in (0, 250)]
        assert contents(lines, [across(-3, 0, 480), across(75, 0, 480)]) == []

    def test_sums_are_no_table(self) -> None:
        text = "Net amount        120.00\nVAT 20 %           24.00\nTotal due         144.00"
        assert contents(typed(text), [across(y, 0, 125) for y in (-3, 12, 28, 43)]) == []

    def test_bars_over_the_parts_of_a_form_are_no_table(self) -> None:
        text = "\n".join(f"Label {k}          Value {k}" for k in range(20))
        assert contents(typed(text), [across(y, 0, 200) for y in (-3, 147, 297)]) == []

    def test_a_form_of_framed_values_is_no_table(self) -> None:
        rules, lines = [], []
        for k in range(4):
            rules += frame(100, 30 * k, 250, 30 * k + 20)
            lines += [worded("Label", 0, 30 * k + 5), worded("value", 105, 30 * k + 5)]
        assert contents(lines, rules) == []

    def test_frames_upon_each_other_are_no_table(self) -> None:
        ys = (0, 40, 80, 120)
        lines = [worded("A value", 105, y + 20) for y in ys[:3]] + [worded("Its label", 105, y + 4) for y in ys[:3]]
        assert contents(lines, grid((100, 300), ys)) == []

    def test_no_line_belongs_to_two_tables(self) -> None:
        tables = ruled(filled(XS, YS, PIECES), [*grid(XS, YS), *(across(y, -20, 320) for y in (-5, 65))])
        assert [len(table.lines) for table in tables] == [9]

    def test_a_table_stands_where_its_first_line_was(self) -> None:
        lines = [line("before", y=-40), *filled(XS, YS, PIECES), line("after", y=100)]
        before, table, after = lift(lines, ruled(lines, grid(XS, YS)))
        assert (before, after) == (lines[0], lines[-1])
        assert isinstance(table, Part)
        assert (table.label, table.box) == ("table", (0, 0, 300, 60))

    def test_text_on_its_side_is_in_no_table(self) -> None:
        lines = [line(text, 5, 5, upright=False) for text in ("a", "b")]
        assert contents(lines, grid(XS, YS)) == []


class TestAlignedTables:
    def test_three_columns_with_numbers(self) -> None:
        [table] = aligned(
            """
Station        Year      Level
Ashford        2021      25.19
Colby          2023      28.16
Brightwater    2012      11.30
"""
        )
        assert table.splitlines()[2] == "| Ashford | 2021 | 25.19 |"
        assert table.count("\n") == 4

    def test_labels_and_numbers_under_a_head(self) -> None:
        [table] = aligned(
            """
Station        Level
Ashford        25.19
Colby          28.16
Brightwater    11.30
Dunmere         7.45
"""
        )
        assert table.splitlines()[0] == "| Station | Level |"

    def test_a_row_that_lacks_a_cell(self) -> None:
        [table] = aligned(
            """
Station        Year      Level
Ashford        2021      25.19
Colby                    28.16
Brightwater    2012      11.30
"""
        )
        assert "| Colby |  | 28.16 |" in table

    def test_what_stands_above_and_below_is_no_row(self) -> None:
        text = """
Station        Year      Level
Ashford        2021      25.19
Colby          2023      28.16
Brightwater    2012      11.30
Readings of the year before last
"""
        items = lift_aligned(typed(text))
        assert [type(item) for item in items] == [Part, type(typed("x")[0])]

    def test_a_head_that_is_listed_elsewhere(self) -> None:
        rows = "Ashford        2021      25.19\nColby          2023      28.16\nDunmere        2012      11.30"
        lines = [*typed(rows, y=15), *typed("Station        Year      Level")]
        [table] = [item for item in lift_aligned(lines) if isinstance(item, Part)]
        assert table.content.splitlines()[0] == "| Station | Year | Level |"
        assert len(table.content.splitlines()) == 5

    def test_two_tables_with_white_between_them(self) -> None:
        rows = "Ashford        2021      25.19\nColby          2023      28.16\nDunmere        2012      11.30\n"
        found = lift_aligned([*typed(rows), *typed(rows, y=55)])
        assert [item.content.count("\n") for item in found if isinstance(item, Part)] == [3, 3]
        assert len(found) == 2

    @pytest.mark.parametrize(
        "text",
        [
            pytest.param(
                """
Subtotal          120.00
VAT 20 %           24.00
Total             144.00
Balance due       144.00
""",
                id="the sum of an invoice",
            ),
            pytest.param(
                """
Mill Lane 4         Date            2 May 2024
Brundle NR13        Customer        Weir Ltd
Great Britain       Contact         A. Smith
""",
                id="an address beside labels with values",
            ),
            pytest.param(
                """
Name:          Ann Miller      31
Street:        Mill Lane       4
Town:          Brundle         13
""",
                id="a form",
            ),
            pytest.param(
                """
Introduction         1
Measurements         4
Conclusions          9
References          12
""",
                id="a table of contents",
            ),
            pytest.param(
                "\n".join(f"{PROSE:50}{PROSE}" for _ in range(5)),
                id="prose in two columns",
            ),
            pytest.param(
                """
Introduction . . . . . . .      1      a
Measurements . . . . . . .      4      b
Conclusions  . . . . . . .      9      c
""",
                id="leaders",
            ),
            pytest.param(
                """
- shoes        2      one
- maps         3      two
- boats        4      three
""",
                id="a list",
            ),
            pytest.param("a   b   c\nd   e   f", id="few lines"),
            pytest.param(
                """
for         vocational       teachers,       the         specialist
of          competence       based           qua        lifications
which       teachers         study           now        to increase
their       competences      in the          old        working way
"""
                "and more",
                id="justified prose",
            ),
            pytest.param(
                """
10      20      30      40
1900s   1910s   1920s   1930s
""",
                id="the scale of a chart",
            ),
            pytest.param(
                """
                50      59
        34      41              17
2                                       22
16-17   18-19   20-21   22-24   25-29   30
""",
                id="the values of a chart",
            ),
            pytest.param(
                """
Espresso       2.10      Soup            4.50
Cappuccino     2.90      Salad           5.50
Tea            1.90      Sandwich        6.50
""",
                id="two lists of prices",
            ),
        ],
    )
    def test_no_tables(self, text: str) -> None:
        assert aligned(text) == []

    def test_pictures_part_what_is_looked_at(self) -> None:
        rows = typed("Ashford        2021      25.19\nColby          2023      28.16\nDunmere        2012      11.30")
        image = Part("image", (0, 0, 10, 10), "a.png")
        assert lift_aligned([*rows[:4], image, *rows[4:]]) == [*rows[:4], image, *rows[4:]]


def test_columns_are_parted_by_white_that_a_head_may_span() -> None:
    rows = [
        [worded("A head that spans", 0)],
        *([worded("ab", 0), worded("cd", 60), worded("ef", 100)] for _ in range(3)),
    ]
    rows[0].append(worded("x", 100))
    assert columns_of(rows) == [Column(0, 10), Column(60, 70), Column(100, 110)]
    assert columns_of([[worded("alone")]]) == []
    columns = columns_of(rows)
    assert crossing((0, 0, 85, 10), columns) == (0, 1)
    assert crossing((61, 0, 66, 10), columns) == (1, 1)
    assert crossing((40, 0, 45, 10), columns) == (1, 1)
    assert Column(5, 5).width == 1


def test_wide_heads_and_sums_do_not_fuse_columns() -> None:
    rows = [[worded("12.3", 100, y), worded("45.6", 126, y), worded("78.9", 160, y)] for y in range(15, 150, 15)]
    head = [worded("Less than $10,000 - 14,999", 70), worded("all", 160)]
    total = [worded("112,345", 85, 150), worded("145,678", 121.5, 150), worded("178,901", 158.5, 150)]
    assert len(columns_of([head, *rows, total])) == 3


def test_a_dash_or_a_note_is_no_column() -> None:
    ranges = [f"{k} - {k + 1} years          {k}.5" for k in range(10, 14)]
    assert len(columns_of([cutting.split_wide(worded(text)) for text in ranges])) == 2
    notes = ["10,000 (1)          5.5", "12,000              6.5", "13,000 (2)          7.5"]
    assert len(columns_of([cutting.split_wide(worded(text)) for text in notes])) == 2


def test_rows_of_thousands_of_cells_are_gone_through_once() -> None:
    """A page of a form with as many fields took minutes."""
    rows = [[worded("cell", x=30 * x, y=y) for x in range(2_000)] for y in (0, 15)]
    assert len(columns_of(rows)) == 2_000


class TestCutting:
    def test_words_go_to_the_columns_they_stand_in(self) -> None:
        pieces = cutting.cut(worded("Upper Ashford 2021"), [0, 70, 200])
        assert [(piece.text, piece.box[0]) for piece in pieces] == [("Upper Ashford", 0), ("2021", 70)]

    def test_a_line_in_one_column_stays_as_it_is(self) -> None:
        whole = worded("Upper Ashford")
        assert cutting.cut(whole, [0, 70, 200]) == [whole]
        assert cutting.recut(whole, [Column(0, 65)]) == [whole]
        assert cutting.split_wide(line("no words known")) == [line("no words known")]

    def test_without_places_a_space_nearby_is_cut(self) -> None:
        pieces = cutting.cut(line("Upper Ashford 2021 7.1"), [0, 66, 95, 200])
        assert [piece.text for piece in pieces] == ["Upper Ashford", "2021", "7.1"]
        assert [piece.text for piece in cutting.cut(line("甲乙丙丁", width=40), [0, 20, 40])] == ["甲乙", "丙丁"]

    def test_wide_white_parts_words_and_numbers_sooner(self) -> None:
        assert [piece.text for piece in cutting.split_wide(worded("one two   three"))] == ["one two", "three"]
        assert [piece.text for piece in cutting.split_wide(worded("1.5 2.5"))] == ["1.5", "2.5"]

    def test_words_that_sit_in_columns_of_their_own(self) -> None:
        columns = [Column(0, 35), Column(40, 60)]
        assert [piece.text for piece in cutting.recut(worded("Ashford 2021"), columns)] == ["Ashford", "2021"]
        assert [piece.text for piece in cutting.recut(worded("in the town"), [Column(0, 35), Column(45, 100)])] == [
            "in the town"
        ]

    def test_edges_break_sentences_and_not_cells(self) -> None:
        assert cutting.breaks(worded("the river ran"), [0, 22, 100])
        assert not cutting.breaks(worded("the river ran"), [0, 100])
        assert not cutting.breaks(worded("river     ran"), [0, 37, 100])
        assert cutting.breaks(worded("immovable"), [0, 22, 100])

    def test_what_stands_outside_counts_to_the_outermost(self) -> None:
        assert [cutting.slot([0, 10, 20], at) for at in (-5, 5, 10, 99)] == [0, 0, 1, 1]
