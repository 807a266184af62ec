"""A job and its transitions, as the tests make them: by hand, without a worker."""

from typing import Any

from app.jobs.models import Job, Slice, Status
from app.jobs.queue import Jobs

WORKER = "here-0"


def new_job(number: int = 1, **fields: Any) -> Job:
    return Job(id=f"{number:032x}", status=Status.QUEUED, engine="pp_ocr", **fields)


async def submit(jobs: Jobs, job: Job) -> str:
    outcome, job_id, status = await jobs.submit(job, idempotency=None, fingerprint="f")
    assert (outcome, status) == ("created", Status.QUEUED)
    return job_id


async def claim(jobs: Jobs) -> Slice:
    held = await jobs.claim("pp_ocr", WORKER)
    assert held is not None
    return held


async def prepared(jobs: Jobs, held: Slice, total: int, stored: tuple[int, ...] = ()) -> bool:
    return await jobs.set_page_count(held, total=total, slice_pages=32, stored=list(stored))


async def end(jobs: Jobs, held: Slice, error: dict[str, str] | None = None) -> None:
    assert await jobs.finish(held, error, page_errors=0) == "ended"
