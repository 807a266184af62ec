"""Concurrent calls share queries."""

import asyncio

import pytest

from app.redis.coalesce import Coalesced

pytestmark = pytest.mark.anyio


class Source:
    """Doubles keys, one query at a time, each as slow as it is told."""

    def __init__(self) -> None:
        self.queries: list[list[int]] = []
        self.go_on = asyncio.Event()
        self.go_on.set()

    async def fetch(self, keys: list[int]) -> list[int]:
        self.queries.append(keys)
        await self.go_on.wait()
        if -1 in keys:
            raise ConnectionError
        return [key * 2 for key in keys]


async def test_calls_during_a_query_share_the_next_one() -> None:
    source = Source()
    doubled = Coalesced(source.fetch)
    source.go_on.clear()
    first = asyncio.create_task(doubled.get(1))
    while not source.queries:
        await asyncio.sleep(0)
    others = [asyncio.create_task(doubled.get(key)) for key in (1, 2, 2, 3)]
    await asyncio.sleep(0)
    source.go_on.set()
    assert await asyncio.gather(first, *others) == [2, 2, 4, 4, 6]
    assert source.queries == [[1], [1, 2, 3]]


async def test_a_caller_that_gives_up_leaves_the_others_alone() -> None:
    source = Source()
    doubled = Coalesced(source.fetch)
    source.go_on.clear()
    leaving, staying = (asyncio.create_task(doubled.get(1)) for _ in range(2))
    while not source.queries:
        await asyncio.sleep(0)
    leaving.cancel()
    source.go_on.set()
    assert await staying == 2


async def test_a_failure_reaches_the_callers_of_its_query_only() -> None:
    source = Source()
    doubled = Coalesced(source.fetch)
    results = await asyncio.gather(doubled.get(-1), doubled.get(2), return_exceptions=True)
    assert [type(result) for result in results] == [ConnectionError, ConnectionError]
    assert await doubled.get(2) == 4
