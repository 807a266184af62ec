"""File calls of the supervisor, in threads: a file system that hangs must not keep it from renewing its leases."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import ParamSpec, TypeVar

import anyio

from app.storage.blobs import BlobName, JobFolder

T = TypeVar("T")
P = ParamSpec("P")

_THREADS = ThreadPoolExecutor(16, thread_name_prefix="files")
"""Not asyncio's own, which resolve the store's host name: calls that hang could take all of them."""

WRITE_BYTES = 1 << 18  # bytes


async def in_thread(call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Makes a call that reads or changes files.

    If cancelled, it first waits for the call to end: nothing is written for a slice that has been handed back.
    """
    running = asyncio.get_running_loop().run_in_executor(_THREADS, partial(call, *args, **kwargs))
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        with anyio.CancelScope(shield=True):
            await asyncio.wait([running])
        raise


@contextlib.asynccontextmanager
async def replacing_in_thread(folder: JobFolder, blob: BlobName) -> AsyncIterator[Callable[[bytes], Awaitable[None]]]:
    """`JobFolder.replacing` with a function that writes; it collects small pieces."""
    context = folder.replacing(blob)
    file = await in_thread(context.__enter__)
    collected = bytearray()

    async def write(data: bytes) -> None:
        collected.extend(data)
        if len(collected) >= WRITE_BYTES:
            await in_thread(file.write, bytes(collected))
            collected.clear()

    try:
        yield write
        await in_thread(file.write, bytes(collected))
    except BaseException as error:
        await in_thread(context.__exit__, type(error), error, error.__traceback__)
        raise
    await in_thread(context.__exit__, None, None, None)
