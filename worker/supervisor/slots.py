"""The slots of a worker: which slices it holds, which of them wait for their documents, which are at their pages."""

import asyncio
from dataclasses import dataclass

import anyio

from app.jobs.models import Priority, Slice


@dataclass(frozen=True)
class Reading:
    """A slice at its pages, `since` by the monotonic clock; `book`: its document has other slices."""

    job: str
    priority: Priority
    book: bool
    since: float


class Slots:
    """`count` slots for slices, shared by the lanes, the work in them and the supervisor.

    A slice that waits for its download takes no slot, or slow servers could keep everybody waiting. Everything is by
    execution: a slice can be claimed again before its former run has ended.
    """

    def __init__(self, count: int) -> None:
        self.held: dict[str, Slice] = {}
        """All slices that were claimed and have not ended."""
        self.fetching: dict[str, str] = {}
        """Of those that wait for their downloads, the servers."""
        self.readings: dict[str, Reading] = {}
        self._count = count
        self._freed = asyncio.Event()

    @property
    def full(self) -> bool:
        return self._taken >= self._count

    @property
    def overbooked(self) -> bool:
        """Whether a download has ended, or a claim was waited for, while others took the last slot."""
        return self._taken > self._count

    @property
    def _taken(self) -> int:
        return len(self.held) - len(self.fetching)

    def begin(self, held: Slice) -> None:
        """Takes in a claimed slice."""
        self.held[held.execution] = held
        if held.job.fetch_from is not None and held.job.slice_pages is None:  # not prepared: it may have to come
            self.fetching[held.execution] = held.job.fetch_from

    def fetched(self, held: Slice) -> None:
        """The slice has its document and takes a slot."""
        self.fetching.pop(held.execution, None)

    def end(self, held: Slice) -> None:
        self.fetched(held)
        del self.held[held.execution]
        self._freed.set()

    async def freed_within(self, seconds: float) -> bool:
        """Whether a slice ends within so many seconds, and not later."""
        self._freed.clear()
        with anyio.move_on_after(seconds):
            await self._freed.wait()
            return True
        return False
