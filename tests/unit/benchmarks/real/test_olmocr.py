"""The kinds of olmOCR-bench's tests."""

from typing import Any

import pytest

from benchmarks.real.olmocr import passes

TABLE = "| Name | Size |\n|---|---|\n| arXiv | 20.8B |\n| Math | 12.2B |"


def holds(markdown: str, kind: str, **test: Any) -> bool:
    return passes({"type": kind, **test}, markdown)


def test_presence_allows_max_diffs_and_ignores_emphasis() -> None:
    assert holds("It is **here**\nand “there”", "present", text='is here and "there"')
    assert not holds("It is hare and there", "present", text="here and there")
    assert holds("It is hare and there", "present", text="here and there", max_diffs=1)
    assert holds("MASTER BATH", "present", text="Master Bath", case_sensitive=False)


def test_absence_may_look_at_one_end_only() -> None:
    page = "Header 199 " + "text " * 20
    assert holds(page, "absent", text="199", last_n=20)
    assert not holds(page, "absent", text="199", first_n=20)
    assert not holds(page, "absent", text="199")


@pytest.mark.parametrize(
    ("before", "after", "diffs", "expected"),
    [
        ("one", "two", 0, True),
        ("two", "one", 0, False),
        ("two", "three", 0, False),
        ("on3", "two", 1, True),
    ],
)
def test_order(before: str, after: str, diffs: int, expected: bool) -> None:
    assert holds("one and then two", "order", before=before, after=after, max_diffs=diffs) is expected


@pytest.mark.parametrize(
    ("test", "expected"),
    [
        ({"cell": "Math", "up": "arXiv"}, True),
        ({"cell": "Math", "down": "arXiv"}, False),
        ({"cell": "12.2B", "left": "Math"}, True),
        ({"cell": "12.2B", "top_heading": "Size", "left_heading": "Math"}, True),
        ({"cell": "12.2B", "top_heading": "Name"}, False),
        ({"cell": "absent"}, False),
    ],
)
def test_tables(test: dict[str, Any], expected: bool) -> None:
    assert holds(TABLE, "table", **test) is expected


def test_a_heading_over_several_columns_is_that_of_each() -> None:
    table = '<table><tr><th colspan="2">Year</th></tr><tr><td>1</td><td>2</td></tr></table>'
    assert holds(table, "table", cell="2", top_heading="Year")


def test_math_and_baseline() -> None:
    assert holds("so $a^2$ is", "math", math="a^2")
    assert not holds("so a^2 is", "math", math="a^2")
    assert holds("![](a.png)", "baseline", max_length=10)
    assert not holds(" - ", "baseline")
