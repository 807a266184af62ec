"""Places in turn: documents share them round robin, and a request that gives up leaves none behind."""

import asyncio

import pytest

from worker.turns import Turns

pytestmark = pytest.mark.anyio


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_parties_take_turns() -> None:
    turns = Turns(1)
    served: list[str] = []

    async def ask(party: str) -> None:
        async with turns.turn(party):
            served.append(party)

    async with turns.turn("book"):
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
        async with turns.turn(party % 4):
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
        async with turns.turn("first"):
            await release.wait()

    async def ask() -> None:
        async with turns.turn("second"):
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
    async with turns.turn("third"):
        assert not turns.waits(patient)
