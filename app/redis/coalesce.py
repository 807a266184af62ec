"""Many callers share few queries."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from itertools import islice
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")

BATCH = 500
"""Keys in one query, so that no query occupies the store for long."""


class Coalesced(Generic[K, V]):
    """Answers concurrent calls with one query at a time: calls that arrive during a query share the next one.

    `fetch(keys)` returns the values in the order of the keys. What it raises goes to every caller of that query.
    """

    def __init__(self, fetch: Callable[[list[K]], Awaitable[Sequence[V]]]) -> None:
        self._fetch = fetch
        self._asked: dict[K, asyncio.Future[V]] = {}
        self._task: asyncio.Task[None] | None = None

    async def get(self, key: K) -> V:
        """The value of `key`, read after this call began."""
        answer = self._asked.get(key)
        if answer is None:
            answer = self._asked[key] = asyncio.get_running_loop().create_future()
            if self._task is None or self._task.done():
                self._task = asyncio.create_task(self._query())
        return await asyncio.shield(answer)  # a caller that gives up does not take the others along

    async def _query(self) -> None:
        while self._asked:
            batch = {key: self._asked.pop(key) for key in list(islice(self._asked, BATCH))}
            try:
                values = await self._fetch(list(batch))
            except Exception as error:  # each caller gets it
                for answer in batch.values():
                    answer.set_exception(error)
                    answer.exception()  # callers may all be gone: nothing to report then
            except BaseException:
                for answer in (*batch.values(), *self._asked.values()):
                    answer.cancel()
                raise
            else:
                for answer, value in zip(batch.values(), values, strict=True):
                    answer.set_result(value)
