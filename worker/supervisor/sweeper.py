"""The sweeper: removes what has expired, and what nothing points to any more. Every worker has one; they may meet."""

import asyncio
import logging
import time

from app.jobs.queue import Jobs
from app.jobs.secrets import forget
from app.redis.client import StoreDown
from app.storage.blobs import BlobStore
from app.storage.quota import Quota

log = logging.getLogger(__name__)

EVERY = 60.0  # seconds
COUNTING = 20
"""A DATA_DIR that is long to count is swept less often: the pause is so many times the count."""
ORPHANS_EVERY = 10  # sweeps
AT_A_TIME = 100


class Sweeper:
    """Removes jobs when their time has come, and orphans: blobs that were not touched for `orphan_age` seconds and
    belong to no job that the store knows. Then it counts what is left.
    """

    def __init__(self, jobs: Jobs, blobs: BlobStore, quota: Quota, orphan_age: float) -> None:
        self._jobs = jobs
        self._blobs = blobs
        self._quota = quota
        self._orphan_age = orphan_age

    async def run(self) -> None:
        sweeps, pause = 0, EVERY
        while True:
            try:
                await self.sweep()
                await self.sweep_secrets()
                if sweeps % ORPHANS_EVERY == 0:
                    await self.sweep_orphans()
                sweeps += 1
                began = time.monotonic()
                await self._quota.measure()
                pause = max(EVERY, COUNTING * (time.monotonic() - began))
            except StoreDown as error:
                log.warning("sweep skipped, Redis is unavailable: %s", error)
            except OSError as error:
                log.error("sweep skipped, blob storage (DATA_DIR) is unavailable: %s", error)
            await asyncio.sleep(pause)

    async def sweep(self) -> int:
        """Removes all jobs whose time has come; how many."""
        removed = 0
        while expired := await self._jobs.expired(AT_A_TIME):
            for job_id in expired:
                if await self._jobs.expire(job_id):
                    await asyncio.to_thread(self._blobs.job(job_id).delete)
                    removed += 1
                # Else it was opened again, and is entered anew when it ends.
                await self._jobs.forget_expired(job_id)
        if removed:
            log.info("removed %d expired jobs", removed)
        return removed

    async def sweep_secrets(self) -> None:
        """Forgets headers and passwords of ended jobs, where whoever ended them did not come to it."""
        while ended := await self._jobs.ended_with_secrets(AT_A_TIME):
            for job_id in ended:
                await asyncio.to_thread(forget, self._blobs.job(job_id))
            await self._jobs.secrets_forgotten(ended)

    async def sweep_orphans(self) -> int:
        """Removes the blobs of unknown jobs; how many."""
        await asyncio.to_thread(self._blobs.finish_removals)
        removed = 0
        for job_id in await asyncio.to_thread(self._blobs.untouched, self._orphan_age):
            job = await self._jobs.get(job_id)
            if job is None or job.expired:
                await asyncio.to_thread(self._blobs.job(job_id).delete)
                removed += 1
        if removed:
            log.warning("removed %d folders of blobs that belong to no job", removed)
        return removed
