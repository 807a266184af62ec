"""Delivers callbacks with retries, many at a time."""

import asyncio
import logging
import random
from collections import Counter
from collections.abc import AsyncIterator, Iterable

from app.egress.client import EgressClient, Reply
from app.egress.policy import redact
from app.errors import FetchError, InvalidRequest
from app.jobs.models import Job
from app.jobs.queue import Jobs
from app.logging import REQUEST_ID
from app.redis.client import StoreDown
from app.results.rendering import Outcome, outcome_head
from app.settings import Settings
from app.storage.blobs import BlobStore
from app.strict_json import encode
from app.webhooks.outbox import Delivery, Outbox

log = logging.getLogger(__name__)

AT_A_TIME = 64
PER_HOST = 8  # a slow receiver holds no more than these
POLL = 1  # seconds between looks for those whose time has come; new ones ring a bell
DELAYS = (5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000)
"""Seconds before each further try (Standard Webhooks' example schedule): done within RESULT_TTL's 72 hours."""


class Sender:
    """Empties the outbox."""

    def __init__(self, outbox: Outbox, jobs: Jobs, blobs: BlobStore, egress: EgressClient, settings: Settings) -> None:
        self._outbox = outbox
        self._jobs = jobs
        self._blobs = blobs
        self._egress = egress
        self._inline_max = settings.webhook_max_inline_bytes
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
            except StoreDown as error:
                log.warning("Redis is unavailable: %s; retrying", error)
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
        except StoreDown as error:  # its lease runs out and it is taken again
            log.warning("callback of %s: Redis is unavailable: %s; retrying", delivery.job, error)

    async def _deliver(self, delivery: Delivery) -> None:
        job = await self._jobs.get(delivery.job)
        if job is None or job.expired:
            await self._outbox.give_up(delivery, "the job has expired")
            return
        REQUEST_ID.set(job.request_id)
        if not job.ended:  # a retry has just opened it again, and has removed this delivery
            return
        wait: float | None = None
        try:
            reply = await self._post(job, delivery.url)
        except (FetchError, InvalidRequest) as error:
            reason, final = error.message, error.code == "fetch_refused"
        except OSError as error:
            reason, final = f"the result cannot be read: {error.strerror}", isinstance(error, FileNotFoundError)
        except Exception as error:  # a bug: other callbacks go on, and this one is tried again
            log.exception("callback of %s", job.id)
            reason, final = f"an internal error ({type(error).__name__})", False
        else:
            if 200 <= reply.status < 300:
                log.info("callback of %s delivered to %s", job.id, redact(delivery.url))
                await self._outbox.delivered(delivery, reply.status)
                return
            reason, final = f"the receiver answered {reply.status}", reply.status == 410
            wait = retry_after(reply.headers.get("retry-after"))
        if final or delivery.attempts >= len(DELAYS):
            log.warning("callback of %s to %s failed for good: %s", job.id, redact(delivery.url), reason)
            await self._outbox.give_up(delivery, reason)
            return
        pause = max(DELAYS[delivery.attempts] * random.uniform(0.8, 1.2), wait or 0)
        log.warning("callback of %s to %s: %s; next try in %.0f s", job.id, redact(delivery.url), reason, pause)
        await self._outbox.postpone(delivery, pause, reason)

    async def _post(self, job: Job, url: str) -> Reply:
        """Sends the outcome with its length, for receivers that cannot read chunks. Raises FetchError, InvalidRequest,
        OSError where the result cannot be read.
        """
        size, body = await asyncio.to_thread(self._body, job)
        headers = {
            "Content-Type": "application/json",
            "Content-Length": str(size),
            "webhook-id": job.id,
            "webhook-timestamp": str(int(job.read_at)),  # the store's clock: ours may be wrong
        }
        return await self._egress.post(url, _read_aside(body), headers, timeout=self._timeout)

    def _body(self, job: Job) -> tuple[int, Iterable[bytes]]:
        """Size and pieces of `{job_id, status, result}` or `{job_id, status, error}`; a large result is linked."""
        outcome = Outcome(job, self._blobs.job(job.id))
        size = len(outcome)
        if job.error is not None or size <= self._inline_max:
            return size, outcome
        note = f"The callback would have {size} bytes, more than WEBHOOK_MAX_INLINE_BYTES; see result_url."
        link = {"result": None, "result_url": self._link(f"/jobs/{job.id}/result"), "note": note}
        linked = encode(outcome_head(job) | link)
        return len(linked), [linked]


async def _read_aside(body: Iterable[bytes]) -> AsyncIterator[bytes]:
    """The pieces of the body, read by a thread of their own."""
    pieces = iter(body)
    while (piece := await asyncio.to_thread(next, pieces, None)) is not None:
        yield piece


def retry_after(value: str | None) -> float | None:
    """Seconds that a receiver asks for, an hour at most."""
    return min(float(value), 3600.0) if value is not None and value.isdigit() else None
