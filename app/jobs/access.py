"""How jobs are found: by their ids, and only by whose they are."""

import re

from app.errors import Gone, NotFound
from app.jobs.events import EventReader
from app.jobs.models import Job
from app.jobs.principal import Principal
from app.jobs.queue import Jobs

JOB_ID = re.compile(r"[0-9a-f]{32}")

EXPIRED = "The job and its result have expired or were deleted; RESULT_TTL sets how long they are kept."


class JobAccess:
    """The jobs of a principal; those of others look as if they did not exist."""

    def __init__(self, jobs: Jobs, events: EventReader) -> None:
        self._jobs = jobs
        self._events = events

    async def find(self, job_id: str, principal: Principal) -> Job:
        """The job. Raises NotFound, Gone."""
        found = await self._jobs.get(job_id) if JOB_ID.fullmatch(job_id) else None
        return _checked(found, principal)

    async def find_ended(self, job_id: str, principal: Principal, seconds: float) -> Job:
        """The job, as soon as it has ended or `seconds` have passed. Raises NotFound, Gone."""
        return await self._events.wait_until_ended(job_id, lambda: self.find(job_id, principal), seconds)


def _checked(found: Job | None, principal: Principal) -> Job:
    if found is None or found.client != principal.client:
        raise NotFound("There is no such job.")
    if found.expired:
        raise Gone(EXPIRED)
    return found
