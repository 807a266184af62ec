"""From where requests may come: addresses, names and sites, as a server tells them to the API."""

import asyncio
import logging
import socket
from typing import Any

import httpx
import psutil
import pytest
import uvicorn
from starlette.responses import PlainTextResponse

from app.api.access import Access
from app.processes.ports import free_port
from app.settings import Settings
from support.harness import until

pytestmark = pytest.mark.anyio

CROSS = {"sec-fetch-site": "cross-site"}


async def ask(
    settings: Settings, server: Any = ("127.0.0.1", 8080), method: str = "GET", **headers: str
) -> tuple[int, bytes]:
    """The answer's status and body to a request to `server` with these headers; host_ is one more host."""
    raw = [(name.rstrip("_").encode(), value.encode()) for name, value in headers.items()]
    scope = {"type": "http", "method": method, "path": "/jobs", "headers": raw, "server": server}
    sent: list[Any] = []

    async def receive() -> Any:
        raise AssertionError("nothing is read")

    async def send(message: Any) -> None:
        sent.append(message)

    await Access(PlainTextResponse("in"), settings)(scope, receive, send)
    return sent[0]["status"], b"".join(message.get("body", b"") for message in sent[1:])


NAMES = Settings(allowed_hosts=["ocr.lan", "Other.Example.com."], public_url="https://ocr.example.com/documents")


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "localhost:8080",
        "LOCALHOST.",
        "127.0.0.1:8080",
        "[::1]:8080",
        "app.localhost",
        "10.1.2.3",
        "[fd00::1]",
    ],
)
async def test_names_of_this_machine_are_allowed(host: str) -> None:
    assert (await ask(Settings(), host=host))[0] == 200


@pytest.mark.parametrize("server", [("127.0.0.1", 8080), ("::1", 8080), ("127.0.0.5", 80), ("::ffff:127.0.0.1", 80)])
@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:8080",
        "127.0.0.1.evil.example",
        "localhost.evil.example",
        "evillocalhost",
        "",
        "[",
        "a@b",
    ],
)
async def test_names_of_others_are_refused(host: str, server: Any) -> None:
    status, body = await ask(Settings(), server, host=host)
    assert status == 421
    assert b"ALLOWED_HOSTS" in body


async def test_every_host_header_counts() -> None:
    assert (await ask(Settings(), host="127.0.0.1", host_="evil.example"))[0] == 421


async def test_http_1_0_needs_no_host() -> None:
    assert (await ask(Settings()))[0] == 200


@pytest.mark.parametrize("host", ["ocr.lan", "other.example.com", "OCR.example.com:443", "127.0.0.1"])
async def test_names_that_are_listed_are_allowed(host: str) -> None:
    assert (await ask(NAMES, host=host))[0] == 200


async def test_on_other_addresses_only_a_list_restricts_names() -> None:
    """A pod, a container and a proxy beside it are known by many names."""
    pod = ("10.0.3.7", 8080)
    for server in (pod, ("127.0.0.1", 8080)):
        for host in ("ocr.default.svc.cluster.local", "ocr", "10.0.3.7:8080", "ocr.example.com"):
            assert (await ask(Settings(host="0.0.0.0", allow_anonymous=True), server, host=host))[0] == 200
    listed = Settings(host="0.0.0.0", allow_anonymous=True, allowed_hosts=["ocr"])
    assert (await ask(listed, pod, host="ocr:8080"))[0] == 200
    assert (await ask(listed, pod, host="10.0.3.7:8080"))[0] == 200
    assert (await ask(listed, pod, host="evil.example"))[0] == 421


@pytest.mark.parametrize("server", [("/run/ocr.sock", None), None])
async def test_over_a_unix_socket_come_proxies(server: Any) -> None:
    assert (await ask(Settings(), server, host="ocr.example.com"))[0] == 200


@pytest.mark.parametrize("method", ["POST", "DELETE"])
@pytest.mark.parametrize(
    "headers",
    [
        CROSS,
        {"sec-fetch-site": "new"},
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": "["},
        {"origin": "http://127.0.0.1.evil.example"},
        {"origin": "http://192.168.9.9", **CROSS},
    ],
)
async def test_pages_of_other_sites_send_nothing(method: str, headers: dict[str, str]) -> None:
    for settings, server in ((Settings(), ("127.0.0.1", 8080)), (Settings(allow_anonymous=True), ("10.0.0.1", 80))):
        status, body = await ask(settings, server, method, host="127.0.0.1:8080", **headers)
        assert status == 403
        assert b"other sites" in body
    assert (await ask(Settings(), host="127.0.0.1:8080", **headers))[0] == 200  # it cannot read the answer


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"origin": "http://127.0.0.1:8080"},
        {"origin": "http://127.0.0.1:3000"},
        {"origin": "https://ocr.example.com"},
        {"origin": "https://ocr.lan", **CROSS},
        {"sec-fetch-site": "same-origin", "origin": "https://anything.example"},
        {"sec-fetch-site": "same-site", "origin": "https://app.example.com"},
        {"sec-fetch-site": "none"},
    ],
)
async def test_our_pages_and_programs_send(headers: dict[str, str]) -> None:
    assert (await ask(NAMES, method="POST", host="127.0.0.1:8080", **headers))[0] == 200


@pytest.mark.parametrize("address", ["192.168.1.5", "10.0.0.1", "fe80::1", "2001:db8::1", "::ffff:192.168.1.5", "name"])
async def test_an_address_that_others_reach_has_to_be_meant(address: str, caplog: pytest.LogCaptureFixture) -> None:
    """However the server was started: uvicorn app.main:app --host 0.0.0.0 asks nobody."""
    with caplog.at_level(logging.ERROR):
        status, body = await ask(Settings(), (address, 8080), host=address)
    assert status == 403
    assert b"ALLOW_ANONYMOUS=1" in body
    assert "ALLOW_ANONYMOUS=1" in caplog.text
    assert (await ask(Settings(allow_anonymous=True), (address, 8080), host="any.example"))[0] == 200


async def test_a_server_tells_the_address_that_it_was_reached_at() -> None:
    ours = [one.address for found in psutil.net_if_addrs().values() for one in found if one.family is socket.AF_INET]
    port = free_port()
    app = Access(PlainTextResponse("in"), Settings())
    server = uvicorn.Server(uvicorn.Config(app, "0.0.0.0", port, lifespan="off", log_config=None))
    serving = asyncio.create_task(server.serve())
    await until(lambda: server.started)
    async with httpx.AsyncClient(trust_env=False) as client:
        for address in ours:
            answer = await client.get(f"http://{address}:{port}/")
            assert answer.status_code == (200 if address.startswith("127.") else 403)
    server.should_exit = True
    await serving


@pytest.mark.parametrize("word", ["http://a", "a:80", "*", "*.example.com", "a b", "a..b", "[::1]", "é"])
def test_allowed_hosts_are_names(word: str) -> None:
    with pytest.raises(ValueError, match="is not a host name"):
        Settings(allowed_hosts=[word])
