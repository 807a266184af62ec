"""The slots of a worker: what takes one, and when there are more slices than slots."""

import asyncio

import pytest

from app.jobs.codec import SCHEMA
from app.jobs.models import Job, Slice, Status
from worker.supervisor.slots import Slots

pytestmark = pytest.mark.anyio


def claimed(execution: str, *, fetch_from: str | None = None, slice_pages: int | None = None) -> Slice:
    job = Job("1", Status.RUNNING, "null", fetch_from=fetch_from, slice_pages=slice_pages)
    return Slice("1-0", SCHEMA, 1, execution, 0, 0, job)


async def test_slices_take_slots_until_they_end() -> None:
    slots, first, second = Slots(2), claimed("a"), claimed("b")
    slots.begin(first)
    assert not slots.full
    slots.begin(second)  # the same slice, claimed again before its former run has ended
    assert (slots.full, slots.overbooked) == (True, False)
    slots.end(first)
    assert (slots.full, slots.held) == (False, {"b": second})


async def test_a_download_takes_no_slot() -> None:
    slots, slow = Slots(1), claimed("slow", fetch_from="slow.example.com")
    slots.begin(slow)
    assert (slots.full, slots.fetching) == (False, {"slow": "slow.example.com"})
    slots.begin(claimed("quick"))
    assert (slots.full, slots.overbooked) == (True, False)
    slots.fetched(slow)
    assert slots.overbooked
    slots.end(slow)
    assert (slots.full, slots.overbooked, slots.fetching) == (True, False, {})


async def test_a_prepared_document_is_there() -> None:
    slots = Slots(1)
    slots.begin(claimed("a", fetch_from="example.com", slice_pages=32))
    assert (slots.full, slots.fetching) == (True, {})


async def test_a_download_that_fails_leaves_nothing_behind() -> None:
    slots, slow = Slots(1), claimed("slow", fetch_from="slow.example.com")
    slots.begin(slow)
    slots.end(slow)
    assert (slots.held, slots.fetching) == ({}, {})


async def test_whoever_waits_hears_of_the_next_end() -> None:
    slots, first, second = Slots(2), claimed("a"), claimed("b")
    slots.begin(first)
    slots.begin(second)
    slots.end(first)
    assert not await slots.freed_within(0.01)  # that was before
    waiting = asyncio.create_task(slots.freed_within(60))
    await asyncio.sleep(0)
    slots.end(second)
    assert await waiting
