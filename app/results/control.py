"""What ends a job or opens it again after its submission, together with its files."""

import asyncio

from app.errors import Gone, NotNow, QueueFull
from app.jobs.access import EXPIRED
from app.jobs.models import Job, Status
from app.jobs.queue import Jobs
from app.jobs.secrets import forget
from app.results.pages import forget_failed_pages
from app.storage.blobs import BlobStore


class JobControl:
    """Cancels, removes and retries jobs."""

    def __init__(self, jobs: Jobs, blobs: BlobStore) -> None:
        self._jobs = jobs
        self._blobs = blobs

    async def cancel(self, job: Job) -> None:
        """Ends a job that has not ended, and forgets its secrets. One that has just ended by itself stays as it is."""
        if await self._jobs.cancel(job.id):
            await asyncio.to_thread(forget, self._blobs.job(job.id))

    async def remove(self, job: Job) -> None:
        """Removes an ended job with all that is stored of it; a tombstone stays."""
        if await self._jobs.expire(job.id, early=True):
            await asyncio.to_thread(self._blobs.job(job.id).delete)
            await self._jobs.forget_expired(job.id)

    async def retry(self, job: Job) -> None:
        """Queues an ended job again for what failed in it; its good pages stay. Raises NotNow, QueueFull, Gone."""
        folder = self._blobs.job(job.id)
        if job.ended and job.has_secrets and not await asyncio.to_thread(folder.has, folder.source):
            raise NotNow("The headers and the password of this job have been deleted; submit the document again.")
        if job.ended and (job.status is not Status.FINISHED or job.page_errors):
            await asyncio.to_thread(forget_failed_pages, folder)
        outcome = await self._jobs.retry(job.id)
        if outcome == "open":
            raise NotNow("The job has not ended: there is nothing to retry yet.")
        if outcome == "good":
            raise NotNow("Nothing failed in this job: there is nothing to retry.")
        if outcome == "full":
            raise QueueFull
        if outcome == "gone":
            raise Gone(EXPIRED)
