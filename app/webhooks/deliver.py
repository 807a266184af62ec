"""Delivers callbacks: many at a time, each with retries, none in the way of a document."""

import asyncio
import json
import logging
import random
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator

from app.addresses import redact
from app.blobs import BlobStore
from app.errors import FetchError, InvalidRequest
from app.jobs.queue import Jobs
from app.jobs.record import Job
from app.outbound import Outbound
from app.results import outcome_head, outcome_json, result_size
from app.settings import Settings
from app.store import Down
from app.webhooks.outbox import Delivery, Outbox

log = logging.getLogger(__name__)

AT_A_TIME = 64
PER_HOST = 8  # a slow receiver holds no more than these
POLL = 1  # seconds between looks for those whose time has come; new ones ring a bell
DELAYS = (5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000)
"""Seconds before each further try (Standard Webhooks' example schedule): done within RESULT_TTL's 72 hours."""


class Sender:
    """Empties the outbox."""

    def __init__(self, outbox: Outbox, jobs: Jobs, blobs: BlobStore, outbound: Outbound, settings: Settings) -> None:
        self._outbox = outbox
        self._jobs = jobs
        self._blobs = blobs
        self._outbound = outbound
        self._inline_max = settings.webhook_inline_max
        self._link = settings.link
        self._timeout = settings.webhook_timeout
        self._running: set[asyncio.Task[None]] = set()
        self._hosts: Counter[str] = Counter()

    async def run(self) -> None:
        while True:
            try:
                taken = await self._outbox.take(AT_A_TIME - len(self._running))
                for delivery in taken:
                    task = asyncio.create_task(self._handle(delivery))
                    self._running.add(task)
                    task.add_done_callback(self._running.discard)
                if not taken:
                    await self._outbox.wait(POLL)
            except Down as error:
                log.warning("the store is away: %s", error)
                await asyncio.sleep(POLL)

    async def _handle(self, delivery: Delivery) -> None:
        try:
            host = delivery.url.split("/")[2]
            if self._hosts[host] >= PER_HOST:
                # Its turn comes when another delivery to the host has ended; this is no attempt.
                await self._outbox.defer(delivery, POLL)
                return
            self._hosts[host] += 1
            try:
                await self._deliver(delivery)
            finally:
                self._hosts[host] -= 1
        except Down as error:  # its lease runs out and it is taken again
            log.warning("callback of %s: the store is away: %s", delivery.job, error)
        except Exception:
            log.exception("callback of %s", delivery.job)

    async def _deliver(self, delivery: Delivery) -> None:
        job = await self._jobs.get(delivery.job)
        if job is None or job.expired:
            await self._outbox.give_up(delivery, "the job has expired")
            return
        headers = {
            "Content-Type": "application/json",
            "webhook-id": delivery.job,
            "webhook-timestamp": str(int(time.time())),
        }
        wait: float | None = None
        try:
            reply = await self._outbound.post(delivery.url, self._body(job), headers, timeout=self._timeout)
            if 200 <= reply.status < 300:
                log.info("callback of %s delivered to %s", job.id, redact(delivery.url))
                await self._outbox.delivered(delivery, reply.status)
                return
            reason = f"the receiver answered {reply.status}"
            wait = retry_after(reply.headers.get("retry-after"))
            final = reply.status == 410
        except (FetchError, InvalidRequest) as error:
            reason, final = error.message, error.code == "fetch_refused"
        if final or delivery.attempts >= len(DELAYS):
            log.warning("callback of %s to %s given up: %s", job.id, redact(delivery.url), reason)
            await self._outbox.give_up(delivery, reason)
            return
        pause = max(DELAYS[delivery.attempts] * random.uniform(0.8, 1.2), wait or 0)
        log.warning("callback of %s to %s: %s; next try in %.0f s", job.id, redact(delivery.url), reason, pause)
        await self._outbox.postpone(delivery, pause, reason)

    async def _body(self, job: Job) -> AsyncIterator[bytes]:
        """`{job_id, status, result}` or `{job_id, status, error}`, read from the blobs as it is sent."""
        chunks = self._chunks(job)
        while (chunk := await asyncio.to_thread(next, chunks, None)) is not None:
            yield chunk

    def _chunks(self, job: Job) -> Iterator[bytes]:
        folder = self._blobs.job(job.id)
        if job.error is None and (size := result_size(folder)) > self._inline_max:
            note = f"The result has {size} bytes, more than WEBHOOK_INLINE_MAX: fetch it from result_url."
            link = {"result": None, "result_url": self._link(f"/jobs/{job.id}/result"), "note": note}
            yield json.dumps(outcome_head(job) | link).encode()
        else:
            yield from outcome_json(job, folder)


def retry_after(value: str | None) -> float | None:
    """Seconds that a receiver asks for, an hour at most."""
    return min(float(value), 3600.0) if value is not None and value.isdigit() else None
