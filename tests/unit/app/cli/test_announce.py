"""What the service does until it is ready: it waits for what can come by itself, and gives up on what cannot."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio
import pytest

from app.cli import serve
from app.processes.own_address import reachable, url_of
from app.settings import Settings
from support.harness import PATIENCE

pytestmark = pytest.mark.anyio

GOOD = {"store": "ok", "blobs": "ok", "worker": "ok", "pp_ocr": "ok"}
FULL = GOOD | {"blobs": "The disk of DATA_DIR has less than 512 MiB left."}


class Readiness:
    """Answers GET /health/ready with `parts`."""

    def __init__(self, host: str) -> None:
        self.parts = GOOD
        self.asked = 0
        self.settings = Settings(host=host)

    @asynccontextmanager
    async def serve(self) -> AsyncIterator[None]:
        listener = await anyio.create_tcp_listener(local_host=reachable(self.settings.host))
        self.settings = Settings(host=self.settings.host, port=listener.extra(anyio.abc.SocketAttribute.local_port))
        async with listener, anyio.create_task_group() as group:
            group.start_soon(listener.serve, self._answer)
            yield
            group.cancel_scope.cancel()

    async def _answer(self, stream: anyio.abc.SocketStream) -> None:
        async with stream:
            await stream.receive()
            self.asked += 1
            status = b"200 OK" if self.parts == GOOD else b"503 Service Unavailable"
            reason = "; ".join(f"{name}: {state}" for name, state in self.parts.items() if state != "ok")
            body = json.dumps({"parts": self.parts, "errorMsg": reason}).encode()
            await stream.send(b"HTTP/1.0 %b\r\nContent-Length: %d\r\n\r\n%b" % (status, len(body), body))


@pytest.fixture
async def readiness(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Readiness]:
    monkeypatch.setattr(serve, "READY_WITHIN", 0.3)
    ours = Readiness(getattr(request, "param", "127.0.0.1"))
    async with ours.serve():
        yield ours


async def test_a_service_without_room_stays_up_until_there_is_some(
    readiness: Readiness, caplog: pytest.LogCaptureFixture
) -> None:
    ready = anyio.Event()

    async def on_ready(url: str) -> None:
        ready.set()

    readiness.parts = FULL
    async with anyio.create_task_group() as group:
        group.start_soon(serve._announce, readiness.settings, on_ready, True)
        with anyio.fail_after(10):
            while readiness.asked < 8:  # READY_WITHIN is long over
                await anyio.sleep(0.05)
            assert not ready.is_set()
            readiness.parts = GOOD
            await ready.wait()
    assert "less than 512 MiB" in caplog.text


@pytest.mark.parametrize("readiness", ["127.0.0.1", "0.0.0.0", "::1", "::", "localhost"], indirect=True)
async def test_a_service_is_asked_at_the_address_that_it_listens_on(readiness: Readiness) -> None:
    announced: list[str] = []

    async def on_ready(url: str) -> None:
        announced.append(url)

    with anyio.fail_after(PATIENCE):
        await serve._announce(readiness.settings, on_ready, patient=True)
    assert announced == [url_of(readiness.settings.host, readiness.settings.port)]


@pytest.mark.parametrize(
    ("parts", "patient"),
    [
        (GOOD | {"worker": "no live worker"}, True),
        ({"store": "nothing answers", "blobs": "ok", "worker": "unknown while Redis is unavailable"}, True),
        (FULL, False),
    ],
)
async def test_a_service_that_is_not_there_is_given_up(
    readiness: Readiness, parts: dict[str, str], patient: bool
) -> None:
    async def on_ready(url: str) -> None:
        pytest.fail("it is not ready")

    readiness.parts = parts
    with pytest.raises(serve.ServiceFailed, match="is not ready"):
        await serve._announce(readiness.settings, on_ready, patient)
