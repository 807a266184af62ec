"""How long an upload waits behind hundreds of documents from slow servers, with a core that is busy with other work."""

import asyncio
import contextlib
import sys
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from benchmarks.client import Client
from benchmarks.documents import article
from benchmarks.harness import Row, alternate, bounded, ours, process, report

SLOW = 300
SERVERS = 8
"""Enough to take every download that a worker makes at a time."""
START_MAX = 2.0  # seconds


async def measure() -> list[Row]:
    async with AsyncExitStack() as stack:
        urls = await stack.enter_async_context(_dripping())
        service = await stack.enter_async_context(ours("null", FETCH_ALLOWED_NETWORKS="127.0.0.0/8"))
        client = Client(service.port)
        await _start(client)  # warms up
        for number in range(SLOW):
            await client.json("POST", "/infer", {"pdf_url": urls[number % SERVERS], "priority": "low"})

        async def quiet() -> float:
            return await _start(client)

        async def busy() -> float:
            command = [sys.executable, "-c", "while True: pass"]
            async with process(*command, cwd=Path("/"), env={}):
                return await _start(client)

        alone, beside = await alternate(quiet, busy)
        client.close()
    what = f"start of a high-priority upload behind {SLOW} low-priority URLs of slow servers"
    return [
        bounded(what, "s", alone, most=START_MAX),
        bounded(f"{what}, with one core busy", "s", beside, most=START_MAX),
    ]


async def _start(client: Client) -> float:
    """Seconds from the submission of a high-priority upload until a worker has it."""
    begun = time.perf_counter()
    job = await client.upload(article(1), priority="high")
    while True:
        if (await client.json("GET", f"/jobs/{job}"))["status"] != "queued":
            return time.perf_counter() - begun
        await asyncio.sleep(0.01)


@asynccontextmanager
async def _dripping() -> AsyncIterator[list[str]]:
    """Web servers that send a byte every half second. Yields a URL of each."""

    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.CancelledError):
            writer.write(
                b"HTTP/1.1 200 OK\r\nContent-Type: application/pdf\r\nContent-Length: 100000\r\n\r\n%PDF-1.7\n"
            )
            while True:
                writer.write(b" ")
                await writer.drain()
                await asyncio.sleep(0.5)
        writer.close()

    server = await asyncio.start_server(drip, [f"127.0.0.{number}" for number in range(1, SERVERS + 1)], 0)
    try:
        yield ["http://{}:{}/slow.pdf".format(*socket.getsockname()) for socket in server.sockets]
    finally:
        server.close()


if __name__ == "__main__":
    sys.exit(report({"slow_servers": measure}, within=300))
