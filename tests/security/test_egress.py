"""The only door to other hosts, against hostile servers on the loopback interface; nothing here connects elsewhere."""

import asyncio
import gzip
import ipaddress
import itertools
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import ExitStack, asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app.egress.client import EgressClient, Reply
from app.egress.policy import UrlPolicy, callback_policy, check_url, fetch_policy, is_blocked, redact
from app.errors import FetchError, InvalidRequest
from app.processes.die_with_parent import die_with_parent
from app.settings import Settings, SettingsError, load_settings
from support.harness import ROOT

PATIENCE = 110  # seconds a hostile server goes on for, far beyond what these tests take on a slow machine
PROMPT = 100  # seconds within which a deadline of half a second must have ended things: before the server does
MIB = 1 << 20
CREATE_SSL_CONTEXT = httpx.create_ssl_context
TLS = CREATE_SSL_CONTEXT()

MUST_BLOCK = """
127.0.0.1 127.1.2.3 0.0.0.0 0.1.2.3 10.0.0.1 172.16.0.1 192.168.1.1 169.254.169.254 169.254.170.2
100.64.0.1 100.100.100.200 192.0.0.1 192.0.0.192 192.0.2.1 198.18.0.1 198.51.100.1 203.0.113.1 224.0.0.1 239.1.1.1
240.0.0.1 255.255.255.255 192.88.99.1 168.63.129.16 ::1 :: ::ffff:127.0.0.1 ::ffff:169.254.169.254 ::ffff:10.0.0.1
::127.0.0.1 ::ffff:0:127.0.0.1 64:ff9b::7f00:1 64:ff9b::a9fe:a9fe 64:ff9b:1::7f00:1 2002:7f00:1:: 2002:a9fe:a9fe::
2001:0:7f00:1::80ff:fffe 2001:db8::1 fe80::1 fec0::1 fc00::1 fd00:ec2::254 fd20:ce::254 ff02::1 100::1 5f00::1 3fff::1
::ffff:0:0:0 fe80::1%lo 2606:4700:4700::1111%lo
"""
MUST_ALLOW = """
93.184.216.34 1.1.1.1 8.8.8.8 2606:4700:4700::1111 2001:4860:4860::8888 192.0.0.9 2001:4:112::1
64:ff9b::808:808 ::ffff:8.8.8.8
"""

_watching: list[list[Any]] = []


def _audit(event: str, args: tuple[Any, ...]) -> None:
    """While a test of this module runs, a connect to anything but loopback is refused and noted."""
    if _watching and event in ("socket.connect", "socket.sendto") and isinstance(args[1], tuple):
        try:
            loopback = ipaddress.ip_address(args[1][0]).is_loopback
        except ValueError:
            loopback = False
        if not loopback:
            _watching[-1].append(args[1])
            raise PermissionError(f"blocked: {args[1]}")


sys.addaudithook(_audit)


@pytest.fixture(autouse=True)
def attempts() -> Iterator[list[Any]]:
    """Every attempt to connect to an address other than loopback; a test that makes one fails."""
    _watching.append([])
    yield _watching[-1]
    assert not _watching.pop()


@pytest.fixture(autouse=True)
def one_tls_context(monkeypatch: pytest.MonkeyPatch) -> None:
    """Making one takes longer than most of these tests."""
    monkeypatch.setattr(httpx, "create_ssl_context", lambda: TLS)


@pytest.fixture
def dns(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[list[str]]]:
    """Answers by name, one for each lookup, the last one kept; what is not in it is not found."""
    names: dict[str, list[list[str]]] = {}

    def getaddrinfo(host: str, port: int, *args: Any, **kwargs: Any) -> list[Any]:
        if host not in names:
            with suppress(ValueError):
                ipaddress.ip_address(host)
                return [(0, 1, 6, "", (host, port))]
            raise socket.gaierror(socket.EAI_NONAME, "not found")
        answers = names[host]
        return [(0, 1, 6, "", (ip, port)) for ip in (answers.pop(0) if len(answers) > 1 else answers[0])]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return names


Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter, bytes], Awaitable[None]]


@asynccontextmanager
async def serving(handler: Handler) -> AsyncIterator[int]:
    """A server on 127.0.0.1; its port. At the end the client must have closed every connection."""
    tasks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await handler(reader, writer, await reader.readuntil(b"\r\n\r\n"))
            writer.write_eof()
            await asyncio.wait_for(reader.read(), PATIENCE)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(serve(reader, writer))
        tasks.add(task)
        with suppress(asyncio.CancelledError):
            await task

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        if tasks:
            _, open_ones = await asyncio.wait(tasks, timeout=PROMPT)
            for task in open_ones:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            assert not open_ones, "the client left a connection open"


def says(answer: bytes, then: bytes = b"", every: float = 0, close: bool = True) -> Handler:
    """Sends `answer` and then, until the client is gone or for PATIENCE seconds, `then` again and again."""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, head: bytes) -> None:
        writer.write(answer)
        await writer.drain()
        if not close:
            await asyncio.wait_for(reader.read(), PATIENCE)
        end = time.monotonic() + PATIENCE
        while then and time.monotonic() < end:
            writer.write(then)
            await writer.drain()
            await asyncio.sleep(every)

    return handler


def ok(body: bytes, *headers: bytes) -> bytes:
    return b"\r\n".join([b"HTTP/1.1 200 OK", *headers, b"", body])


def length(size: int) -> bytes:
    return b"Content-Length: %d" % size


async def discard(chunk: bytes) -> None:
    pass


def keeping(body: list[bytes]) -> Callable[[bytes], Awaitable[None]]:
    async def keep(chunk: bytes) -> None:
        body.append(chunk)

    return keep


def get(handler: Handler, path: str = "/doc.pdf", **settings: Any) -> tuple[int, bytes]:
    """Download from a server of ours; the result and the bytes."""

    async def main() -> tuple[int, bytes]:
        async with serving(handler) as port, egress(**settings) as out:
            body: list[bytes] = []
            done = await out.download(f"http://127.0.0.1:{port}{path}", keeping(body))
            return done, b"".join(body)

    return asyncio.run(main())


@asynccontextmanager
async def egress(**settings: Any) -> AsyncIterator[EgressClient]:
    defaults = {
        "fetch_allowed_hosts": ["127.0.0.1"],
        "callback_allowed_hosts": ["127.0.0.1"],
        "fetch_timeout": PROMPT,
        "max_file_mb": 1,
    }
    out = EgressClient(Settings(**{**defaults, **settings}))
    try:
        yield out
    finally:
        await out.aclose()


def refusal(url: str, **settings: Any) -> FetchError:
    """The error of a download that must fail."""

    async def main() -> None:
        async with egress(**settings) as out:
            await out.download(url, discard)

    with pytest.raises(FetchError) as caught:
        asyncio.run(main())
    return caught.value


# --- the address table


@pytest.mark.parametrize("ip", MUST_BLOCK.split())
def test_denied(ip: str) -> None:
    assert is_blocked(ip)


@pytest.mark.parametrize("ip", MUST_ALLOW.split())
def test_not_denied(ip: str) -> None:
    assert not is_blocked(ip)


# --- what a URL tells without DNS


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com",
        "https://example.com:443/a/b%20c.pdf?x=1#page",
        "HTTP://EXAMPLE.com./",
        "http://bücher.example/ü.pdf",
        "http://under_score.example/x",
        "http://93.184.216.34/",
        "https://[2606:4700:4700::1111]/",
        "http://lan.test:9000/x",
        "http://LAN.test./x",
        "http://bilder.münchen.test:81/x",
        "http://[0:0::1]:9000/x",
        "http://10.1.2.3:8080/x",
        "http://[fd00::1]/x",
    ],
)
def test_check_url_accepts(url: str) -> None:
    listed = ["lan.test", "bilder.münchen.test", "[::1]:9000", "10.1.2.3:8080", "fd00::1"]
    check_url(url, UrlPolicy(listed))


@pytest.mark.parametrize(
    "url",
    [
        "",
        "example.com",
        "//example.com/x",
        "/x",
        "ftp://example.com/x",
        "file:///etc/passwd",
        "data:text/plain,hi",
        "http://",
        "http:///x",
        "http://user@example.com/",
        "http://user:pw@example.com/",
        "http://:pw@example.com/",
        "http://exa\nmple.com/",
        "http://example.com/\x00",
        " http://example.com/",
        "http://example.com\\@127.0.0.1/",
        "http://example.com:22/",
        "http://example.com:0/",
        "http://example.com:99999/",
        "http://example.com:pw/",
        "http://127.0.0.1/",
        "http://127.1/",
        "http://2130706433/",
        "http://0x7f000001/",
        "http://[::1]/",
        "http://[::1/",
        "http://[fe80::1%25lo]/",
        "http://%31%32%37.0.0.1/",
        "http://１２７.0.0.1/",
        "http://127。0。0。1/",
        "http://exa mple.com/",
        "http://xn--a.example:1/",
        "http://\ud800.example/",
        "http://example.com/" + "x" * 9000,
        "http://lan.test:9001/",
        "http://10.1.2.3/",
    ],
)
def test_check_url_refuses(url: str) -> None:
    listed = ["lan.test:9000", "10.1.2.3:8080"]
    with pytest.raises(InvalidRequest) as caught:
        check_url(url, UrlPolicy(listed))
    assert caught.value.code == "invalid_request"
    assert caught.value.message.endswith(".")
    error = refusal(url, fetch_allowed_hosts=listed)  # what the API says no to, the lane refuses too
    assert error.code == "fetch_refused"


URLISH = st.text(st.sampled_from("htps:/.@[]%#?\\0127a-_: \tü。①\ud800xn"), max_size=40)


@given(st.one_of(st.text(), URLISH, URLISH.map("http://".__add__)))
@example("http://xn--a/")
@example("http://xn--/x")
def test_no_url_surprises(url: str) -> None:
    redact(url).encode()
    rules = UrlPolicy()
    with suppress(FetchError):
        base = rules.check(url)
        rules.check("x", base=base)
    with suppress(FetchError):
        rules.check(url, base=rules.check("http://example.com/a"))


@pytest.mark.parametrize("entry", ["http://lan.test", "lan.test/x", "u@lan.test", "lan.test:x", "a b", "[::1"])
def test_unreadable_allowed_host(entry: str) -> None:
    with pytest.raises(ValueError, match="is not a host or host:port"):
        EgressClient(Settings(fetch_allowed_hosts=[entry]))


@pytest.mark.parametrize(
    ("entry", "sentence"),
    [
        ("10.0.0.0/33", "is not a network such as 10.0.0.0/8"),
        ("10.0.0.1/8", "no bits may be set beyond the prefix"),
        ("intranet.lan", "is not a network"),
        ("10.0.0.0/8 192.168.0.0/16", "is not a network"),
        ("fe80::%lo/zz", "is not a network"),
        ("::ffff:10.0.0.0/104", "use their IPv4 network"),
        ("64:ff9b::a00:0/104", "use their IPv4 network"),
    ],
)
def test_unreadable_allowed_network(monkeypatch: pytest.MonkeyPatch, entry: str, sentence: str) -> None:
    monkeypatch.setenv("FETCH_ALLOWED_NETWORKS", f"192.168.0.0/16, {entry}")
    with pytest.raises(SettingsError, match="FETCH_ALLOWED_NETWORKS") as caught:
        load_settings()
    assert repr(entry) in str(caught.value)
    assert sentence in str(caught.value)


@pytest.mark.parametrize(
    ("ip", "port", "allowed"),
    [
        ("10.1.0.0", 80, True),
        ("10.1.255.255", 6379, True),
        ("10.0.255.255", 80, False),
        ("10.2.0.0", 80, False),
        ("192.168.7.7", 8080, True),
        ("192.168.7.6", 80, False),
        ("192.168.7.8", 80, False),
        ("fd12::1", 8080, True),
        ("fd12:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 80, True),
        ("fd11:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 80, False),
        ("fd13::", 80, False),
        ("fd12::1%lo", 80, False),
        ("::ffff:10.1.2.3", 8080, True),
        ("::ffff:10.2.0.0", 80, False),
        ("64:ff9b::a01:203", 80, True),
        ("64:ff9b::a02:0", 80, False),
        ("::10.1.2.3", 80, False),
        ("2002:a01:203::", 80, False),
        ("8.8.8.8", 443, True),
        ("8.8.8.8", 8080, False),
        ("127.0.0.1", 80, False),
        ("169.254.169.254", 80, False),
    ],
)
def test_allowed_networks(monkeypatch: pytest.MonkeyPatch, ip: str, port: int, allowed: bool) -> None:
    """Addresses of the networks at any port, public ones at the usual ports, and no others."""
    monkeypatch.setenv("FETCH_ALLOWED_NETWORKS", "10.1.0.0/16, 192.168.7.7,fd12::/16,")
    rules = fetch_policy(load_settings())
    url = f"http://[{ip}]:{port}/x" if ":" in ip else f"http://{ip}:{port}/x"
    judgements: list[Callable[[], object]] = [
        lambda: rules.check_addresses("name.test", port, [ip]),
        lambda: rules.check(url),
    ]
    for judge in judgements:
        if allowed:
            judge()
        else:
            with pytest.raises(FetchError, match=r"FETCH_ALLOWED_HOSTS|no valid host") as caught:
                judge()
            assert caught.value.code == "fetch_refused"
    with pytest.raises(FetchError, match="FETCH_ALLOWED_NETWORKS"):  # one is not enough
        rules.check_addresses("name.test", 80, [ip, "10.2.0.0"])


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://example.com/a.pdf", "https://example.com/a.pdf"),
        ("https://example.com/a.pdf?sig=secret#frag", "https://example.com/a.pdf?…"),
        ("https://example.com?sig=secret", "https://example.com/?…"),
        ("http://user:secret@example.com:8080/x", "http://example.com:8080/x"),
        ("http://[::1]:9000/x", "http://[::1]:9000/x"),
        ("http://user:sec/ret@example.com/x", "…"),
        ("user:secret@example.com/x", "…"),
        ("http://a\nb?secret", "…"),
        ("", "…"),
    ],
)
def test_redact(url: str, shown: str) -> None:
    assert redact(url) == shown


# --- addresses


@pytest.mark.parametrize(
    "answers",
    [["127.0.0.1"], ["93.184.216.34", "127.0.0.1"], ["127.0.0.1", "93.184.216.34"], ["::1"], ["::ffff:127.0.0.1"]],
)
def test_one_private_answer_refuses_the_name(dns: dict[str, list[list[str]]], answers: list[str]) -> None:
    dns["a.test"] = [answers]
    error = refusal("http://a.test/x?sig=secret")
    assert error.code == "fetch_refused"
    assert "FETCH_ALLOWED_HOSTS" in error.message
    assert "secret" not in error.message
    assert not any(ip in error.message for ip in answers)


def test_rebinding(dns: dict[str, list[list[str]]]) -> None:
    """The address that was judged is the one that is connected to: there is no second lookup."""
    dns["a.test"] = [["127.0.0.1"], ["93.184.216.34"]]

    async def main() -> None:
        async with serving(says(ok(b"x", length(1)))) as port, egress(fetch_allowed_hosts=["a.test"]) as out:
            assert (await out.download(f"http://a.test:{port}/", discard)) == 1

    asyncio.run(main())
    assert dns["a.test"] == [["93.184.216.34"]]


def test_the_next_address_is_tried(dns: dict[str, list[list[str]]]) -> None:
    dns["a.test"] = [["127.0.0.2", "127.0.0.1"]]

    async def main() -> None:
        async with serving(says(ok(b"x", length(1)))) as port, egress(fetch_allowed_hosts=["A.TEST."]) as out:
            assert (await out.download(f"http://a.test:{port}/", discard)) == 1

    asyncio.run(main())


def test_a_host_that_accepts_no_connection_in_time() -> None:
    """Its backlog is full, so that it answers nothing at all."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full, ExitStack() as waiting:
        port = full.getsockname()[1]
        for _ in range(4):
            one = waiting.enter_context(socket.socket())
            one.setblocking(False)
            one.connect_ex(("127.0.0.1", port))
        error = refusal(f"http://127.0.0.1:{port}/x", fetch_timeout=0.5)
    assert error.code == "fetch_timeout"


def test_not_found(dns: dict[str, list[list[str]]]) -> None:
    error = refusal("http://nowhere.test/x?sig=secret")
    assert error.code == "fetch_failed"
    assert "nowhere.test could not be resolved" in error.message


def test_nothing_listens() -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        error = refusal(f"http://127.0.0.1:{bound.getsockname()[1]}/x")
    assert error.code == "fetch_failed"
    assert "does not accept connections" in error.message


def test_slow_resolver(monkeypatch: pytest.MonkeyPatch) -> None:
    given_up = threading.Event()

    def getaddrinfo(*args: Any, **kwargs: Any) -> list[Any]:
        given_up.wait(PATIENCE)
        raise socket.gaierror(socket.EAI_AGAIN, "later")

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)

    async def main() -> None:
        async with egress(fetch_timeout=0.3) as out:
            with pytest.raises(FetchError) as caught:
                await out.download("http://slow.test/", discard)
            assert caught.value.code == "fetch_timeout"  # while the resolver still waits
            given_up.set()

    asyncio.run(main())


def test_authorities_that_cannot_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(httpx, "create_ssl_context", CREATE_SSL_CONTEXT)
    (tmp_path / "empty.pem").touch()
    for name in ("empty.pem", "missing.pem"):
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / name))
        with pytest.raises(SettingsError, match="SSL_CERT_FILE cannot be read as a file of certificates"):
            EgressClient(Settings())


def test_environment_proxies_are_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ["http_proxy", "HTTP_PROXY", "ALL_PROXY", "all_proxy"]:
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    assert get(says(ok(b"x", length(1))))[1] == b"x"


# --- downloads


def test_download() -> None:
    heads = []

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, head: bytes) -> None:
        heads.append(head)
        writer.write(ok(b"%PDF-", length(5), b"Content-Type: Application/PDF; x=y"))

    done, body = get(handler, "/a%20b/%C3%9Cber%20uns.pdf?sig=1")
    assert done == 5
    assert body == b"%PDF-"
    lines = heads[0].lower().split(b"\r\n")
    assert lines[0] == b"get /a%20b/%c3%9cber%20uns.pdf?sig=1 http/1.1"
    assert b"accept-encoding: identity" in lines
    assert re.search(rb"\r\nhost: 127\.0\.0\.1:\d+\r\n", heads[0].lower())


def test_redirects_are_followed() -> None:
    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, head: bytes) -> None:
        n = int(head.split(b" ")[1].split(b"?")[0].strip(b"/") or 0)
        if n < 5:
            writer.write(b"HTTP/1.1 302 Found\r\nLocation: /%d?next\r\nContent-Length: 0\r\n\r\n" % (n + 1))
            return
        writer.write(ok(b"done", length(4)))

    assert get(handler, "/0")[1] == b"done"


def test_headers_are_for_one_origin() -> None:
    """They go to the server of the URL and follow its redirects to itself; once it sends us elsewhere they are gone."""
    heads: list[bytes] = []
    ports: list[int] = []

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, head: bytes) -> None:
        heads.append(head.lower())
        path = head.split(b" ")[1]
        onward = {b"/a": "/b", b"/b": f"http://127.0.0.1:{ports[1]}/c", b"/c": f"http://127.0.0.1:{ports[0]}/d"}
        if path in onward:
            location = onward[path].encode()
            writer.write(b"HTTP/1.1 307 Elsewhere\r\nLocation: %s\r\nContent-Length: 0\r\n\r\n" % location)
        else:
            writer.write(ok(b"x", length(1)))

    async def main() -> None:
        headers = {"Authorization": "Bearer token", "X-Empty": "", "accept": "application/pdf", "user-agent": "mine"}
        async with serving(handler) as first, serving(handler) as second, egress() as out:
            ports[:] = [first, second]
            await out.download(f"http://127.0.0.1:{first}/a", discard, headers)

    asyncio.run(main())
    own = [
        b"authorization: bearer token\r\n",
        b"x-empty: \r\n",
        b"accept: application/pdf\r\n",
        b"user-agent: mine\r\n",
    ]
    assert [head.split(b" ")[1] for head in heads] == [b"/a", b"/b", b"/c", b"/d"]
    for head in heads[:2]:
        assert all(line in head for line in own)
        assert head.count(b"\r\naccept: ") == head.count(b"\r\nuser-agent: ") == 1
    for head in heads[2:]:
        assert not any(line in head for line in own)
        assert b"accept: */*" in head


def test_the_body_of_a_redirect_is_not_read() -> None:
    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, head: bytes) -> None:
        if head.startswith(b"GET /a"):
            await says(b"HTTP/1.1 302 Found\r\nLocation: /b\r\n\r\n", b"x" * 65536)(reader, writer, head)
        else:
            writer.write(ok(b"done", length(4)))

    assert get(handler, "/a", fetch_timeout=PROMPT)[1] == b"done"


def test_many_at_once() -> None:
    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, head: bytes) -> None:
        await asyncio.sleep(0.05)
        n = int(head.split(b" ")[1].strip(b"/"))
        await says(ok(b"%d" % n * 1000) if n % 3 else b"HTTP/1.1 500 No\r\n\r\n")(reader, writer, head)

    async def main() -> None:
        async with serving(handler) as port, egress() as out:

            async def one(n: int) -> bytes:
                body: list[bytes] = []
                await out.download(f"http://127.0.0.1:{port}/{n}", keeping(body))
                return b"".join(body)

            results = await asyncio.gather(*(one(n) for n in range(60)), return_exceptions=True)
        for n, result in enumerate(results):
            assert isinstance(result, FetchError) if n % 3 == 0 else result == b"%d" % n * 1000

    asyncio.run(main())


CHUNKED = b"Transfer-Encoding: chunked"
LOOP = b"HTTP/1.1 302 Found\r\nLocation: /again?sig=secret\r\nContent-Length: 0\r\n\r\n"


@pytest.mark.parametrize(
    ("handler", "code", "says_so"),
    [
        (says(ok(b"", length(100)), b"x", 0.1), "fetch_timeout", "0.5 seconds"),
        (says(b"HTTP/1.1 200 OK\r\n", b"X-A: b\r\n", 0.1), "fetch_timeout", "FETCH_TIMEOUT"),
        (says(b"H", close=False), "fetch_timeout", "0.5 seconds"),
        (says(b"", close=False), "fetch_timeout", "0.5 seconds"),
        (says(ok(b"12345", length(10)), close=False), "fetch_timeout", "0.5 seconds"),
        (says(b"", b"HTTP/1.1 100 Continue\r\n\r\n", 0.05), "fetch_timeout", "0.5 seconds"),
        (says(b"HTTP/1.1 302 Found\r\n", b"X-A: b\r\n", 0.1), "fetch_timeout", "0.5 seconds"),
        (says(ok(b"12345", length(10))), "fetch_failed", "broke off"),
        (says(ok(b"5\r\n12345", CHUNKED)), "fetch_failed", "broke off"),
        (says(ok(b"zz\r\n12345", CHUNKED)), "fetch_failed", "broke off"),
        (says(ok(b"x", b"Content-Length: 1", b"Content-Length: 2")), "fetch_failed", "broke off"),
        (says(ok(b"x", b"Content-Length: -1")), "fetch_failed", "broke off"),
        (says(b""), "fetch_failed", "broke off"),
        (says(b"220 mail.test ESMTP\r\n"), "fetch_failed", "broke off"),
        (says(b"HTTP/1.1 200 OK\r\n", b"X-A: %s\r\n" % (b"b" * 5000)), "fetch_failed", "broke off"),
        (says(b"HTTP/1.1 200 OK\r\nX-A: ", b"b" * 65536), "fetch_failed", "broke off"),
        (says(ok(b"x", b"Content-Length: " + b"9" * 25)), "fetch_failed", "broke off"),
        (says(ok(b"x", b"Content-Length: " + b"9" * 5000)), "fetch_failed", "broke off"),
        (says(ok(b"x", b"Transfer-Encoding: gzip, chunked")), "fetch_failed", "broke off"),
        (says(ok(b"1;", CHUNKED), b"a" * 65536), "fetch_failed", "broke off"),
        (says(ok(b"1\r\nx\r\n0\r\n", CHUNKED), b"X-A: %s\r\n" % (b"b" * 5000)), "fetch_failed", "broke off"),
        (says(ok(b"", CHUNKED), b"1;" + b"a" * 50_000 + b"\r\nx\r\n"), "fetch_failed", "tiny chunks"),
        (says(ok(b"", CHUNKED), b"1\r\nx\r\n" * 1000), "fetch_failed", "tiny chunks"),
        (says(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 1000), "fetch_failed", "tiny chunks"),
        (says(ok(b"\x1f\x8b" * 50, b"Content-Encoding: gzip")), "fetch_failed", "Content-Encoding"),
        (says(ok(b"x", b"Content-Encoding: identity, br")), "fetch_failed", "Content-Encoding"),
        (says(ok(b"", length(MIB + 1))), "fetch_too_large", "1 MiB"),
        (says(ok(b""), b"x" * 65536), "fetch_too_large", "MAX_FILE_MB"),
        (says(ok(b"", CHUNKED), b"10000\r\n" + b"x" * 65536 + b"\r\n"), "fetch_too_large", "1 MiB"),
        (says(b"HTTP/1.1 404 Not Found\r\n\r\n", b"x" * 65536), "fetch_status", "404"),
        (says(b"HTTP/1.1 206 Partial Content\r\n\r\nx"), "fetch_status", "206"),
        (says(b"HTTP/1.1 304 Not Modified\r\n\r\n"), "fetch_status", "304"),
        (says(b"HTTP/1.1 302 Found\r\n\r\n"), "fetch_status", "302"),
        (says(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n", b"x"), "fetch_failed", "broke off"),
        (says(LOOP), "fetch_failed", "more than 5 times"),
        (says(LOOP.replace(b"/again", b"http://elsewhere.localhost:81/")), "fetch_refused", "port 81"),
        (says(LOOP.replace(b"/again", b"http://[::1]/")), "fetch_refused", "FETCH_ALLOWED_HOSTS"),
        (says(LOOP.replace(b"/again", b"http://private.test/")), "fetch_refused", "FETCH_ALLOWED_HOSTS"),
        (says(LOOP.replace(b"/again", b"//private.test/")), "fetch_refused", "FETCH_ALLOWED_HOSTS"),
        (says(LOOP.replace(b"/again", b"http://u:secret@127.0.0.1/")), "fetch_refused", "password"),
        (says(LOOP.replace(b"/again", b"file:///etc/passwd")), "fetch_refused", "http"),
        (says(LOOP.replace(b"/again", b"http://[::1")), "fetch_refused", "malformed"),
        (says(LOOP.replace(b"/again", b"\\\\private.test\\")), "fetch_refused", "backslash"),
    ],
)
def test_hostile_server(dns: dict[str, list[list[str]]], handler: Handler, code: str, says_so: str) -> None:
    """It ends long before the server would, with the right code, and the connection is closed."""
    dns["private.test"] = [["127.0.0.1"]]
    start = time.monotonic()
    with pytest.raises(FetchError) as caught:
        get(handler, "/doc.pdf?sig=secret", fetch_timeout=0.5 if code == "fetch_timeout" else PROMPT)
    assert caught.value.code == code
    assert says_so in caught.value.message
    assert "secret" not in caught.value.message
    assert time.monotonic() - start < PROMPT


ROOM = r"""
import asyncio, json, re, sys
from pathlib import Path
from app.errors import FetchError
from app.egress.client import EgressClient
from app.settings import Settings

def kib(field):
    return int(re.search(field + r":\s+(\d+) kB", Path("/proc/self/status").read_text())[1])

kept = []

async def save(chunk):
    kept.append(chunk)

async def discard(chunk):
    pass

async def main():
    listed = {"fetch_allowed_hosts": "127.0.0.1", "callback_allowed_hosts": "127.0.0.1"}
    out = EgressClient(Settings(**listed, max_file_mb=64, fetch_timeout=100))
    seen = {}
    for door, url in (word.split("=", 1) for word in sys.argv[1:]):
        Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew
        before = kib("VmRSS")
        try:
            if door == "callback":
                code = (await out.post(url, b"{}", {}, timeout=100)).status
            else:
                kept.clear()
                code = await out.download(url, save if door == "kept" else discard)
        except FetchError as error:
            code = error.code
        seen[door + " " + url.rpartition("/")[2]] = [code, (kib("VmHWM") - before) / 1024]
    print(json.dumps(seen))
    await out.aclose()

asyncio.run(main())
"""
LARGE = {
    "warm": (says(ok(b"x" * MIB, length(MIB))), MIB, 200),
    "endless": (says(ok(b""), b"x" * 65536), "fetch_too_large", 200),
    "chunked": (says(ok(b"", CHUNKED), b"100000\r\n" + b"x" * MIB + b"\r\n"), "fetch_too_large", 200),
    "limit": (says(ok(b"x" * (64 * MIB), length(64 * MIB))), 64 * MIB, 200),
    "more": (says(ok(b"12345", length(5)), b"x" * 65536), 5, 200),
    "bomb": (says(ok(b"", b"Content-Encoding: gzip"), gzip.compress(bytes(64 * MIB))), "fetch_failed", 200),
    "header": (says(b"HTTP/1.1 200 OK\r\nX-A: ", b"b" * 65536), "fetch_failed", "fetch_failed"),
    "headers": (says(b"HTTP/1.1 200 OK\r\n", b"X-A: b\r\n" * 1000), "fetch_failed", "fetch_failed"),
    "interim": (says(b"", b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" * 1000), "fetch_failed", "fetch_failed"),
    "crumbs": (says(ok(b"", CHUNKED), b"1\r\nx\r\n" * 1000), "fetch_failed", 200),
    "extension": (says(ok(b"1;", CHUNKED), b"a" * 65536), "fetch_failed", "fetch_failed"),
    "trailer": (says(ok(b"0\r\nX-A: ", CHUNKED), b"b" * 65536), "fetch_failed", "fetch_failed"),
    "missing": (says(b"HTTP/1.1 404 Not Found\r\n\r\n", b"x" * 65536), "fetch_status", 404),
    "redirect": (says(b"HTTP/1.1 302 Found\r\nLocation: /missing\r\n\r\n", b"x" * 65536), "fetch_status", 302),
}
"""What servers send by the tens of MiB, and what becomes of it: by download and by callback."""


@pytest.mark.slow
def test_what_a_server_sends_takes_no_memory() -> None:
    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, head: bytes) -> None:
        await LARGE[head.split(b" ")[1].decode().strip("/")][0](reader, writer, head)

    async def main() -> dict[str, list[Any]]:
        async with serving(handler) as port:
            urls = [f"{door}=http://127.0.0.1:{port}/{name}" for door in ("download", "callback") for name in LARGE]
            urls.append(f"kept=http://127.0.0.1:{port}/limit")
            child = await asyncio.create_subprocess_exec(
                *die_with_parent(sys.executable, "-c", ROOM, *urls), cwd=ROOT, stdout=subprocess.PIPE
            )
            printed, _ = await child.communicate()
        measured: dict[str, list[Any]] = json.loads(printed)
        return measured

    measured = asyncio.run(main())
    assert measured.pop("kept limit")[1] > 48  # what is kept is measured
    expected = {f"download {name}": code for name, (_, code, _) in LARGE.items()}
    expected |= {f"callback {name}": code for name, (_, _, code) in LARGE.items()}
    assert {name: code for name, (code, _) in measured.items()} == expected
    assert {name: grown for name, (_, grown) in measured.items() if grown > 16} == {}


@pytest.mark.parametrize(
    ("greeting", "code"),
    [
        (b"", "fetch_timeout"),
        (b"\x16\x03\x03\x40\x00", "fetch_timeout"),  # a TLS record that never comes
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "fetch_failed"),
    ],
)
def test_no_tls_on_the_other_side(greeting: bytes, code: str) -> None:
    async def main() -> None:
        eof = asyncio.Event()

        async def plain(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(greeting)
            with suppress(ConnectionError):
                while await asyncio.wait_for(reader.read(65536), PATIENCE):
                    pass
            eof.set()
            writer.close()

        server = await asyncio.start_server(plain, "127.0.0.1", 0)
        async with egress(fetch_timeout=0.5 if code == "fetch_timeout" else PROMPT) as out:
            with pytest.raises(FetchError) as caught:
                await out.download(f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}/", discard)
            assert caught.value.code == code
            await asyncio.wait_for(eof.wait(), PROMPT)
        server.close()

    asyncio.run(main())


def test_declared_too_small() -> None:
    """What comes after the declared length is no part of the document."""
    assert get(says(ok(b"12345", length(3)))) == (3, b"123")


def test_exactly_the_limit() -> None:
    assert get(says(ok(b"x" * MIB, length(MIB))))[0] == MIB


@pytest.mark.parametrize(
    ("answer", "most"),
    [(ok(b"12345", length(5)), 5), (ok(b"12345"), MIB), (ok(b"", length(0)), 0)],
    ids=["declared", "not declared", "empty"],
)
def test_room_is_reserved_before_the_first_byte(answer: bytes, most: int) -> None:
    async def main() -> list[object]:
        seen: list[object] = []

        async def reserve(size: int) -> None:
            seen.append(size)

        async def save(chunk: bytes) -> None:
            seen.append(chunk)

        async with serving(says(answer)) as port, egress() as out:
            await out.download(f"http://127.0.0.1:{port}/", save, reserve=reserve)
        return seen

    assert asyncio.run(main()) == [most, *([b"12345"] if answer.endswith(b"5") else [])]


def test_the_sinks_error_passes_through() -> None:
    async def main() -> None:
        async with serving(says(ok(b""), b"x" * 65536)) as port, egress() as out:

            async def full(chunk: bytes) -> None:
                raise OSError(28, "No space left on device")

            with pytest.raises(OSError, match="No space left"):
                await out.download(f"http://127.0.0.1:{port}/", full)

    asyncio.run(main())


def test_cancelled() -> None:
    async def main() -> None:
        started = asyncio.Event()

        async def save(chunk: bytes) -> None:
            started.set()

        async with serving(says(ok(b"12345", length(10)), close=False)) as port, egress() as out:
            task = asyncio.ensure_future(out.download(f"http://127.0.0.1:{port}/", save))
            await asyncio.wait_for(started.wait(), PROMPT)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

    asyncio.run(main())


# --- callbacks


def post(handler: Handler, body: Any, headers: dict[str, str] | None = None, timeout: float = PROMPT) -> Reply:
    async def main() -> Reply:
        async with serving(handler) as port, egress() as out:
            return await out.post(f"http://127.0.0.1:{port}/hook", body, headers or {}, timeout=timeout)

    return asyncio.run(main())


async def pieces() -> AsyncIterator[bytes]:
    for piece in [b'{"a":', b" 1}"]:
        yield piece


@pytest.mark.parametrize("headers", [{}, {"content-length": "8"}])
@pytest.mark.parametrize("streamed", [False, True])
def test_post(streamed: bool, headers: dict[str, str]) -> None:
    seen = []

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, head: bytes) -> None:
        seen.append(head.lower())
        chunked = b"chunked" in seen[0]
        seen.append(await (reader.readuntil(b"0\r\n\r\n") if chunked else reader.readexactly(8)))
        writer.write(b"HTTP/1.1 202 Accepted\r\nRetry-After: 7\r\nContent-Length: 4\r\n\r\nth\xffx")

    reply = post(handler, pieces() if streamed else b'{"a": 1}', {"Webhook-Id": "id", "User-Agent": "x", **headers})
    assert (reply.status, reply.headers["retry-after"], reply.text) == (202, "7", "th�x")
    head, body = seen
    assert head.startswith(b"post /hook http/1.1\r\n")
    assert head.count(b"user-agent: x\r\n") == head.count(b"user-agent") == 1
    assert b"webhook-id: id\r\n" in head
    expected = b'5\r\n{"a":\r\n3\r\n 1}\r\n0\r\n\r\n' if streamed and not headers else b'{"a": 1}'
    assert body == expected


def test_post_follows_no_redirect() -> None:
    reply = post(says(LOOP), b"{}")
    assert (reply.status, reply.headers["Location"]) == (302, "/again?sig=secret")


def test_post_reads_the_start_of_an_endless_answer() -> None:
    reply = post(says(b"HTTP/1.1 500 Oops\r\n\r\n", b"x" * 1000), b"{}")
    assert (reply.status, reply.text) == (500, "x" * 4096)


async def drip() -> AsyncIterator[bytes]:
    for _ in range(PATIENCE * 10):
        yield b"x"
        await asyncio.sleep(0.1)


async def flood() -> AsyncIterator[bytes]:
    for _ in itertools.repeat(None, 10_000):
        yield b"x" * 65536


@pytest.mark.parametrize(
    ("handler", "body"),
    [
        (says(b"", close=False), b"{}"),
        (says(b"HTTP/1.1 200 OK\r\n\r\n", b"x", 0.1), b"{}"),
        (says(b"", close=False), drip),
    ],
)
def test_post_has_one_deadline(handler: Handler, body: Any) -> None:
    start = time.monotonic()
    with pytest.raises(FetchError, match="WEBHOOK_TIMEOUT") as caught:
        post(handler, body() if callable(body) else body, timeout=0.5)
    assert caught.value.code == "fetch_timeout"
    assert time.monotonic() - start < PROMPT


@pytest.mark.parametrize(
    ("handler", "says_so"),
    [
        (says(b""), "broke off"),
        (says(b"220 mail.test ESMTP\r\n"), "broke off"),
        (says(b"HTTP/1.1 200 OK\r\nX-A: ", b"b" * 65536), "broke off"),
        (says(ok(b"1;", CHUNKED), b"a" * 65536), "broke off"),
        (says(ok(b"zz\r\n12345", CHUNKED)), "broke off"),
        (says(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 1000), "tiny chunks"),
    ],
)
def test_post_to_a_hostile_server(handler: Handler, says_so: str) -> None:
    with pytest.raises(FetchError, match=says_so) as caught:
        post(handler, b"{}", timeout=PROMPT)
    assert caught.value.code == "fetch_failed"


def test_post_to_one_that_does_not_read() -> None:
    """The deadline also ends a write into a full socket."""

    async def main() -> None:
        given_up, closed = asyncio.Event(), asyncio.Event()

        async def deaf(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await given_up.wait()
            writer.close()
            closed.set()

        server = await asyncio.start_server(deaf, "127.0.0.1", 0, limit=1024)
        try:
            async with egress() as out:
                with pytest.raises(FetchError, match="WEBHOOK_TIMEOUT"):
                    await out.post(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/", flood(), {}, timeout=0.5)
            given_up.set()
            await asyncio.wait_for(closed.wait(), PROMPT)
        finally:
            server.close()

    asyncio.run(main())


def test_the_bodys_error_passes_through() -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield b"x"
        raise OSError("the blob is gone")

    with pytest.raises(OSError, match="the blob is gone"):
        post(says(b"", close=False), broken())


# --- the bypass list, in a network namespace that has nothing but a loopback interface

NAMESPACE = """
ip link set lo up
for a in 93.184.216.34 93.184.216.35 93.184.216.36 93.184.216.37 \
  169.254.169.254 169.254.170.2 100.100.100.200 168.63.129.16 10.1.2.3 10.2.0.1
do ip addr add $a/32 dev lo; done
for a in 2606:2800:220:1::1 2002:7f00:1:: 64:ff9b::7f00:1 fd00:ec2::254 fd12::1 fd13::1
do ip -6 addr add $a/128 dev lo nodad; done
exec "$@"
"""


def in_an_empty_network(*command: str) -> str:
    """What `command` prints in a namespace of its own. AssertionError where that cannot be made or `command` fails."""
    for tool in ("unshare", "ip"):
        assert shutil.which(tool), f"{tool} is needed (util-linux, iproute2)"
    unshare = ["unshare", "--net"] if os.geteuid() == 0 else ["unshare", "--map-root-user", "--net"]
    done = subprocess.run(
        [*unshare, "sh", "-ec", NAMESPACE, "sh", *command], cwd=ROOT, capture_output=True, text=True, timeout=280
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.slow
def test_bypasses_in_an_empty_network() -> None:
    printed = in_an_empty_network(
        sys.executable, "-m", "pytest", "--noconftest", "-q", "-p", "no:cacheprovider", "tests/security/ssrf_bypass.py"
    )
    for door in ("download", "callback"):
        refused = re.search(rf"{door}: (\d+) refused, none reached what it must not", printed)
        assert refused
        assert int(refused[1]) >= 60
    assert "skipped" not in printed


@pytest.mark.parametrize("missing", ["unshare", "ip", "permission"])
def test_no_bypass_test_is_skipped(missing: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where no namespace can be made they fail."""
    for tool in {"unshare", "ip"} - {missing}:
        (tmp_path / tool).write_text("#!/bin/sh\necho 'Operation not permitted' >&2; exit 1\n")
        (tmp_path / tool).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(AssertionError, match="is needed" if missing != "permission" else "not permitted"):
        in_an_empty_network("true")


def test_downloads_and_callbacks_have_lists_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """A host whose documents may be fetched may still be one that nobody should post to."""
    monkeypatch.setenv("FETCH_ALLOWED_HOSTS", "files.lan")
    monkeypatch.setenv("FETCH_ALLOWED_NETWORKS", "10.1.0.0/16")
    monkeypatch.setenv("CALLBACK_ALLOWED_HOSTS", "hooks.lan:8080")
    monkeypatch.setenv("CALLBACK_ALLOWED_NETWORKS", "10.2.0.0/16")
    settings = load_settings()
    for name, rules, url, ip, other, other_ip in (
        ("FETCH", fetch_policy(settings), "http://files.lan/x", "10.1.0.1", "hooks.lan", "10.2.0.1"),
        ("CALLBACK", callback_policy(settings), "http://hooks.lan:8080/x", "10.2.0.1", "files.lan", "10.1.0.1"),
    ):
        rules.check(url)
        rules.check(f"http://{ip}:9000/x")
        rules.check_addresses("any.lan", 80, [ip])
        with pytest.raises(FetchError, match=f"{name}_ALLOWED_HOSTS or its network to {name}_ALLOWED_NETWORKS"):
            rules.check_addresses(other, 80, [other_ip])
        with pytest.raises(FetchError, match=f"{name}_ALLOWED_HOSTS"):
            rules.check(f"http://{other_ip}/x")


def test_what_may_be_fetched_from_is_not_called_back() -> None:
    async def post() -> None:
        async with serving(says(ok(b"x", length(1)))) as port, egress(callback_allowed_hosts=[]) as out:
            await out.post(f"http://127.0.0.1:{port}/", b"{}", {}, timeout=10)

    with pytest.raises(FetchError, match="CALLBACK_ALLOWED_HOSTS"):
        asyncio.run(post())
