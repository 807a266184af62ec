"""What a raster tells beside its text: rules, heavy type, and where words stand."""

import cv2
import numpy as np
import pytest

from support.pp_ocr.lines import line
from worker.engines.pp_ocr.model.boxes import Box, sides
from worker.engines.pp_ocr.model.frame import Raster
from worker.engines.pp_ocr.model.lines import Line
from worker.engines.pp_ocr.model.rules import Rule
from worker.engines.pp_ocr.raster.strokes import ink_of, mark_heavy, ruled, with_panels
from worker.engines.pp_ocr.raster.words import find_words


def paper(height: int = 400, width: int = 600, tone: int = 255) -> Raster:
    return np.full((height, width, 3), tone, np.uint8)


def near(rule: Rule, level: bool, at: float, start: float, end: float) -> bool:
    return rule.level is level and all(abs(a - b) < 4 for a, b in ((rule.at, at), (rule.start, start), (rule.end, end)))


def written(raster: Raster, text: str, x: int, y: int, thickness: int) -> Line:
    cv2.putText(raster, text, (x, y), cv2.FONT_HERSHEY_SIMPLEX, 0.8, (0, 0, 0), thickness, cv2.LINE_AA)
    (width, _), _ = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, 0.8, thickness)
    return line(text, x, y - 20, width, size=26)


class TestRuled:
    @staticmethod
    def rules(raster: Raster, texts: list[Box] = []) -> list[Rule]:  # noqa: B006
        return ruled(ink_of(raster), texts)

    def test_a_frame(self) -> None:
        raster = paper()
        cv2.rectangle(raster, (50, 60), (500, 300), (0, 0, 0), 2)
        top, bottom, *sides = sorted(self.rules(raster), key=lambda rule: (not rule.level, rule.at))
        assert near(top, True, 60, 50, 500)
        assert near(bottom, True, 300, 50, 500)
        assert [rule.level for rule in sides] == [False, False]

    def test_on_grey_paper_that_falls_by_a_pixel(self) -> None:
        raster = paper(tone=190)
        raster[100, 50:300] = raster[101, 300:550] = 90
        [rule] = self.rules(raster)
        assert near(rule, True, 100, 50, 550)

    def test_a_gap_of_some_pixels_is_noise(self) -> None:
        raster = paper()
        raster[100, 50:550] = 0
        raster[100, 300:303] = 255
        [rule] = self.rules(raster)
        assert near(rule, True, 100, 50, 550)
        assert rule.seams == ()

    def test_thick_and_short_strokes_are_none(self) -> None:
        raster = paper()
        raster[100:130, 50:500] = 0
        raster[200:203, 50:80] = 0
        assert self.rules(raster) == []

    def test_strokes_of_large_letters_are_none(self) -> None:
        raster = paper()
        raster[100:160, 200:204] = 0
        assert len(self.rules(raster)) == 1
        assert self.rules(raster, [(150.0, 98.0, 400.0, 162.0)]) == []
        assert len(self.rules(raster, [(150.0, 98.0, 400.0, 122.0)])) == 1

    def test_an_empty_page(self) -> None:
        assert self.rules(paper()) == []


class TestHeavyType:
    def test_bold_among_plain(self) -> None:
        raster = paper()
        lines = [written(raster, f"Water level by year {k}", 40, 60 + 50 * k, 1) for k in range(3)]
        lines.append(written(raster, "Station and gauge", 40, 260, 3))
        mark_heavy(lines, raster, ink_of(raster))
        assert [line.bold for line in lines] == [False, False, False, True]

    def test_short_lines_and_no_lines(self) -> None:
        raster = paper()
        lines = [written(raster, "Water level by year", 40, 60, 1), written(raster, "MM", 40, 160, 4)]
        mark_heavy(lines, raster, ink_of(raster))
        assert not lines[1].bold
        mark_heavy([], raster, ink_of(raster))
        blank = [line("nothing there", 40, 300)]
        mark_heavy(blank, paper(), ink_of(paper()))
        assert not blank[0].bold


class TestWords:
    @staticmethod
    def blocks(*stretches: tuple[int, int]) -> Raster:
        """Stretches of ink, 20 pixels high, at y = 50."""
        raster = paper(120, 700)
        for start, end in stretches:
            raster[50:70, start:end] = 0
        return raster

    @staticmethod
    def found(text: str, raster: Raster, x0: float, x1: float) -> list[tuple[str, float, float]]:
        row = Line(text, (x0, 48, x1, 72), 24)
        find_words([row], ink_of(raster))
        return [(word.text, round(word.box[0]), round(word.box[2])) for word in row.words]

    def test_the_widest_white_is_where_the_spaces_are(self) -> None:
        raster = self.blocks((50, 70), (73, 100), (110, 140), (143, 170), (200, 220))
        assert self.found("Upper Ashford 25", raster, 48, 222) == [
            ("Upper", 50, 100),
            ("Ashford", 110, 170),
            ("25", 200, 220),
        ]

    def test_boxes_lose_the_white_at_their_ends(self) -> None:
        row = Line("Ashford", (46, 48, 106, 72), 24)
        find_words([row], ink_of(self.blocks((50, 100))))
        assert (row.box[0], row.box[2]) == (50, 100)
        row = Line("Ashford", (10, 48, 106, 72), 24)
        find_words([row], ink_of(self.blocks((50, 100))))
        assert row.box[0] < 20  # no more than detection adds

    def test_chinese_cells_are_parted_by_wide_white(self) -> None:
        raster = self.blocks((50, 98), (150, 198), (250, 274))
        assert self.found("水文水文25", raster, 50, 274) == [
            ("水文", 50, 98),
            ("水文", 150, 198),
            ("25", 250, 274),
        ]

    def test_one_word_and_white_that_is_not_there(self) -> None:
        assert self.found("Ashford", self.blocks((50, 100)), 50, 100) == []
        assert self.found("Upper Ashford", self.blocks((50, 100)), 50, 100) == []


def test_light_text_on_a_dark_panel_counts_like_dark_text() -> None:
    raster = paper()
    dark = written(raster, "plain text", 50, 100, 1)
    raster[200:300] = 40
    cv2.putText(raster, "plain text", (50, 250), cv2.FONT_HERSHEY_SIMPLEX, 0.8, (255, 255, 255), 1, cv2.LINE_AA)
    light = line("plain text", 50, 230, sides(dark.box)[0], size=26)
    printed = with_panels(raster, [dark.box, light.box])
    assert printed[210, 10].tolist() == [40, 40, 40]
    assert printed[232, 60].tolist() == [215, 215, 215]
    find_words([dark, light], ink_of(printed))
    assert [word.text for word in light.words] == ["plain", "text"]
    assert light.words[1].box[0] == pytest.approx(dark.words[1].box[0], abs=2)
    assert with_panels(raster, [dark.box]) is raster
