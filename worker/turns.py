"""Taking turns: a few places for many who wait."""

import asyncio
import contextlib
from collections import OrderedDict, deque
from collections.abc import AsyncIterator, Hashable


class Turns:
    """`places` that are given in turn to the parties that wait, to each party's requests in their order."""

    def __init__(self, places: int) -> None:
        self._free = places
        self._waiting: OrderedDict[Hashable, deque[asyncio.Future[None]]] = OrderedDict()
        self._places: dict[asyncio.Task[object] | None, asyncio.Future[None]] = {}

    @contextlib.asynccontextmanager
    async def turn(self, party: Hashable) -> AsyncIterator[None]:
        """A place for the length of the block."""
        await self._take(party)
        try:
            yield
        finally:
            self._pass_on()

    def waits(self, task: "asyncio.Task[object]") -> bool:
        """Whether the task stands in line: it has no place yet and can be cancelled at no loss."""
        return task in self._places and not self._places[task].done()

    async def _take(self, party: Hashable) -> None:
        if self._free:
            self._free -= 1
            return
        place = asyncio.get_running_loop().create_future()
        line = self._waiting.setdefault(party, deque())
        line.append(place)
        task = asyncio.current_task()
        self._places[task] = place
        try:
            await place
        except asyncio.CancelledError:
            if place.done() and not place.cancelled():  # it came at the same moment
                self._pass_on()
            else:
                line.remove(place)
                if not line and self._waiting.get(party) is line:
                    del self._waiting[party]
            raise
        finally:
            del self._places[task]

    def _pass_on(self) -> None:
        if not self._waiting:
            self._free += 1
            return
        party, line = next(iter(self._waiting.items()))
        place = line.popleft()
        if line:
            self._waiting.move_to_end(party)
        else:
            del self._waiting[party]
        place.set_result(None)
