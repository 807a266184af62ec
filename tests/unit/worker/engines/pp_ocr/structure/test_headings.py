"""Headings that are told by their words, and what stands around a title."""

from typing import Any

import pytest

from support.pp_ocr.lines import line
from worker.engines.pp_ocr.model.lines import Line, Measure
from worker.engines.pp_ocr.model.parts import Part
from worker.engines.pp_ocr.structure.blocks import build
from worker.engines.pp_ocr.structure.headings import is_heading, level_of

MEASURE = Measure(10.0, 1.3, 1.15, "Body-Regular")
TEXT = "The river ran on to the sea, past towns that had never seen such water."


def labels(*items: Line | Part, first_page: bool = True) -> list[tuple[str, str]]:
    return [(part.label, part.content) for part in build(items, MEASURE, 1000, first_page=first_page)]


def body(y: float) -> Line:
    return line(TEXT, y=y, width=300, face="Body-Regular")


@pytest.mark.parametrize(
    ("text", "heading"),
    [
        ("42%", False),
        ("€ 1,250.50", False),
        ("18 °C", False),
        ("-3.5 kW", False),
        ("120 m²", False),
        ("2024 Report", True),
        ("3 Mills", True),
        ("Q3", True),
    ],
)
def test_a_quantity_in_large_type_is_none(text: str, heading: bool) -> None:
    assert is_heading(line(text, size=24), MEASURE) is heading


@pytest.mark.parametrize("text", ["“Never again.”", '"Never again."', "« Jamais. »", "「再见。」", "Never again."])
def test_a_sentence_that_ends_in_quotes_is_none(text: str) -> None:
    assert not is_heading(line(text, bold=True), MEASURE)


@pytest.mark.parametrize(
    ("text", "heading"),
    [
        ("Article 5", True),
        ("Artigo 5.º", True),
        ("ARTICLE IV – Water", True),
        ("Appendix B", True),
        ("Article about water", False),
        ("Section heads", False),
    ],
)
def test_articles_and_chapters_have_numbers(text: str, heading: bool) -> None:
    assert is_heading(line(text, face="Other"), MEASURE) is heading
    assert (level_of(line(text), MEASURE) == 2) is heading


def test_the_title_of_a_chapter_below_its_number() -> None:
    number, title = line("Chapter Three", size=18, bold=True), line("The Mill", y=40, size=20, bold=True)
    assert labels(number, title, body(80))[0] == ("doc_title", "Chapter Three The Mill")
    section = line("1 Wheels", y=40, size=20, bold=True)
    assert [content for _, content in labels(number, section, body(80))][:2] == ["Chapter Three", "1 Wheels"]
    smaller = line("The Mill", y=40, size=12, face="Body-Regular")
    assert labels(number, smaller, body(80))[:2] == [("doc_title", "Chapter Three"), ("paragraph_title", "The Mill")]


class TestTitles:
    def test_the_largest_heading_is_it_though_another_is_first(self) -> None:
        kicker, title = line("Annual report", size=12, bold=True), line("The Mill", y=30, size=24, bold=True)
        assert [label for label, _ in labels(kicker, title, body(80))] == ["paragraph_title", "doc_title", "text"]

    def test_the_first_section_is_none(self) -> None:
        author, section = line("Ann Miller", size=12), line("1 Wheels", y=30, size=24, bold=True)
        assert [label for label, _ in labels(author, section, body(80))][1] == "paragraph_title"

    def test_of_two_in_the_same_type_the_first_is_it_or_none(self) -> None:
        first, second = (line(text, y=y, size=20, bold=True) for text, y in (("Wheels", 0), ("Stones", 60)))
        assert [label for label, _ in labels(first, body(30), second, body(90))] == [
            "doc_title", "text", "paragraph_title", "text",
        ]  # fmt: skip
        kicker = line("The Mill", y=-40, size=12, bold=True)
        assert "doc_title" not in {label for label, _ in labels(kicker, first, body(30), second, body(90))}

    def test_only_the_first_page_has_one(self) -> None:
        title = line("The Mill", size=24, bold=True)
        assert labels(title, body(60), first_page=False)[0][0] == "paragraph_title"


class TestKickers:
    TITLE = line("The Mill", y=40, size=24, bold=True)

    def above(self, text: str, size: float) -> str:
        """How a bold line above the title is taken."""
        return labels(line(text, size=size, bold=True), self.TITLE, body(80))[0][0]

    def test_type_no_larger_than_the_body(self) -> None:
        assert self.above("Regional Water Board", 10) == "text"

    def test_larger_type_and_sections(self) -> None:
        assert self.above("Regional Water Board", 14) == "paragraph_title"
        assert self.above("1 Wheels", 10) == "paragraph_title"


class TestBylines:
    TITLE = line("The Mill", size=24, bold=True, face="Body-Bold")
    SECTION = line("1 Wheels", y=90, size=14, bold=True, face="Body-Bold")

    def after(self, text: str, **more: Any) -> str:
        """How a line in larger type right below the title is taken."""
        below = line(text, y=40, size=12, **{"face": "Body-Regular", **more})
        return labels(self.TITLE, below, self.SECTION, body(120))[1][0]

    @pytest.mark.parametrize("text", ["Ann Miller", "J. Smith", "12 May 2024", "May 2024"])
    def test_authors_and_dates(self, text: str) -> None:
        assert self.after(text) == "text"
        assert self.after(text, face="Script") == "text"

    def test_bold_type_and_the_first_section(self) -> None:
        assert self.after("Wheels", bold=True, face="Body-Bold") == "paragraph_title"
        assert self.after("1 Wheels") == "paragraph_title"
        assert self.after("Contents") == "paragraph_title"

    def test_below_a_line_in_the_margin(self) -> None:
        margin = Part("text", (0, 30, 100, 38), "Brundle, 2024")
        author = line("Ann Miller", y=40, size=12, face="Body-Regular")
        assert labels(self.TITLE, margin, author, self.SECTION, body(120))[2] == ("text", "Ann Miller")

    def test_headings_in_the_same_type_as_later_ones(self) -> None:
        """They stand below the title because the text begins with one."""
        first, second = (line(text, y=y, size=12, face="Body-Regular") for text, y in (("Wheels", 40), ("Stones", 90)))
        found = labels(self.TITLE, first, body(60), second, body(120))
        assert [label for label, _ in found if label != "text"] == ["doc_title", "paragraph_title", "paragraph_title"]

    def test_a_title_in_plain_type_of_another_family(self) -> None:
        title = line("The Mill", size=24, face="Display")
        below = line("Wheels", y=40, size=16, face="Display")
        assert labels(title, below, body(80))[1][0] == "paragraph_title"
        author = line("Ann Miller", y=40, size=12, face="Body-Italic")
        assert labels(title, author, body(80))[1][0] == "text"


def test_on_a_scan_a_heavy_line_in_mid_sentence_is_none() -> None:
    assert not is_heading(line("water use be circulated again", bold=True), MEASURE)
    assert is_heading(line("Water use", bold=True), MEASURE)


def test_type_that_much_text_is_set_in_makes_no_heading() -> None:
    large = [line(TEXT, y=20 * k, width=300, size=12, face="Body-Regular") for k in range(5)]
    small = [line(TEXT, y=200 + 14 * k, width=300, size=10, face="Body-Regular") for k in range(9)]
    measure = Measure.of([*large, *small], 1.15)
    assert measure.body == 10
    assert not is_heading(large[0], measure)
    assert is_heading(line("The river", size=14, face="Body-Regular"), measure)
