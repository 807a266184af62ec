"""What clients see of a job."""

import pytest

from app.api.schemas.jobs import Job as JobState
from app.api.schemas.jobs import PageDone as PageState
from app.api.views import eta, iso, job_view, page_view, percent
from app.jobs.models import Job, PageDone, Status


def running(**fields: object) -> Job:
    given = {"created_at": 0.5, "started_at": 10, "pages_since": 20.0, "pages_total": 10, "read_at": 60.0} | fields
    return Job("a" * 32, Status.RUNNING, "pp_ocr", **given)  # type: ignore[arg-type]


def test_times_are_utc_with_microseconds() -> None:
    assert iso(0) == "1970-01-01T00:00:00.000000Z"
    assert iso(1_796_045_808.290768) == "2026-11-30T13:36:48.290768Z"


def test_the_pace_counts_the_pages_of_this_run_only() -> None:
    job = running(pages_done=6, pages_from=2)
    assert percent(job) == 60
    assert eta(job) == 60 + 40 / 4 * 4


@pytest.mark.parametrize(
    "job",
    [
        running(),
        running(pages_done=2, pages_from=2),
        running(pages_done=2, pages_total=None),
        Job("a" * 32, Status.FINISHED, "pp_ocr", pages_done=2, pages_total=2, pages_since=1.0, read_at=3.0),
    ],
    ids=["no page", "no page of this run", "not counted", "ended"],
)
def test_without_a_pace_there_is_no_estimate(job: Job) -> None:
    assert eta(job) is None
    assert job_view(job)["eta"] is None


def test_a_view_is_as_its_schema_says() -> None:
    failed = Job(
        "a" * 32,
        Status.FAILED,
        "pp_ocr",
        metadata={"n": 1},
        error={"code": "internal", "message": "Oh."},
        expires_at=9.0,
    )
    assert set(JobState.model_fields) == set(job_view(failed, note="It waits."))
    for view in (job_view(failed), job_view(running()), job_view(running(), note="It waits.")):
        JobState.model_validate(view)
    assert "note" not in job_view(failed)
    assert "error" not in job_view(running())
    page = page_view(PageDone("1-0", "a" * 32, 3, None, 1, 2))
    assert set(PageState.model_fields) == set(page)
    PageState.model_validate(page)
