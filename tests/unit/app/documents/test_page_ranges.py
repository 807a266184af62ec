"""Page ranges, as clients write them."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.documents.page_ranges import parse_page_ranges
from app.errors import InvalidRequest


@pytest.mark.parametrize(
    ("text", "spans"),
    [
        ("1", [(1, 1)]),
        ("1-3,5", [(1, 3), (5, 5)]),
        (" 2 - 4 , 7- ", [(2, 4), (7, None)]),
        ("9999999", [(9999999,) * 2]),
    ],
)
def test_page_ranges(text: str, spans: list[tuple[int, int | None]]) -> None:
    assert parse_page_ranges(text) == spans


@given(st.text(max_size=30))
def test_page_ranges_raise_nothing_else(text: str) -> None:
    with contextlib.suppress(InvalidRequest):
        assert all(first >= 1 for first, _ in parse_page_ranges(text))
