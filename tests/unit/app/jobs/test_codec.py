"""The records of jobs and the entries of the stream can be read, and so can those of earlier builds."""

from dataclasses import replace

import pytest

from app.jobs.codec import decode_event, decode_job, decode_slice, encode_job, read_job
from app.jobs.models import Job, PageDone, Status, StatusChanged

JOB = Job(
    id="a" * 32,
    status=Status.QUEUED,
    engine="pp_ocr",
    pdf_url="http://a.test/",
    options={"a": [1]},
    metadata=None,
    page_ranges="1-",
    has_secrets=True,
    request_id="of a client",
)


def test_a_record_survives_the_store() -> None:
    record = encode_job(JOB) | {"created_at": "1.5"}
    assert decode_job(record, 2.0) == replace(JOB, created_at=1.5, read_at=2.0, fetch_from="a.test")


def test_a_record_of_an_earlier_build_is_read() -> None:
    """With the names it had from the beginning, and without what came later."""
    record = {
        "schema": "1", "id": "b" * 32, "status": "failed", "engine": "pp_ocr", "created_at": "1796045808.290768",
        "confided": "1", "pages_done": "3", "pages_total": "4", "slice_pages": "32", "slices": "1", "slices_open": "0",
        "pages_since": "1796045809.5", "pages_from": "1", "page_seconds": "0.30000000000000004", "page_errors": "1",
        "attempts": "2", "started_at": "1796045809", "finished_at": "1796045810", "expires_at": "1796305010",
        "error_code": "internal", "error_message": "Oh.", "metadata": '{"n": 1}', "written by a later build": "?",
    }  # fmt: skip
    assert decode_job(record, 5.0) == Job(
        id="b" * 32,
        status=Status.FAILED,
        engine="pp_ocr",
        created_at=1796045808.290768,
        metadata={"n": 1},
        has_secrets=True,
        pages_done=3,
        pages_total=4,
        pages_since=1796045809.5,
        pages_from=1,
        page_errors=1,
        slice_pages=32,
        attempts=2,
        started_at=1796045809,
        finished_at=1796045810,
        expires_at=1796305010,
        error={"code": "internal", "message": "Oh."},
        read_at=5.0,
    )


@pytest.mark.parametrize(
    "damage",
    [{"status": "lost"}, {"options": "{"}, {"pages_done": "many"}, {"created_at": ""}, {"error_code": "internal"}],
)
def test_a_damaged_record_is_no_job(damage: dict[str, str]) -> None:
    record = encode_job(JOB) | {"created_at": "1.5"}
    assert read_job(record, 2.0) is not None
    assert read_job(record | damage, 2.0) is None


@pytest.mark.parametrize("record", [None, {}, [], "", RuntimeError("WRONGTYPE")])
def test_where_there_is_no_record_there_is_no_job(record: object) -> None:
    assert read_job(record, 2.0) is None


def test_a_slice() -> None:
    held = decode_slice(f"{JOB.id}-7", {"fence": 3, "execution": "e", "schema": "1", "attempts": "2"}, JOB)
    assert (held.number, held.schema, held.fence, held.attempts, held.crashes) == (7, 1, 3, 2, 0)
    with pytest.raises(KeyError):
        decode_slice("a-0", {"execution": "e"}, JOB)


def test_events() -> None:
    assert decode_event("1-0", {"job": "a", "type": "status", "status": "running"}) == StatusChanged(
        "1-0", "a", Status.RUNNING
    )
    page = {"job": "a", "type": "page", "page": "2", "error": "", "done": "1", "total": "3"}
    assert decode_event("1-1", page) == PageDone("1-1", "a", 2, None, 1, 3)
    assert decode_event("1-1", page | {"error": "page_failed"}) == PageDone("1-1", "a", 2, "page_failed", 1, 3)


@pytest.mark.parametrize(
    "fields", [{}, {"job": "a", "type": "of a later build"}, {"job": "a", "type": "status", "status": "paused"}]
)
def test_an_event_that_is_not_known_is_passed_over(fields: dict[str, str]) -> None:
    assert decode_event("1-0", fields) is None
