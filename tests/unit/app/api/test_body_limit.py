"""A request body that comes late, or never."""

import asyncio
from typing import Any

import pytest

import app.api.body_limit
from app.api.body_limit import BodyLimit
from app.api.error_handlers import problem
from app.errors import RequestError

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
