"""How many pages of each document are in work: a long one leaves room for others, and begins with its first pages."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter, OrderedDict, deque
from collections.abc import AsyncIterator, Hashable


class Shares:
    """Each document may have `in_company` pages in work; one alone has `alone`, once the page it began with is done."""

    def __init__(self, in_company: int, alone: int) -> None:
        self._in_company = in_company
        self._alone = alone
        self._in_work: Counter[Hashable] = Counter()
        self._begun: set[Hashable] = set()
        self._lines: OrderedDict[Hashable, deque[asyncio.Future[None]]] = OrderedDict()
        self._waiting: dict[asyncio.Task[object] | None, asyncio.Future[None]] = {}

    def waits(self, task: asyncio.Task[object]) -> bool:
        """Whether the task waits for a share, and can be cancelled at no loss."""
        return task in self._waiting and not self._waiting[task].done()

    @contextlib.asynccontextmanager
    async def of(self, document: Hashable) -> AsyncIterator[None]:
        """A share of the document's, once it may have one more."""
        await self._take(document)
        first = self._in_work[document] == 1 and document not in self._begun
        try:
            yield
        finally:
            self._in_work[document] -= 1
            if first:
                self._begun.add(document)
            self._serve()

    async def _take(self, document: Hashable) -> None:
        turn = asyncio.get_running_loop().create_future()
        self._lines.setdefault(document, deque()).append(turn)
        task = asyncio.current_task()
        self._waiting[task] = turn
        self._serve()
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():  # it came at the same moment
                self._in_work[document] -= 1
            self._serve()
            raise
        finally:
            del self._waiting[task]

    def _serve(self) -> None:
        self._in_work = Counter({document: pages for document, pages in self._in_work.items() if pages})
        self._begun &= self._in_work.keys() | self._lines.keys()
        for document, line in list(self._lines.items()):
            while line and (line[0].done() or self._in_work[document] < self._most(document)):
                turn = line.popleft()
                if not turn.done():
                    self._in_work[document] += 1
                    turn.set_result(None)
            if not line:
                del self._lines[document]

    def _most(self, document: Hashable) -> int:
        others = (self._in_work.keys() | self._lines.keys()) - {document}
        return self._alone if document in self._begun and not others else self._in_company
