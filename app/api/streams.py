"""Results are sent in pieces, each made in a thread only when the client is ready to take it."""

from collections.abc import AsyncIterator, Iterator

import anyio
import anyio.to_thread

MAKERS = 4
"""Threads that make pieces at a time, of all answers: results leave the other threads for everything else."""


class Streams:
    """Turns iterators that read and compress into streams for answers."""

    def __init__(self) -> None:
        self._makers = anyio.CapacityLimiter(MAKERS)

    async def of(self, pieces: Iterator[bytes]) -> AsyncIterator[bytes]:
        while (piece := await anyio.to_thread.run_sync(next, pieces, None, limiter=self._makers)) is not None:
            yield piece
