"""A request head that comes late, or never."""

import asyncio
from typing import Any

import pytest
from uvicorn import Config
from uvicorn.server import ServerState

import app.api.protocol

pytestmark = pytest.mark.anyio


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
