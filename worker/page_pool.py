"""The page processes, as the engine host sees them: a pool of limited children, killed when they overrun."""

import asyncio
import signal
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import anyio

from app.blobs import JobFolder
from app.errors import DocumentError, PageError
from worker.channel import Channel, ChildDied
from worker.turns import Turns

CALLS_MAX = 10_000
"""A child is replaced after so many calls: native libraries leak."""


@dataclass(frozen=True)
class Limits:
    """What a call may cost: `seconds` of wall clock and of CPU, `memory_mb` of address space, `max_pixels` a page."""

    seconds: float
    memory_mb: int
    max_pixels: int


class _Overrun(Exception):
    """The child was killed at its wall or CPU limit."""


class _Child:
    """One page process. `source` is the document it has open."""

    def __init__(self, channel: Channel) -> None:
        self.channel = channel
        self.source: Path | None = None
        self.calls = 0

    async def kill(self) -> None:
        self.channel.kill()
        await self.channel.wait()


class PagePool:
    """`count` children working for the reader of one engine, on the documents in turn."""

    def __init__(self, count: int, reader: str, limits: Limits) -> None:
        self.count = count
        self._reader = reader
        self._limits = limits
        self._turns = Turns(count)
        self._idle: list[_Child] = []

    async def start(self) -> None:
        """Starts all children, so that the first page does not wait for imports."""
        self._idle = list(await asyncio.gather(*(self._spawn() for _ in range(self.count))))

    async def close(self) -> None:
        await asyncio.gather(*(child.channel.close() for child in self._idle))

    def waits(self, task: "asyncio.Task[object]") -> bool:
        """Whether the task waits for a child, and can be cancelled at no loss."""
        return self._turns.waits(task)

    async def prepare(self, folder: JobFolder, page_ranges: str | None, max_pages: int) -> list[int]:
        """Opens, counts and surveys the document; the numbers of the pages to do. Raises DocumentError."""
        try:
            selected: list[int] = await self._call(folder, "prepare", page_ranges=page_ranges, max_pages=max_pages)
            return selected
        except _Overrun:
            message = f"Opening the document took more than {self._limits.seconds:g} s (PAGE_TIMEOUT) and was stopped."
        except ChildDied as died:
            message = f"The process that opened the document {died}: the file is damaged or hostile."
        raise DocumentError(message, code="document_crashed")

    async def page(self, folder: JobFolder, number: int) -> None:
        """Reads page `number` and stores it. Raises PageError."""
        try:
            await self._call(folder, "page", number=number)
        except _Overrun:
            message = f"Page {number} took more than {self._limits.seconds:g} s (PAGE_TIMEOUT) and was stopped."
            raise PageError(message, code="page_timeout") from None
        except ChildDied as died:
            raise PageError(f"The process that read page {number} {died}.") from None

    async def assemble(self, folder: JobFolder, engine: str, version: str) -> list[dict[str, Any]]:
        """Makes the result from the stored pages; returns the errors of those that failed."""
        try:
            errors: list[dict[str, Any]] = await self._call(folder, "assemble", engine=engine, version=version)
            return errors
        except (_Overrun, ChildDied) as error:
            reason = str(error) or f"took more than {self._limits.seconds:g} s"
            raise DocumentError(f"Putting the pages together failed: it {reason}.", code="document_crashed") from None

    async def _call(self, folder: JobFolder, op: str, **parameters: Any) -> Any:
        try:
            return await self._once(folder, op, **parameters)
        except ChildDied:  # the first time it may have been for another's sake: the kernel short of memory, say
            return await self._once(folder, op, **parameters)

    async def _once(self, folder: JobFolder, op: str, **parameters: Any) -> Any:
        async with self._turns.turn(folder.root):  # documents take turns, however many pages each has waiting
            child = await self._take(folder.source)
            try:
                with anyio.fail_after(self._limits.seconds):
                    return await child.channel.call(op, folder=str(folder.root), **parameters)
            except TimeoutError:
                await child.kill()
                raise _Overrun from None
            except ChildDied as died:
                if died.status == -signal.SIGXCPU:
                    raise _Overrun from None
                raise
            except asyncio.CancelledError:  # the page goes on in there and nobody waits for it
                await child.kill()
                raise
            finally:
                await self._give(child)

    async def _take(self, source: Path) -> _Child:
        self._idle = [child for child in self._idle if child.channel.alive]
        child = next((child for child in self._idle if child.source == source), None)
        if child is not None:
            self._idle.remove(child)
        else:
            child = self._idle.pop(0) if self._idle else await self._spawn()
        child.source = source
        child.calls += 1
        return child

    async def _give(self, child: _Child) -> None:
        if child.calls >= CALLS_MAX:
            await child.channel.close()
        if child.channel.alive:
            self._idle.append(child)

    async def _spawn(self) -> _Child:
        # Nothing of our environment is a page process's business.
        channel = await Channel.open("worker.pages", env={"OMP_NUM_THREADS": "1"})
        try:
            await channel.call(
                "start",
                reader=self._reader,
                seconds=self._limits.seconds,
                memory_mb=self._limits.memory_mb,
                max_pixels=self._limits.max_pixels,
            )
        except BaseException:
            channel.kill()
            raise
        return _Child(channel)
