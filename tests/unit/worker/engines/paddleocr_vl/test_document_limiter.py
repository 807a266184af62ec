"""How the pages of several documents share one engine."""

import asyncio

import pytest

from worker.engines.paddleocr_vl.document_limiter import DocumentLimiter

pytestmark = pytest.mark.anyio


class Pages:
    """Pages of documents that are in work until they are told to end."""

    def __init__(self, shares: DocumentLimiter) -> None:
        self._shares = shares
        self.tasks: list[asyncio.Task[None]] = []
        self.in_work: list[tuple[str, asyncio.Event]] = []

    async def begin(self, document: str, count: int) -> None:
        self.tasks += [asyncio.create_task(self._page(document)) for _ in range(count)]
        await settle()

    async def _page(self, document: str) -> None:
        async with self._shares.of(document):
            end = asyncio.Event()
            self.in_work.append((document, end))
            await end.wait()
            self.in_work.remove((document, end))

    async def end(self, document: str, count: int = 1) -> None:
        """Ends the pages that have been in work for longest."""
        for _, end in [page for page in self.in_work if page[0] == document][:count]:
            end.set()
        await settle()

    def count(self, document: str) -> int:
        return sum(page[0] == document for page in self.in_work)


async def settle() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


async def test_a_document_alone_has_more() -> None:
    pages = Pages(DocumentLimiter(in_company=3, alone=6, head_start=0))
    await pages.begin("book", 20)
    assert pages.count("book") == 6
    await pages.end("book")
    assert pages.count("book") == 6
    await pages.begin("letter", 1)
    assert pages.count("letter") == 1  # it has not had to wait
    await pages.end("book", 4)
    assert pages.count("book") == 3
    await pages.end("letter")
    assert pages.count("book") == 6
    for _ in range(4):
        await pages.end("book", 6)
    await asyncio.gather(*pages.tasks)


async def test_its_first_pages_are_asked_about_first(monkeypatch: pytest.MonkeyPatch) -> None:
    shares = DocumentLimiter(in_company=2, alone=6, head_start=1)
    loop = asyncio.get_running_loop()
    now = loop.time()
    monkeypatch.setattr(loop, "time", lambda: now)
    asked: list[int] = []
    end = [asyncio.Event() for _ in range(6)]

    async def page(number: int) -> None:
        async with shares.of("book") as share:
            await share.may_ask()
            asked.append(number)
            await end[number].wait()

    tasks = [asyncio.create_task(page(number)) for number in range(6)]
    await settle()
    assert asked == [0, 1]
    end[0].set()
    await settle()
    assert asked == [0, 1]
    now += 0.9
    await settle()
    assert asked == [0, 1]
    now += 0.2
    await settle()
    assert asked == [0, 1, 2, 3, 4, 5]
    for event in end:
        event.set()
    await asyncio.gather(*tasks)
    end = [asyncio.Event() for _ in range(6)]
    tasks = [asyncio.create_task(page(number)) for number in range(3)]
    await settle()
    assert asked[6:] == [0, 1]  # a document that comes again begins anew
    for event in end:
        event.set()
    await settle()
    now += 1.1
    await asyncio.gather(*tasks)


async def test_who_gives_up_keeps_no_share() -> None:
    shares = DocumentLimiter(in_company=1, alone=1, head_start=0)
    pages = Pages(shares)
    await pages.begin("book", 3)
    first, second, third = pages.tasks
    assert [shares.waits(task) for task in pages.tasks] == [False, True, True]
    second.cancel()
    await settle()
    await pages.end("book")
    assert pages.count("book") == 1
    third.cancel()
    await asyncio.gather(*pages.tasks, return_exceptions=True)
    assert first.done()
    await pages.begin("book", 1)
    assert not shares.waits(pages.tasks[-1])
    pages.tasks[-1].cancel()
