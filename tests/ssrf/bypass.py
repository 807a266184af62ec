"""The tricks by which URLs reach private addresses, each tried against real sockets.

Run by tests/test_outbound.py in an empty network namespace, where every address used here is on `lo`; the name of this
file keeps pytest from collecting it anywhere else.
"""

import asyncio
import ipaddress
import socket
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import httpx
import pytest
import uvloop

from app.errors import FetchError
from app.outbound import Outbound
from app.settings import Settings

PUBLIC = "93.184.216.34"
ON_LO = [
    PUBLIC,
    "169.254.169.254",
    "169.254.170.2",
    "100.100.100.200",
    "168.63.129.16",
    "127.0.0.1",
    "127.8.8.8",
    "::1",
]
ON_LO += ["2002:7f00:1::", "64:ff9b::7f00:1", "fd00:ec2::254"]
PORTS = [80, 443, 22, 6379, 8080]
MARKER = "127.99.99.99"

Hit = tuple[str, int]
Hits = Callable[[], list[Hit]]

TLS = httpx.create_ssl_context()  # once: it takes longer than a test

DNS = {
    "public.test": [PUBLIC],
    "private.test": ["127.0.0.1"],
    "localhost": ["127.0.0.1"],
    "mixed.test": [PUBLIC, "127.0.0.1"],
    "mixed2.test": ["127.0.0.1", PUBLIC],
    "v6private.test": ["::1"],
    "mapped.test": ["::ffff:127.0.0.1"],
    "metadata.google.internal": ["169.254.169.254"],
}

HOSTS = """
127.0.0.1 localhost localhost. 2130706433 0177.0.0.1 0x7f000001 0x7f.0x0.0x0.0x1 127.1 0 0.0.0.0 127.8.8.8
[::1] [::] [::ffff:127.0.0.1] [::ffff:7f00:1] [::127.0.0.1] [0:0:0:0:0:0:0:1] [fe80::1%25lo] [2002:7f00:1::]
[64:ff9b::7f00:1] [fd00:ec2::254] 100.100.100.200 168.63.129.16 169.254.170.2 169.254.169.254
１２７.０.０.１ ①②⑦.⓪.⓪.① 127。0。0。1 public.test@127.0.0.1 public.test\\@127.0.0.1 %31%32%37.0.0.1
private.test mixed.test mixed2.test v6private.test mapped.test metadata.google.internal
"""
REDIRECTS = [
    "http://127.0.0.1/x",
    "http://private.test/x",
    "http://private.test:8080/x",
    "https://private.test/x",
    "file:///etc/passwd",
    "//127.0.0.1/x",
    "//private.test/x",
    "http://[::ffff:127.0.0.1]/x",
    "http://2130706433/x",
    "http://public.test:22/x",
    "http://user:pw@public.test/x",
    "http://169.254.169.254/latest/meta-data/",
    "http://public.test%5C@127.0.0.1/x",
    "http://public.test/redir?http://private.test/x",
    "gopher://127.0.0.1/x",
]
REFUSED = (
    [f"http://{host}/x" for host in HOSTS.split()]
    + [f"http://{host}:8080/x" for host in HOSTS.split()]
    + [f"https://{host}/x" for host in HOSTS.split()]
    + [f"http://public.test/redir?{url}" for url in REDIRECTS]
    + [
        "http://127.0.0.1:80@public.test/x",
        "http://user:pw@public.test/x",
        "http://127.0.0.1:80#@public.test/",
        "http://public.test/%0d%0aX: y\r\nHost: z",
        "http://169.254.169.254/latest/meta-data/",
        "http://127.0.0.1\t/x",
        "http:///x",
        "http://public.test:0/x",
        "http://public.test:22/x",
        "http://public.test:6379/x",
        "http://public.test:8080/x",
        f"http://{PUBLIC}:8080/x",
        "file:///etc/passwd",
        "ftp://127.0.0.1/x",
        "gopher://127.0.0.1/x",
        "data:text/plain,hi",
        "//127.0.0.1/x",
        "127.0.0.1",
        "",
    ]
)


class Canary(BaseHTTPRequestHandler):
    """Answers anything on any address, so that a leak would look like a success."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        path, _, target = self.path.partition("?")
        self.send_response(302 if path == "/redir" else 200)
        if path == "/redir":
            self.send_header("Location", unquote(target))
        self.send_header("Content-Length", "6")
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(b"canary")

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.do_GET()

    def log_message(self, format: str, *args: Any) -> None:
        pass


class Server(ThreadingHTTPServer):
    """One socket for every IPv4 and IPv6 address of the namespace; notes to which of them a connection came."""

    address_family = socket.AF_INET6
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, port: int, hits: list[Hit]) -> None:
        self.hits = hits
        self.marked = threading.Semaphore(0)
        super().__init__(("::", port), Canary)

    def server_bind(self) -> None:
        self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_name, self.server_port = "canary", self.server_address[1]

    def get_request(self) -> tuple[socket.socket, Any]:
        connection, peer = super().get_request()
        connection.settimeout(5)
        host, port = connection.getsockname()[:2]
        address = ipaddress.IPv6Address(host)
        ip = str(address.ipv4_mapped or address)
        if ip == MARKER:
            self.marked.release()
        else:
            self.hits.append((ip, port))
        return connection, peer


@pytest.fixture(scope="module")
def canaries() -> Iterator[list[Server]]:
    """Canaries on every address and on PORTS; only ever in a namespace that has nothing but `lo`."""
    devices = [line.split(":")[0].strip() for line in Path("/proc/net/dev").read_text().splitlines()[2:]]
    assert devices == ["lo"], f"this is not an empty network namespace: {devices}"
    hits: list[Hit] = []
    servers = [Server(port, hits) for port in PORTS]
    threads = [threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True) for server in servers]
    for thread in threads:
        thread.start()
    yield servers
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture
def hits(canaries: list[Server]) -> Hits:
    """Call it for the connections since the test began: the address and the port of each, in order of acceptance."""
    canaries[0].hits.clear()

    def settled() -> list[Hit]:
        for server in canaries:  # they accept in order, so what came before the marker has been noted
            socket.create_connection((MARKER, server.server_port), timeout=5).close()
            assert server.marked.acquire(timeout=5)
        return list(canaries[0].hits)

    return settled


@pytest.fixture(autouse=True)
def lookups(monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    """A resolver of our own; `rebind.test` is public the first time and private from then on."""
    calls: dict[str, int] = {}
    real = socket.getaddrinfo

    def getaddrinfo(host: str | bytes, port: int, *args: Any, **kwargs: Any) -> list[Any]:
        name = (host.decode() if isinstance(host, bytes) else host).rstrip(".").lower()
        calls[name] = calls.get(name, 0) + 1
        ips = DNS.get(name)
        if name == "rebind.test":
            ips = [PUBLIC if calls[name] == 1 else "127.0.0.1"]
        if ips is None:  # numeric forms only: nothing reaches a resolver
            return list(real(host, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST))
        return [
            (socket.AF_INET6, 1, 6, "", (ip, port, 0, 0)) if ":" in ip else (socket.AF_INET, 1, 6, "", (ip, port))
            for ip in ips
        ]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    monkeypatch.setattr(httpx, "create_ssl_context", lambda: TLS)
    return calls


@pytest.fixture(params=["asyncio", "uvloop"])
def run(request: pytest.FixtureRequest) -> Any:
    """asyncio.run on either loop: uvloop connects in C, past everything Python could audit."""
    factory = uvloop.new_event_loop if request.param == "uvloop" else asyncio.new_event_loop

    def runner(coroutine: Any) -> Any:
        loop = factory()
        try:
            return loop.run_until_complete(asyncio.wait_for(coroutine, 20))
        finally:
            loop.run_until_complete(loop.shutdown_asyncgens())
            loop.close()

    return runner


async def get(*urls: str, **settings: Any) -> list[bytes]:
    out = Outbound(Settings(fetch_timeout=5, **settings))
    bodies = []
    try:
        for url in urls:
            body: list[bytes] = []
            await out.download(url, body.append)
            bodies.append(b"".join(body))
    finally:
        await out.aclose()
    return bodies


def test_the_canaries_would_notice(hits: Hits) -> None:
    for ip in ON_LO:  # bind, not connect: it proves that the address is here
        with socket.socket(socket.AF_INET6 if ":" in ip else socket.AF_INET) as probe:
            probe.bind((ip, 0))
    for ip in ["127.0.0.1", "127.8.8.8", "::1"]:
        for port in PORTS:
            socket.create_connection((ip, port), timeout=5).close()
    assert sorted(hits()) == sorted((ip, port) for ip in ["127.0.0.1", "127.8.8.8", "::1"] for port in PORTS)


def test_public_urls_pass(run: Any, hits: Hits) -> None:
    urls = ["http://public.test/ok", "http://PUBLIC.test.:80/ok", f"http://{PUBLIC}/ok", "http://public.test/redir?/ok"]
    assert run(get(*urls, "http://public.test/redir?//public.test/ok")) == [b"canary"] * 5
    assert hits() == [(PUBLIC, 80)] * 7


@pytest.mark.parametrize("url", REFUSED)
def test_download_is_refused(run: Any, hits: Hits, url: str) -> None:
    with pytest.raises(FetchError) as caught:
        run(get(url))
    assert caught.value.code == "fetch_refused"
    assert hits() == [(PUBLIC, 80)] * url.count("/redir?")


@pytest.mark.parametrize("url", [url for url in REFUSED if "/redir?" not in url])
def test_post_is_refused(run: Any, hits: Hits, url: str) -> None:
    async def post() -> None:
        out = Outbound(Settings())
        try:
            await out.post(url, b"{}", {}, timeout=5)
        finally:
            await out.aclose()

    with pytest.raises(FetchError) as caught:
        run(post())
    assert caught.value.code == "fetch_refused"
    assert not hits()


def test_post_follows_no_redirect(run: Any, hits: Hits) -> None:
    async def post() -> int:
        out = Outbound(Settings())
        try:
            return (await out.post("http://public.test/redir?http://127.0.0.1/x", b"{}", {}, timeout=5)).status
        finally:
            await out.aclose()

    assert run(post()) == 302
    assert hits() == [(PUBLIC, 80)]


def test_rebinding(run: Any, hits: Hits, lookups: dict[str, int]) -> None:
    assert run(get("http://rebind.test/x")) == [b"canary"]  # resolved once, and that address is used
    assert lookups["rebind.test"] == 1
    with pytest.raises(FetchError, match="FETCH_ALLOWED_HOSTS"):
        run(get("http://rebind.test/x"))
    lookups.clear()
    with pytest.raises(FetchError, match="FETCH_ALLOWED_HOSTS"):
        run(get("http://rebind.test/redir?http://rebind.test/x"))
    assert hits() == [(PUBLIC, 80)] * 2


def test_what_is_listed_may_be_private(run: Any, hits: Hits) -> None:
    assert run(get("http://private.test/x", "http://private.test:8080/x", fetch_allowed_hosts="private.test"))
    assert run(get("http://[0:0::1]:8080/x", "http://[::1]/x", fetch_allowed_hosts="[::1]"))
    assert hits() == [("127.0.0.1", 80), ("127.0.0.1", 8080), ("::1", 8080), ("::1", 80)]
    for url in ["http://private.test/x", "http://private.test:22/x", "http://127.0.0.1:8080/x"]:
        with pytest.raises(FetchError, match="FETCH_ALLOWED_HOSTS"):
            run(get(url, fetch_allowed_hosts="private.test:8080"))
    with pytest.raises(FetchError, match="FETCH_ALLOWED_HOSTS"):  # being listed does not carry over a redirect
        run(get("http://private.test:8080/redir?http://v6private.test/x", fetch_allowed_hosts="private.test:8080"))
    assert hits()[4:] == [("127.0.0.1", 8080)]
