"""The outbox: ids of ended jobs with a callback. The script that ends a job adds to it; the sender empties it."""

import uuid
from dataclasses import dataclass
from importlib.resources import files

from redis.commands.core import AsyncScript

from app.redis import keys
from app.redis.client import Store


@dataclass(frozen=True)
class Delivery:
    """One callback that is due. `attempts` have been made before; `token` is what settles it."""

    job: str
    url: str
    attempts: int
    token: str


class Outbox:
    """`lease` is how long a sender has for one delivery, in seconds: longer than any of them takes.

    All times are by the store's clock. What settles a delivery returns False where it is no longer ours: its lease is
    over, its job was deleted, or run again by a retry.
    """

    def __init__(self, store: Store, lease: float) -> None:
        self._store = store
        self._lease = lease
        self._take = _script(store, "take")
        self._settle = _script(store, "settle")

    async def take(self, limit: int) -> list[Delivery]:
        """Up to `limit` due deliveries, ours until their lease is over."""
        token = uuid.uuid4().hex
        taken = await self._take(keys=[keys.OUTBOX], args=[self._lease, limit, token])
        return [Delivery(job, url, int(attempts), token) for job, url, attempts in taken]

    async def wait(self, seconds: int) -> None:
        """Returns when a delivery has come in, or after `seconds`."""
        await self._store.blpop([keys.OUTBOX_BELL], seconds)

    async def delivered(self, delivery: Delivery, status: int) -> bool:
        return await self._settled(delivery, "delivered", 1, str(status))

    async def give_up(self, delivery: Delivery, reason: str) -> bool:
        return await self._settled(delivery, "failed", 1, reason)

    async def postpone(self, delivery: Delivery, seconds: float, reason: str) -> bool:
        """The attempt failed; the next one is due in `seconds`."""
        return await self._settled(delivery, seconds, 1, reason)

    async def defer(self, delivery: Delivery, seconds: float) -> bool:
        """Puts it off without counting an attempt."""
        return await self._settled(delivery, seconds, 0, "")

    async def _settled(self, delivery: Delivery, outcome: str | float, attempts: int, last: str) -> bool:
        names = [keys.OUTBOX, keys.outbox(delivery.job)]
        return bool(await self._settle(keys=names, args=[delivery.job, delivery.token, outcome, attempts, last]))


def _script(store: Store, name: str) -> AsyncScript:
    return store.register_script(files("app.webhooks").joinpath(f"{name}.lua").read_text())
