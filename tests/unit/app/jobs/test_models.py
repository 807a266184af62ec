"""A job and its record in the store."""

from dataclasses import replace

from app.jobs.models import Job, Status, iso


def test_a_record_survives_the_store() -> None:
    job = Job(
        id="a" * 32,
        status=Status.QUEUED,
        engine="pp_ocr",
        pdf_url="http://a.test/",
        options={"a": [1]},
        metadata=None,
        page_ranges="1-",
    )
    assert Job.from_fields(job.to_fields() | {"created_at": "1.5"}, 2.0) == replace(
        job, created_at=1.5, read_at=2.0, fetch_from="a.test"
    )
    assert iso(0) == "1970-01-01T00:00:00.000000Z"
