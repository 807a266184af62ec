"""Taking turns: a few places for many who wait."""

import asyncio
from collections import OrderedDict, deque
from collections.abc import Hashable
from enum import Enum, auto


class Place(Enum):
    ORDINARY = auto()
    ASIDE = auto()


class Turns:
    """Places that are given in turn to the parties that wait, to each party's requests in their order.

    Slow requests wait in a line of their own. Its turn comes for an ordinary place when nobody else wants it; and there
    are places aside, for the slow alone.
    """

    def __init__(self, ordinary: int, aside: int = 0) -> None:
        self._free = {Place.ORDINARY: ordinary, Place.ASIDE: aside}
        self._line = _Line()
        self._slow = _Line()
        self._waiting: dict[asyncio.Task[object] | None, asyncio.Future[Place]] = {}

    def waits(self, task: "asyncio.Task[object]") -> bool:
        """Whether the task stands in line: it has no place yet and can be cancelled at no loss."""
        return task in self._waiting and not self._waiting[task].done()

    def others_wait(self, party: Hashable) -> bool:
        """Whether a party stands in line that is not this one; the slow ones aside."""
        return self._line.has_others(party)

    @property
    def slow_wait(self) -> bool:
        return bool(self._slow)

    async def take(self, party: Hashable, *, slow: bool = False) -> Place:
        """Takes a place, when it is the party's turn; to be given back by `leave`."""
        for place in Place if slow else (Place.ORDINARY,):
            if self._free[place]:
                self._free[place] -= 1
                return place
        line = self._slow if slow else self._line
        turn = line.join(party)
        task = asyncio.current_task()
        self._waiting[task] = turn
        try:
            return await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():  # it came at the same moment
                self.leave(turn.result())
            else:
                line.leave(party, turn)
            raise
        finally:
            del self._waiting[task]

    def leave(self, place: Place) -> None:
        """Gives a place back, which goes to the next in line."""
        if place is Place.ORDINARY and self._line:
            self._line.next().set_result(place)
        elif self._slow:
            self._slow.next().set_result(place)
        else:
            self._free[place] += 1

    def step_aside(self) -> bool:
        """Exchanges an ordinary place for one aside, where one is free; whether it was."""
        if not self._free[Place.ASIDE]:
            return False
        self._free[Place.ASIDE] -= 1
        self.leave(Place.ORDINARY)
        return True


class _Line:
    """Those that wait, by party; true while there are any."""

    def __init__(self) -> None:
        self._parties: OrderedDict[Hashable, deque[asyncio.Future[Place]]] = OrderedDict()

    def __bool__(self) -> bool:
        return bool(self._parties)

    def has_others(self, party: Hashable) -> bool:
        return len(self._parties) > (party in self._parties)

    def join(self, party: Hashable) -> "asyncio.Future[Place]":
        turn: asyncio.Future[Place] = asyncio.get_running_loop().create_future()
        self._parties.setdefault(party, deque()).append(turn)
        return turn

    def leave(self, party: Hashable, turn: "asyncio.Future[Place]") -> None:
        turns = self._parties[party]
        turns.remove(turn)
        if not turns:
            del self._parties[party]

    def next(self) -> "asyncio.Future[Place]":
        party, turns = next(iter(self._parties.items()))
        turn = turns.popleft()
        if turns:
            self._parties.move_to_end(party)
        else:
            del self._parties[party]
        return turn
