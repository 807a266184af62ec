"""The outbox: ids of ended jobs with a callback. The script that ends a job adds to it; the sender empties it."""

import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Literal

from app.redis import keys
from app.redis.client import Store
from app.redis.scripts import Call, Scripts, named

LUA = Path(__file__).parent


@dataclass(frozen=True)
class Delivery:
    """One callback that is due. `attempts` have been made before; `token` is what settles it."""

    job: str
    url: str
    attempts: int
    token: str


@dataclass(frozen=True)
class Take(Call[list[Delivery]]):
    script: ClassVar[str] = "take"
    lease: float
    limit: int
    token: str

    def read(self, answer: Any) -> list[Delivery]:
        found = [named(delivery) for delivery in answer]
        return [Delivery(one["job"], one["url"], int(one["attempts"]), self.token) for one in found]


@dataclass(frozen=True)
class Settle(Call[bool]):
    """`attempts` are added; `pause` is in seconds, for the state `pending`."""

    script: ClassVar[str] = "settle"
    job: str
    token: str
    state: Literal["delivered", "failed", "pending"]
    attempts: int
    last: str | None
    pause: float | None

    def read(self, answer: Any) -> bool:
        return bool(answer)


class Outbox:
    """`lease` is how long a sender has for one delivery, in seconds: longer than any of them takes.

    All times are by the store's clock. What settles a delivery returns False where it is no longer ours: its lease is
    over, its job was deleted, or run again by a retry.
    """

    def __init__(self, store: Store, lease: float) -> None:
        self._store = store
        self._lease = lease
        self._scripts = Scripts(store, LUA)

    async def take(self, limit: int) -> list[Delivery]:
        """Up to `limit` due deliveries, ours until their lease is over."""
        return await self._scripts.run(Take(self._lease, limit, uuid.uuid4().hex))

    async def wait(self, seconds: int) -> None:
        """Returns when a delivery has come in, or after `seconds`."""
        await self._store.blpop([keys.OUTBOX_BELL], seconds)

    async def delivered(self, delivery: Delivery, status: int) -> bool:
        return await self._settle(delivery, "delivered", 1, str(status))

    async def give_up(self, delivery: Delivery, reason: str) -> bool:
        return await self._settle(delivery, "failed", 1, reason)

    async def postpone(self, delivery: Delivery, seconds: float, reason: str) -> bool:
        """The attempt failed; the next one is due in `seconds`."""
        return await self._settle(delivery, "pending", 1, reason, seconds)

    async def defer(self, delivery: Delivery, seconds: float) -> bool:
        """Puts it off without counting an attempt."""
        return await self._settle(delivery, "pending", 0, None, seconds)

    async def _settle(
        self,
        delivery: Delivery,
        state: Literal["delivered", "failed", "pending"],
        attempts: int,
        last: str | None,
        pause: float | None = None,
    ) -> bool:
        return await self._scripts.run(Settle(delivery.job, delivery.token, state, attempts, last, pause))
