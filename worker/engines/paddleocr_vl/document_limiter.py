"""How many pages of each document are in work: a long one leaves room for others, and its first pages come first."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncIterator, Hashable
from dataclasses import dataclass, field

PATIENCE = 10.0
"""Seconds that a document's other pages wait for the one it began with."""

_Line = deque["asyncio.Future[None]"]


@dataclass
class _Document:
    """A document with pages that wait to begin, are in work, wait to ask, or ask."""

    to_begin: _Line = field(default_factory=deque)
    to_ask: _Line = field(default_factory=deque)
    in_work: int = 0
    asking: int = 0
    taken: int = 0
    asked: int = 0
    has_result: bool = False
    """Whether the page it began with has ended and had its head start, or has taken too long."""


class Share:
    """A page's share in the work: it may be prepared at once, and asks the VLM when it may."""

    def __init__(self, shares: DocumentLimiter, document: _Document) -> None:
        self._shares = shares
        self._document = document
        self._permission: asyncio.Future[None] | None = None

    async def may_ask(self) -> None:
        """Returns when the page may ask the VLM, as often as it wants."""
        if self._permission is None:
            self._permission = asyncio.get_running_loop().create_future()
            self._document.to_ask.append(self._permission)
            self._shares.serve()
        await asyncio.shield(self._permission)

    def end(self) -> None:
        if self._permission is not None and not self._permission.cancel():
            self._document.asking -= 1


class DocumentLimiter:
    """Each document may have `in_company` pages in work; one that is alone `alone`.

    Of these it may ask about `in_company` at a time while others are there, and about no more than as many at all until
    `head_start` seconds after the page that it began with has ended: in these, that page gets to whoever waits for it.
    """

    def __init__(self, in_company: int, alone: int, head_start: float) -> None:
        self._head_start = head_start
        self._in_company = in_company
        self._alone = alone
        self._documents: dict[Hashable, _Document] = {}
        self._waiting: dict[asyncio.Task[object] | None, asyncio.Future[None]] = {}

    def waits(self, task: asyncio.Task[object]) -> bool:
        """Whether the task waits for a share, and can be cancelled at no loss."""
        return task in self._waiting and not self._waiting[task].done()

    @contextlib.asynccontextmanager
    async def of(self, name: Hashable) -> AsyncIterator[Share]:
        """A share of the document's, once it may have one more."""
        document = await self._take(name)
        document.taken += 1
        first = document.taken == 1
        if first:
            self._later(PATIENCE, document)
        share = Share(self, document)
        try:
            yield share
        finally:
            share.end()
            document.in_work -= 1
            if first:
                self._later(self._head_start, document)
            self.serve()

    def _later(self, seconds: float, document: _Document) -> None:
        def go_on() -> None:
            document.has_result = True
            self.serve()

        asyncio.get_running_loop().call_later(seconds, go_on)

    async def _take(self, name: Hashable) -> _Document:
        document = self._documents.setdefault(name, _Document())
        turn = asyncio.get_running_loop().create_future()
        document.to_begin.append(turn)
        task = asyncio.current_task()
        self._waiting[task] = turn
        self.serve()
        try:
            await turn
            return document
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():  # it came at the same moment
                document.in_work -= 1
            self.serve()
            raise
        finally:
            del self._waiting[task]

    def serve(self) -> None:
        """Lets pages begin and ask that may."""
        for name, document in list(self._documents.items()):
            for line in (document.to_begin, document.to_ask):
                while line and line[0].done():  # who has given up
                    line.popleft()
            if not document.to_begin and not document.in_work:
                del self._documents[name]
        limit = self._alone if len(self._documents) == 1 else self._in_company
        for document in self._documents.values():
            document.in_work += _let_go(document.to_begin, limit - document.in_work)
            may_ask = limit - document.asking if document.has_result else self._in_company - document.asked
            asking = _let_go(document.to_ask, may_ask)
            document.asking += asking
            document.asked += asking


def _let_go(line: _Line, count: int) -> int:
    """Lets so many of the line go; how many there were."""
    gone = 0
    while line and gone < count:
        turn = line.popleft()
        if not turn.done():
            turn.set_result(None)
            gone += 1
    return gone
