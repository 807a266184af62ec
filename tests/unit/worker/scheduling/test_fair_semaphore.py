"""Places in turn: documents share them round robin, and a request that gives up leaves none behind."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest

from support.harness import PATIENCE
from worker.scheduling.fair_semaphore import FairSemaphore

pytestmark = pytest.mark.anyio


@contextlib.asynccontextmanager
async def turn(turns: FairSemaphore, party: str | int) -> AsyncIterator[None]:
    await turns.acquire(party)
    try:
        yield
    finally:
        turns.release()


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_parties_take_turns() -> None:
    turns = FairSemaphore(1)
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
    turns = FairSemaphore(3)
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
    turns = FairSemaphore(1)
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
    await asyncio.wait_for(asyncio.gather(holder, patient), PATIENCE)
    assert giving_up.cancelled()
    async with turn(turns, "third"):
        assert not turns.waits(patient)


async def test_a_free_place_can_be_had_at_once() -> None:
    turns = FairSemaphore(1)
    assert turns.try_acquire()
    assert not turns.try_acquire()
    waiting = asyncio.create_task(turns.acquire("letter"))
    await settle()
    assert turns.others_wait("bomb")
    assert turns.others_wait()
    assert not turns.others_wait("letter")
    turns.release()
    await waiting
    assert not turns.others_wait("bomb")


async def test_a_place_passes_over_who_is_just_giving_up() -> None:
    turns = FairSemaphore(1)
    await turns.acquire("first")
    giving_up, patient = asyncio.create_task(turns.acquire("second")), asyncio.create_task(turns.acquire("third"))
    await settle()
    giving_up.cancel()  # and before it can leave the line:
    turns.release()
    await patient
    await asyncio.gather(giving_up, return_exceptions=True)
    assert giving_up.cancelled()
    turns.release()
    await turns.acquire("fourth")
