"""Reading results for clients that take them slowly."""

import asyncio
import threading
from collections.abc import Iterator

import anyio.to_thread
import pytest

from app.results.reader import MAKERS, Results
from app.settings import Settings
from app.storage.blobs import BlobStore

pytestmark = pytest.mark.anyio


async def test_results_leave_threads_for_others() -> None:
    go_on, making = threading.Event(), threading.Semaphore(0)

    def slow() -> Iterator[bytes]:
        making.release()
        go_on.wait(30)
        yield b"x"

    results = Results(BlobStore(Settings()))

    async def fetch() -> bytes:
        return b"".join([piece async for piece in results._stream(slow())])

    fetching = [asyncio.create_task(fetch()) for _ in range(60)]
    for _ in range(MAKERS):
        await anyio.to_thread.run_sync(making.acquire)
    assert not await anyio.to_thread.run_sync(making.acquire, False)
    go_on.set()
    assert await asyncio.gather(*fetching) == [b"x"] * 60
