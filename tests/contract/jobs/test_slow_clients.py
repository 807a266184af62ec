"""Clients that send or take nothing: they cost little, and others nothing."""

import asyncio
import json
import os
import threading
import zipfile
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import anyio.to_thread
import pytest
from uvicorn import Config
from uvicorn.server import ServerState

import app.api.body_limit
import app.api.protocol
from app.api.body_limit import BodyLimit
from app.api.error_handlers import problem
from app.errors import RequestError
from app.results.reader import MAKERS, Results
from app.results.rendering import CHUNK, result_zip
from app.settings import Settings
from app.storage.blobs import BlobStore, JobFolder

pytestmark = pytest.mark.anyio


async def reading(scope: Any, receive: Any, send: Any) -> None:
    """An application that reads the body, and then until the client has gone."""
    try:
        while (await receive())["more_body"]:
            pass
        gone = await receive()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": gone["type"].encode()})
    except RequestError as error:
        await problem(error)(scope, receive, send)


async def ask(messages: list[dict[str, Any]], late: float = 0.0) -> tuple[int, dict[bytes, bytes]]:
    """Status and headers for these messages of a client; the last one comes `late`, the one after them never."""
    sent: list[Any] = []
    left = iter(messages)

    async def receive() -> dict[str, Any]:
        message = next(left, None)
        if message is None:
            await asyncio.Event().wait()
        assert message is not None
        if message is messages[-1]:
            await asyncio.sleep(late)
        return message

    async def send(message: Any) -> None:
        sent.append(message)

    await BodyLimit(reading, 1)({"type": "http", "method": "POST", "headers": []}, receive, send)
    return sent[0]["status"], dict(sent[0]["headers"])


def part(more: bool, size: int = 1) -> dict[str, Any]:
    return {"type": "http.request", "body": b"x" * size, "more_body": more}


async def test_a_body_that_does_not_come_is_answered_with_408(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app.api.body_limit, "GRACE", 0.05)
    status, headers = await ask([part(True)])
    assert status == 408
    assert headers[b"connection"] == b"close"
    monkeypatch.setattr(app.api.body_limit, "RATE", 10)
    assert (await ask([part(True, 100), part(False), {"type": "http.disconnect"}]))[0] == 200


async def test_after_the_body_there_is_no_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    """As for clients that wait for a job."""
    monkeypatch.setattr(app.api.body_limit, "GRACE", 0.05)
    assert (await ask([part(False), {"type": "http.disconnect"}], late=0.1))[0] == 200


async def test_a_head_that_does_not_come_ends_the_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app.api.protocol, "HEAD_WITHIN", 0.05)

    async def hello(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body"})

    config = Config(hello, lifespan="off", timeout_keep_alive=60)
    config.load()

    def protocol() -> app.api.protocol.Protocol:
        return app.api.protocol.Protocol(config, ServerState(), {})

    server = await asyncio.get_running_loop().create_server(protocol, "127.0.0.1", 0)
    async with server:
        address = server.sockets[0].getsockname()
        for half in (b"", b"GET / HTTP/1.1\r\nHost: x\r\n"):
            reader, writer = await asyncio.open_connection(*address)
            writer.write(half)
            assert await reader.read() == b""
            writer.close()
        reader, writer = await asyncio.open_connection(*address)
        for request in (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"GET / HTTP/1.1\r\n"):
            writer.write(request)
            answer = await (reader.readuntil(b"\r\n\r\n") if request.endswith(b"\r\n\r\n") else reader.read())
            assert answer.startswith(b"HTTP/1.1 204") == request.endswith(b"\r\n\r\n")
        writer.close()


def test_a_zip_is_made_in_bounded_pieces(tmp_path: Path) -> None:
    folder = JobFolder(tmp_path)
    folder._images.mkdir()
    result = {"markdown": os.urandom(3 << 20).hex(), "pages": os.urandom(2 << 20).hex()}
    folder.write(folder.result, json.dumps(result).encode())
    folder.write(folder.image("p1.png"), os.urandom(5 << 20))
    pieces = list(result_zip(folder, 0.0))
    assert max(map(len, pieces)) <= 3 * CHUNK
    with zipfile.ZipFile(BytesIO(b"".join(pieces))) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == ["document.md", "result.json", "p1.png"]
        assert archive.read("document.md").decode() == result["markdown"]
        assert json.loads(archive.read("result.json")) == result
        assert archive.read("p1.png") == folder.read(folder.image("p1.png"))
    next(broken_off := result_zip(folder, 0.0))
    broken_off.close()  # type: ignore[attr-defined]


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
