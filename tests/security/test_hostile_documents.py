"""Hostile documents through real page processes: each ends with a code or a result, and harms no other."""

from collections.abc import Iterator

import pytest

from support.documents import picture_pdf
from support.hostile.makers import MAKERS
from support.hostile.reading import MEMORY_MB, SLACK_MB, Outcome, Reading

pytestmark = [pytest.mark.slow, pytest.mark.serial, pytest.mark.timeout(3600)]

EXPECTED = {
    "content_bomb_among_pages": "read read",
    "png_with_a_document": "read",
    "page_of_14400": "read",
    "page_of_a_million": "read",
    "page_without_area": "read",
    "hundred_thousand_pages": "too_many_pages",
    "no_pages": "document_empty",
    "no_page_tree": "document_empty",
    "page_tree_that_doubles": "document_empty",
    "page_tree_in_a_circle": "page_failed page_failed",
    "form_in_itself": "read",
    "xref_in_a_circle": "read",
    "no_xref": "document_invalid",
    "xref_start_beyond_the_end": "read",
    "cut_in_the_catalog": "document_invalid",
    "cut_in_a_stream": "document_invalid",
    "cut_in_the_trailer": "read",
    "junk_before": "read",
    "junk_behind": "read",
    "only_a_header": "document_invalid",
    "encrypted_for_users": "document_encrypted",
    "encrypted_for_owners": "read",
    "encrypted_oddly": "document_encrypted",
    "image_of_colours": "read",
    "actions": "read",
    "junk_before_too_long": "not_a_document",
    "nothing": "not_a_document",
    "nulls": "not_a_document",
    "web_page": "not_a_document",
    "zip_archive": "not_a_document",
    "png_that_lies": "page_failed",
    "jpeg_of_65_000": "page_failed",
    "bmp_of_a_million": "page_failed",
    "tiff_of_60_000_frames": "too_many_pages",
}
"""Where it is no question of time or memory."""


@pytest.fixture(scope="module")
def reading(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reading]:
    reading = Reading(tmp_path_factory.mktemp("hostile"), processes=2)
    yield reading
    reading.close()


@pytest.fixture(scope="module")
def good(reading: Reading) -> Outcome:
    """What a good document gives before any hostile one has come."""
    return reading.read_one(picture_pdf())


@pytest.fixture(scope="module")
def outcomes(reading: Reading, good: Outcome) -> dict[str, tuple[Outcome, Outcome]]:
    """All hostile documents, read two at a time; a good one comes after each."""
    return reading.read({name: make() for name, make in MAKERS.items()}, then=picture_pdf())


@pytest.mark.parametrize("name", MAKERS)
def test_a_hostile_document_ends_and_leaves_no_trace(
    name: str, outcomes: dict[str, tuple[Outcome, Outcome]], good: Outcome
) -> None:
    outcome, afterwards = outcomes[name]
    outcome.check()
    assert str(outcome) == EXPECTED.get(name, str(outcome)), outcome.messages
    assert afterwards == good


def test_words_are_read_where_the_owner_alone_has_a_password(outcomes: dict[str, tuple[Outcome, Outcome]]) -> None:
    outcome, _ = outcomes["encrypted_for_owners"]
    assert outcome.markdown == "Words that are under lock"


def test_every_death_of_a_page_process_has_a_code(
    reading: Reading, outcomes: dict[str, tuple[Outcome, Outcome]]
) -> None:
    assert reading.deaths <= sum(outcome.deaths for outcome, _ in outcomes.values())


def test_page_processes_keep_to_their_memory(reading: Reading, outcomes: dict[str, tuple[Outcome, Outcome]]) -> None:
    assert reading.peak_mb < MEMORY_MB + SLACK_MB
