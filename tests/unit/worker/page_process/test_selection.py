"""The pages of a document that a job is about."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import DocumentError
from worker.page_process.selection import select_pages


@given(st.sets(st.integers(1, 60), min_size=1))
def test_selected_pages_are_those_asked_for(numbers: set[int]) -> None:
    assert select_pages(",".join(map(str, numbers)), 60, 60) == sorted(numbers)


def test_selection_is_bounded() -> None:
    assert select_pages(None, 3, 10) == [1, 2, 3]
    assert select_pages("2-100", 3, 10) == [2, 3]
    assert select_pages("2-", 4, 10) == [2, 3, 4]
    assert select_pages("3,1-2,2", 3, 10) == [1, 2, 3]
    for ranges, code in (("4", "page_range_invalid"), (None, "too_many_pages"), ("1-11", "too_many_pages")):
        with pytest.raises(DocumentError) as refusal:
            select_pages(ranges, 3 if code == "page_range_invalid" else 11, 10)
        assert refusal.value.code == code
    with pytest.raises(DocumentError):
        select_pages("1-100000" + ",1-100000" * 900, 100_000, 2000)
