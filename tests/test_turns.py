"""Places in turn: documents share them round robin, and a request that gives up leaves none behind."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest

from worker.turns import Place, Turns

pytestmark = pytest.mark.anyio


@contextlib.asynccontextmanager
async def turn(turns: Turns, party: str | int, *, slow: bool = False) -> AsyncIterator[Place]:
    place = await turns.take(party, slow=slow)
    try:
        yield place
    finally:
        turns.leave(place)


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_parties_take_turns() -> None:
    turns = Turns(1)
    served: list[str] = []

    async def ask(party: str) -> None:
        async with turn(turns, party):
            served.append(party)

    async with turn(turns, "book"):
        parties = ["book"] * 5 + ["invoice", "letter", "invoice"]
        tasks = [asyncio.create_task(ask(party)) for party in parties]
        await settle()
    await asyncio.gather(*tasks)
    assert served == ["book", "invoice", "letter", "book", "invoice", "book", "book", "book"]


async def test_no_more_than_the_places_at_a_time() -> None:
    turns = Turns(3)
    inside = most = 0

    async def ask(party: int) -> None:
        nonlocal inside, most
        async with turn(turns, party % 4):
            inside += 1
            most = max(most, inside)
            await asyncio.sleep(0.001)
            inside -= 1

    await asyncio.gather(*(ask(party) for party in range(40)))
    assert (inside, most) == (0, 3)


@pytest.mark.parametrize("passing_on", [False, True])
async def test_who_gives_up_leaves_the_place_to_the_next(passing_on: bool) -> None:
    turns = Turns(1)
    release = asyncio.Event()

    async def hold() -> None:
        async with turn(turns, "first"):
            await release.wait()

    async def ask() -> None:
        async with turn(turns, "second"):
            pass

    holder = asyncio.create_task(hold())
    await settle()
    giving_up, patient = asyncio.create_task(ask()), asyncio.create_task(ask())
    await settle()
    assert [turns.waits(task) for task in (holder, giving_up, patient)] == [False, True, True]
    if passing_on:  # the place and the cancellation come at the same moment
        release.set()
        await asyncio.sleep(0)
        assert not turns.waits(giving_up)
    giving_up.cancel()
    release.set()
    await asyncio.wait_for(asyncio.gather(holder, patient), 5)
    assert giving_up.cancelled()
    async with turn(turns, "third"):
        assert not turns.waits(patient)


async def test_the_slow_wait_until_nobody_else_does() -> None:
    turns = Turns(1)
    served: list[str] = []

    async def ask(party: str, slow: bool) -> None:
        async with turn(turns, party, slow=slow):
            served.append(party)

    async with turn(turns, "first"):
        tasks = [
            asyncio.create_task(ask(party, slow=party == "bomb")) for party in ("bomb", "bomb", "letter", "invoice")
        ]
        await settle()
        assert turns.slow_wait
        assert turns.others_wait("letter")
    await asyncio.gather(*tasks)
    assert served == ["letter", "invoice", "bomb", "bomb"]
    assert not turns.slow_wait


async def test_only_the_slow_waiting_is_nobody_waiting() -> None:
    turns = Turns(1)
    async with turn(turns, "letter"):
        task = asyncio.create_task(turns.take("bomb", slow=True))
        await settle()
        assert turns.slow_wait
        assert not turns.others_wait("letter")
    assert await task is Place.ORDINARY


async def test_places_aside_are_for_the_slow() -> None:
    turns = Turns(1, aside=1)
    async with turn(turns, "letter") as ordinary, turn(turns, "bomb", slow=True) as aside:
        assert (ordinary, aside) == (Place.ORDINARY, Place.ASIDE)
        quick = asyncio.create_task(turns.take("invoice"))
        slow = asyncio.create_task(turns.take("bomb", slow=True))
        await settle()
        assert turns.waits(quick)
        assert turns.waits(slow)
    assert (await quick, await slow) == (Place.ORDINARY, Place.ASIDE)


async def test_who_steps_aside_leaves_the_place_to_the_next() -> None:
    turns = Turns(1, aside=1)
    await turns.take("bomb")
    waiting = asyncio.create_task(turns.take("letter"))
    await settle()
    assert turns.step_aside()
    assert await waiting is Place.ORDINARY
    assert not turns.step_aside()  # there is but one
    turns.leave(Place.ASIDE)
    assert turns.step_aside()
