"""The outbox: ids of ended jobs whose clients asked to be called. Written in the step that ends a job, emptied here."""

import time
from dataclasses import dataclass
from importlib.resources import files

from app.jobs import keys
from app.store import Store, batch


@dataclass(frozen=True)
class Delivery:
    """One callback that is due. `attempts` have been made before."""

    job: str
    url: str
    attempts: int


class Outbox:
    """`lease` is how long a sender has for one delivery, in seconds: longer than any of them takes."""

    def __init__(self, store: Store, lease: float) -> None:
        self._store = store
        self._lease = lease
        self._take = store.register_script(files("app.webhooks").joinpath("take.lua").read_text())

    async def take(self, most: int) -> list[Delivery]:
        """Up to `most` due deliveries, ours until their lease is over."""
        taken = await self._take(keys=[keys.OUTBOX], args=[time.time(), self._lease, most])
        return [Delivery(job, url, int(attempts)) for job, url, attempts in taken]

    async def wait(self, seconds: int) -> None:
        """Returns when a delivery has come in, or after `seconds`."""
        await self._store.blpop([keys.OUTBOX_BELL], seconds)

    async def delivered(self, delivery: Delivery, status: int) -> None:
        await self._end(delivery, "delivered", str(status))

    async def give_up(self, delivery: Delivery, reason: str) -> None:
        await self._end(delivery, "failed", reason)

    async def postpone(self, delivery: Delivery, seconds: float, reason: str) -> None:
        async with batch(self._store, atomic=True) as pipe:
            pipe.hset(keys.outbox(delivery.job), mapping={"attempts": delivery.attempts + 1, "last": reason})
            pipe.zadd(keys.OUTBOX, {delivery.job: time.time() + seconds})

    async def defer(self, delivery: Delivery, seconds: float) -> None:
        """Puts it off without counting an attempt."""
        await self._store.zadd(keys.OUTBOX, {delivery.job: time.time() + seconds})

    async def _end(self, delivery: Delivery, state: str, last: str) -> None:
        async with batch(self._store, atomic=True) as pipe:
            pipe.hset(
                keys.outbox(delivery.job), mapping={"state": state, "attempts": delivery.attempts + 1, "last": last}
            )
            pipe.zrem(keys.OUTBOX, delivery.job)
