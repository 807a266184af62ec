"""Taking turns: a few places for many who wait."""

import asyncio
import contextlib
from collections import OrderedDict, deque
from collections.abc import Hashable


class FairSemaphore:
    """Places that are given in turn to the parties that wait, to each party's requests in their order."""

    def __init__(self, places: int) -> None:
        self.free = places
        self._lines: OrderedDict[Hashable, deque[asyncio.Future[None]]] = OrderedDict()
        self._waiting: dict[asyncio.Task[object] | None, asyncio.Future[None]] = {}

    def waits(self, task: "asyncio.Task[object]") -> bool:
        """Whether the task stands in line: it has no place yet and can be cancelled at no loss."""
        return task in self._waiting and not self._waiting[task].done()

    def others_wait(self, party: Hashable = None) -> bool:
        """Whether a party stands in line that is not this one."""
        return len(self._lines) > (party in self._lines)

    def try_acquire(self) -> bool:
        """Takes a place if one is free; whether it was."""
        if not self.free:
            return False
        self.free -= 1
        return True

    async def acquire(self, party: Hashable) -> None:
        """Takes a place, when it is the party's turn; to be given back by `release`."""
        if self.try_acquire():
            return
        turn = asyncio.get_running_loop().create_future()
        self._lines.setdefault(party, deque()).append(turn)
        task = asyncio.current_task()
        self._waiting[task] = turn
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():  # it came at the same moment
                self.release()
            else:
                self._give_up(party, turn)
            raise
        finally:
            del self._waiting[task]

    def release(self) -> None:
        """Gives a place back, which goes to the next in line."""
        while self._lines:
            party, line = next(iter(self._lines.items()))
            turn = line.popleft()
            if line:
                self._lines.move_to_end(party)
            else:
                del self._lines[party]
            if not turn.done():  # else it is just being given up
                turn.set_result(None)
                return
        self.free += 1

    def _give_up(self, party: Hashable, turn: "asyncio.Future[None]") -> None:
        line = self._lines.get(party, deque())
        with contextlib.suppress(ValueError):  # it has just been passed over
            line.remove(turn)
            if not line:
                del self._lines[party]
