"""Forms and lists whose labels, values and markers are printed apart."""

from collections.abc import Sequence
from typing import Any

import pytest

from support.pp_ocr.lines import MEASURE, frame, grid, line, typed, worded
from worker.engines.pp_ocr.layer.drawings import Drawings
from worker.engines.pp_ocr.model.boxes import Box
from worker.engines.pp_ocr.model.lines import Line
from worker.engines.pp_ocr.model.lists import Marker, marker_of, markers
from worker.engines.pp_ocr.model.parts import Part
from worker.engines.pp_ocr.model.rules import Rule
from worker.engines.pp_ocr.structure.forms import with_values
from worker.engines.pp_ocr.structure.loose_markers import with_bullets


def values(lines: Sequence[Line], rules: Sequence[Rule] = (), **drawn: Any) -> list[tuple[str, bool]]:
    return [(found.text, found.boxed) for found in with_values(lines, Drawings(list(rules), **drawn), MEASURE)]


def bulleted(lines: Sequence[Line], shapes: Sequence[Box] = ()) -> list[str]:
    found = with_bullets(lines, Drawings(strokes=list(shapes)), MEASURE)
    return [item.text for item in found if isinstance(item, Line)]


class TestValues:
    def test_a_label_above_a_frame_is_joined_to_its_value(self) -> None:
        lines = [line("Name", 12, 0), line("Ann Miller", 14, 18), line("Below", 12, 60)]
        assert values(lines, frame(10, 14, 200, 34)) == [("Name Ann Miller", True), ("Below", False)]

    def test_a_label_left_of_a_frame_stays_apart(self) -> None:
        lines = [line("Name", 0, 18), line("Ann Miller", 54, 18)]
        assert values(lines, frame(50, 14, 200, 34)) == [("Name", False), ("Ann Miller", True)]

    def test_rows_of_one_value_are_joined(self) -> None:
        lines = [line("Mill Lane 4", 54, 18), line("Brundle", 54, 31)]
        assert values(lines, frame(50, 14, 200, 46)) == [("Mill Lane 4 Brundle", True)]

    def test_a_value_on_a_pale_ground(self) -> None:
        lines = [line("Name", 0, 18), line("Ann Miller", 54, 18)]
        ground = (50.0, 14.0, 200.0, 34.0)
        assert values(lines, panels=[ground])[1] == ("Ann Miller", True)
        assert values(lines, panels=[ground], bars=[ground])[1] == ("Ann Miller", False)

    def test_a_label_over_several_frames_is_parted(self) -> None:
        rules = [*frame(10, 14, 90, 34), *frame(110, 14, 200, 34)]
        label = worded("First name          Last name", 12, 0)
        lines = [label, line("Ann", 14, 18), line("Miller", 114, 18)]
        assert values(lines, rules) == [("First name Ann", True), ("Last name Miller", True)]

    @pytest.mark.parametrize(
        "inside",
        [
            pytest.param([line("Heading", 14, 18, bold=True)], id="bold"),
            pytest.param([line("Heading", 14, 16, size=14)], id="large"),
            pytest.param([line("a", 14, 18), line("b", 100, 18)], id="cells beside each other"),
            pytest.param([line("row", 14, 18 + 3 * k) for k in range(5)], id="many rows"),
        ],
    )
    def test_what_else_stands_in_frames(self, inside: list[Line]) -> None:
        assert not any(boxed for _, boxed in values(inside, frame(10, 14, 200, 34)))

    def test_a_high_frame_and_a_table_hold_no_values(self) -> None:
        assert values([line("text", 14, 18)], frame(10, 14, 200, 134)) == [("text", False)]
        assert values([line("cell", 14, 18)], grid((10, 100, 200), (14, 34, 54))) == [("cell", False)]


class TestLooseMarkers:
    def test_markers_printed_apart(self) -> None:
        lines = [line("•", 0, 0), line("shoes", 20, 0), line("•", 0, 15), line("maps", 20, 15)]
        assert bulleted(lines) == ["• shoes", "• maps"]
        assert bulleted([line("(a)", 0, 0), line("shoes", 20, 0)]) == ["(a) shoes"]
        assert bulleted([line(".2", 0, 0), line("shoes", 20, 0)]) == ["2. shoes"]

    def test_all_markers_may_come_before_all_texts(self) -> None:
        lines = [*(line("•", 0, 15 * k) for k in range(2)), line("shoes", 20), line("maps", 20, 15)]
        assert bulleted(lines) == ["• shoes", "• maps"]

    def test_a_bullet_far_from_the_only_text_of_its_row(self) -> None:
        assert bulleted([line("•", 0, 0), line("shoes", 200, 0)]) == ["• shoes"]
        assert bulleted([line("•", 0, 0), line("shoes", 200, 0), line("maps", 300, 0)]) == ["•", "shoes", "maps"]

    def test_drawn_bullets_stand_in_line(self) -> None:
        shapes = [(2.0, y + 3, 6.0, y + 7) for y in (0.0, 15.0)]
        lines = [line("shoes", 15, 0), line("maps", 15, 15), line("other", 200, 40)]
        assert bulleted(lines, shapes) == ["• shoes", "• maps", "other"]
        assert bulleted(lines, shapes[:1]) == ["shoes", "maps", "other"]
        assert bulleted([line("- shoes", 15, 0), line("- maps", 15, 15)], shapes) == ["- shoes", "- maps"]

    def test_shapes_of_other_sizes_are_none(self) -> None:
        lines = [line("shoes", 25, 0), line("maps", 25, 15)]
        assert bulleted(lines, [(0.0, y, 20.0, y + 10) for y in (0.0, 15.0)]) == ["shoes", "maps"]
        assert bulleted(lines, [(5.0, y + 4, 6.0, y + 5) for y in (0.0, 15.0)]) == ["shoes", "maps"]

    def test_numbers_in_balls(self) -> None:
        lines = [line("1 Begin here", 2, 0), line("2 Go on", 2, 15), line("3 pieces", 200, 30)]
        shapes = [(0.0, y, 10.0, y + 10) for y in (0.0, 15.0)]
        assert bulleted(lines, shapes) == ["1. Begin here", "2. Go on", "3 pieces"]

    def test_bare_numbers_count_from_one(self) -> None:
        lines = [item for k in range(3) for item in (line(str(k + 1), 0, 15 * k), line(f"step {k}", 20, 15 * k))]
        assert bulleted(lines) == ["1. step 0", "2. step 1", "3. step 2"]
        assert bulleted(lines[:4]) == ["1", "step 0", "2", "step 1"]

    def test_parts_stay_where_they_are(self) -> None:
        image = Part("image", (0, 0, 10, 10), "a.png")
        first, second = with_bullets([line("•", 0, 20), image, line("shoes", 20, 20)], Drawings(), MEASURE)
        assert isinstance(second, Line)
        assert (first, second.text) == (image, "• shoes")


def marker(text: str) -> Marker:
    found = marker_of(text)
    assert found is not None
    return found


class TestLists:
    def test_markers(self) -> None:
        assert marker("• x").kind == "•"
        assert marker("☐ x").length == 0
        assert marker("- x").shown == "-"
        assert marker_of("-x") is None
        assert (marker("12. x").shown, marker("3) x").shown, marker("4、x").shown) == ("12.", "3)", "4.")
        assert marker_of("1.5 x") is None
        assert (marker("(2) x").length, marker("a) x").number) == (0, 1)
        assert marker_of("(2. x") is None
        assert marker("[12] x").number == 12
        assert (marker("iv) x").number, marker("(ix) x").number) == (4, 9)
        assert (marker("2 x").number, marker("2 x").shown) == (2, "2.")

    def test_numbers_need_a_sibling(self) -> None:
        lines = typed("1. one\n2. two\n1984. a year\n7. alone\n- lonely")
        assert sorted(markers(lines)) == [0, 1]
        assert sorted(markers([line("- one"), line("- two", y=15), line("- far", x=300)])) == [0, 1]

    def test_references_and_romans(self) -> None:
        assert sorted(markers(typed("[1] Smith\n[2] Miller\n[7] alone"))) == [0, 1]
        assert [marker.number for marker in markers(typed("(i) one\n(ii) two\n(iii) three")).values()] == [1, 2, 3]

    def test_bare_numbers_count_to_three(self) -> None:
        assert sorted(markers(typed("1 one\n2 two\n3 three\n4 four\n6 six"))) == [0, 1, 2, 3]
        assert markers(typed("1 one\n2 two")) == {}
        assert markers(typed("2 two\n3 three\n4 four")) == {}
