"""The tricks by which URLs reach private addresses, each tried against real sockets, by download and by callback.

Run by test_egress.py in an empty network namespace, where every address used here is on `lo`; the name of this
file keeps pytest from collecting it anywhere else.
"""

import asyncio
import contextlib
import datetime
import ipaddress
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
import trustme
import uvloop

from app.egress.client import EgressClient
from app.errors import FetchError
from app.settings import Settings

PUBLIC = "93.184.216.34"
PUBLIC_V6 = "2606:2800:220:1::1"
WRONG_NAME, UNKNOWN_CA, EXPIRED = "93.184.216.35", "93.184.216.36", "93.184.216.37"
LAN, LAN_V6, NEXT_TO_LAN, NEXT_TO_LAN_V6 = "10.1.2.3", "fd12::1", "10.2.0.1", "fd13::1"
NETWORKS = "10.1.0.0/16,fd12::/16"
ON_LO = [
    PUBLIC,
    PUBLIC_V6,
    WRONG_NAME,
    UNKNOWN_CA,
    EXPIRED,
    LAN,
    LAN_V6,
    NEXT_TO_LAN,
    NEXT_TO_LAN_V6,
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
DOORS = ["download", "callback"]

DNS = {
    "public.test": [PUBLIC],
    "private.test": ["127.0.0.1"],
    "localhost": ["127.0.0.1"],
    "mixed.test": [PUBLIC, "127.0.0.1"],
    "mixed2.test": ["127.0.0.1", PUBLIC],
    "v6private.test": ["::1"],
    "mapped.test": ["::ffff:127.0.0.1"],
    "metadata.google.internal": ["169.254.169.254"],
    "public6.test": [PUBLIC_V6],
    "other.test": [PUBLIC],
    "wrong-name.test": [WRONG_NAME],
    "unknown-ca.test": [UNKNOWN_CA],
    "expired.test": [EXPIRED],
    "lan.test": [LAN],
    "lan6.test": [LAN_V6],
    "lan-mapped.test": [f"::ffff:{LAN}"],
    "lan-both.test": [LAN, LAN_V6],
    "lan-and-public.test": [LAN, PUBLIC],
    "next.test": [NEXT_TO_LAN],
    "next6.test": [NEXT_TO_LAN_V6],
    "next-mapped.test": [f"::ffff:{NEXT_TO_LAN}"],
    "lan-and-next.test": [LAN, NEXT_TO_LAN],
    "next-and-lan.test": [NEXT_TO_LAN_V6, LAN_V6],
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
LOCATIONS = [f"{scheme}://public.test/redir?{url}" for scheme in ("http", "https") for url in REDIRECTS]
REFUSED = (
    [f"http://{host}/x" for host in HOSTS.split()]
    + [f"http://{host}:8080/x" for host in HOSTS.split()]
    + [f"https://{host}/x" for host in HOSTS.split()]
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


AUTHORITY = trustme.CA()
LONG_AGO = datetime.datetime(2020, 1, 1, tzinfo=datetime.timezone.utc)
CERTIFICATES = {  # by address; elsewhere one that is good for every name, so that a leak would look like a success
    WRONG_NAME: AUTHORITY.issue_cert("someone-else.test"),
    UNKNOWN_CA: trustme.CA().issue_cert("unknown-ca.test"),
    EXPIRED: AUTHORITY.issue_cert(
        "expired.test", not_before=LONG_AGO, not_after=LONG_AGO + datetime.timedelta(days=90)
    ),
}
GOOD_CERTIFICATE = AUTHORITY.issue_cert("rebind.test", *DNS, *ON_LO)


def _server_name(connection: Any, name: str | None, context: ssl.SSLContext) -> None:
    connection.asked_for = name


def _tls(certificate: trustme.LeafCert) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    certificate.configure_cert(context)
    context.sni_callback = _server_name
    return context


@dataclass(frozen=True)
class Seen:
    """A request that has arrived; `name` is the one that TLS was asked for."""

    address: str
    port: int
    name: str | None
    path: str
    host: str
    authorization: str | None
    body: bytes


class Canary(BaseHTTPRequestHandler):
    """Answers anything on any address, so that a leak would look like a success."""

    protocol_version = "HTTP/1.1"
    server: "Server"

    def do_GET(self, body: bytes = b"") -> None:
        address, port = _local(self.connection)
        name = getattr(self.connection, "asked_for", None)
        host, authorization = self.headers["Host"], self.headers["Authorization"]
        self.server.seen.append(Seen(address, port, name, self.path, host, authorization, body))
        path, _, target = self.path.partition("?")
        self.send_response(302 if path == "/redir" else 200)
        if path == "/redir":
            self.send_header("Location", unquote(target))
        self.send_header("Content-Length", "6")
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(b"canary")

    def do_POST(self) -> None:
        self.do_GET(self.rfile.read(int(self.headers["Content-Length"])))

    def log_message(self, format: str, *args: Any) -> None:
        pass


class Server(ThreadingHTTPServer):
    """One socket for every IPv4 and IPv6 address of the namespace; notes to which of them a connection came.

    It speaks TLS to those that begin with it.
    """

    address_family = socket.AF_INET6
    daemon_threads = True
    request_queue_size = 64
    seen: list[Seen] = []
    good = _tls(GOOD_CERTIFICATE)
    contexts = {address: _tls(certificate) for address, certificate in CERTIFICATES.items()}

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
        connection.settimeout(30)
        hit = _local(connection)
        if hit[0] == MARKER:
            self.marked.release()
        else:
            self.hits.append(hit)
        return connection, peer

    def finish_request(self, request: Any, client_address: Any) -> None:
        with contextlib.suppress(OSError):  # the client is gone, or does not like the certificate
            if request.recv(1, socket.MSG_PEEK) != b"\x16":
                super().finish_request(request, client_address)
                return
            context = self.contexts.get(_local(request)[0], self.good)
            with context.wrap_socket(request, server_side=True) as connection:
                super().finish_request(connection, client_address)


def _local(connection: socket.socket) -> Hit:
    host, port = connection.getsockname()[:2]
    address = ipaddress.IPv6Address(host)
    return str(address.ipv4_mapped or address), port


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
    Server.seen.clear()

    def settled() -> list[Hit]:
        for server in canaries:  # they accept in order, so what came before the marker has been noted
            socket.create_connection((MARKER, server.server_port), timeout=30).close()
            assert server.marked.acquire(timeout=30)
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
    return calls


@pytest.fixture(scope="module")
def authority_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("authority") / "ca.pem"
    AUTHORITY.cert_pem.write_to_path(str(file))
    return file


@pytest.fixture(autouse=True)
def own_authority(authority_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(authority_file))


@pytest.fixture(params=["asyncio", "uvloop"])
def run(request: pytest.FixtureRequest) -> Any:
    """asyncio.run on either loop: uvloop connects in C, past everything Python could audit."""
    factory = uvloop.new_event_loop if request.param == "uvloop" else asyncio.new_event_loop

    def runner(coroutine: Any) -> Any:
        loop = factory()
        try:
            return loop.run_until_complete(asyncio.wait_for(coroutine, 100))
        finally:
            loop.run_until_complete(loop.shutdown_asyncgens())
            loop.close()

    return runner


async def send(door: str, *urls: str, headers: dict[str, str] | None = None, **settings: Any) -> list[str]:
    """The bodies that come back, from one after the other."""
    if door == "callback":
        settings = {name.replace("fetch_", "callback_"): value for name, value in settings.items()}
    out = EgressClient(Settings(fetch_timeout=30, **settings))
    bodies = []
    try:
        for url in urls:
            if door == "callback":
                bodies.append((await out.post(url, b'{"a": 1}', {}, timeout=30)).text)
            else:
                body: list[bytes] = []

                async def save(chunk: bytes, body: list[bytes] = body) -> None:
                    body.append(chunk)

                await out.download(url, save, headers)
                bodies.append(b"".join(body).decode())
    finally:
        await out.aclose()
    return bodies


TALLY: dict[str, dict[tuple[str, str], str]] = {door: {} for door in DOORS}
"""The codes of all that was refused, by door, URL and settings."""


def refused(run: Any, door: str, url: str, hits: Hits, *, reached: list[Hit], **settings: Any) -> FetchError:
    """The error of a request that must fail and reach nothing but `reached`."""
    with pytest.raises(FetchError) as caught:
        run(send(door, url, **settings))
    assert hits() == reached
    assert caught.value.message.endswith(".")
    TALLY[door][url, str(settings)] = caught.value.code
    return caught.value


def test_the_canaries_would_notice(hits: Hits) -> None:
    for ip in ON_LO:  # bind, not connect: it proves that the address is here
        with socket.socket(socket.AF_INET6 if ":" in ip else socket.AF_INET) as probe:
            probe.bind((ip, 0))
    noticed = ["127.0.0.1", "127.8.8.8", "::1", NEXT_TO_LAN, NEXT_TO_LAN_V6]
    for ip in noticed:
        for port in PORTS:
            socket.create_connection((ip, port), timeout=30).close()
    assert sorted(hits()) == sorted((ip, port) for ip in noticed for port in PORTS)


@pytest.mark.parametrize("door", DOORS)
def test_public_urls_pass(run: Any, hits: Hits, door: str) -> None:
    urls = ["http://public.test/ok", "http://PUBLIC.test.:80/ok", f"http://{PUBLIC}/ok", "http://public6.test/ok"]
    assert run(send(door, *urls)) == ["canary"] * 4
    assert hits() == [(PUBLIC, 80)] * 3 + [(PUBLIC_V6, 80)]


def test_redirects_to_public_urls_pass(run: Any, hits: Hits) -> None:
    urls = ["http://public.test/redir?/ok", "http://public.test/redir?//public.test/ok"]
    assert run(send("download", *urls)) == ["canary"] * 2
    assert hits() == [(PUBLIC, 80)] * 4


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("url", REFUSED)
def test_it_is_refused(run: Any, hits: Hits, url: str, door: str) -> None:
    assert refused(run, door, url, hits, reached=[]).code == "fetch_refused"


@pytest.mark.parametrize("url", LOCATIONS)
def test_a_redirect_is_refused(run: Any, hits: Hits, url: str) -> None:
    reached = [(PUBLIC, 443 if url.startswith("https") else 80)] + [(PUBLIC, 80)] * (url.count("/redir?") - 1)
    assert refused(run, "download", url, hits, reached=reached).code == "fetch_refused"


@pytest.mark.parametrize("url", LOCATIONS)
def test_a_callback_follows_no_redirect(run: Any, hits: Hits, url: str) -> None:
    async def post() -> int:
        out = EgressClient(Settings())
        try:
            return (await out.post(url, b"{}", {}, timeout=30)).status
        finally:
            await out.aclose()

    assert run(post()) == 302
    assert hits() == [(PUBLIC, 443 if url.startswith("https") else 80)]


# --- rebinding: public when it is judged, private when it is asked for again


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_rebinding(run: Any, hits: Hits, lookups: dict[str, int], scheme: str, door: str) -> None:
    port = 443 if scheme == "https" else 80
    assert run(send(door, f"{scheme}://rebind.test/x")) == ["canary"]  # resolved once, and that address is used
    assert lookups["rebind.test"] == 1
    assert hits() == [(PUBLIC, port)]
    error = refused(run, door, f"{scheme}://rebind.test/x", hits, reached=[(PUBLIC, port)])
    assert error.code == "fetch_refused"


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_rebinding_by_redirect(run: Any, hits: Hits, scheme: str) -> None:
    url = f"{scheme}://rebind.test/redir?{scheme}://rebind.test/x"
    reached = [(PUBLIC, 443 if scheme == "https" else 80)]
    assert refused(run, "download", url, hits, reached=reached).code == "fetch_refused"


# --- hosts and networks that are allowed


@pytest.mark.parametrize("door", DOORS)
def test_what_is_listed_may_be_private(run: Any, hits: Hits, door: str) -> None:
    assert run(send(door, "http://private.test/x", "http://private.test:8080/x", fetch_allowed_hosts="private.test"))
    assert run(send(door, "http://[0:0::1]:8080/x", "http://[::1]/x", fetch_allowed_hosts="[::1]"))
    reached = [("127.0.0.1", 80), ("127.0.0.1", 8080), ("::1", 8080), ("::1", 80)]
    assert hits() == reached
    for url in ["http://private.test/x", "http://private.test:22/x", "http://127.0.0.1:8080/x"]:
        error = refused(run, door, url, hits, reached=reached, fetch_allowed_hosts="private.test:8080")
        assert ("CALLBACK" if door == "callback" else "FETCH") + "_ALLOWED_HOSTS" in error.message


def test_being_listed_does_not_carry_over_a_redirect(run: Any, hits: Hits) -> None:
    url, reached = "http://private.test:8080/redir?http://v6private.test/x", [("127.0.0.1", 8080)]
    error = refused(run, "download", url, hits, reached=reached, fetch_allowed_hosts="private.test:8080")
    assert error.code == "fetch_refused"


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize(
    ("url", "reached"),
    [
        ("http://lan.test/x", (LAN, 80)),
        ("http://lan.test:8080/x", (LAN, 8080)),
        ("https://lan.test/x", (LAN, 443)),
        ("https://lan.test:8080/x", (LAN, 8080)),
        (f"http://{LAN}:6379/x", (LAN, 6379)),
        (f"http://[::ffff:{LAN}]:8080/x", (LAN, 8080)),
        ("http://lan-mapped.test:8080/x", (LAN, 8080)),
        ("http://lan6.test:8080/x", (LAN_V6, 8080)),
        (f"http://[{LAN_V6}]/x", (LAN_V6, 80)),
        ("http://lan-both.test:22/x", (LAN, 22)),
        ("http://lan-and-public.test/x", (LAN, 80)),
        ("http://public.test/x", (PUBLIC, 80)),
    ],
)
def test_an_allowed_network(run: Any, hits: Hits, url: str, reached: Hit, door: str) -> None:
    assert run(send(door, url, fetch_allowed_networks=NETWORKS)) == ["canary"]
    assert hits() == [reached]


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize(
    "url",
    [
        "http://next.test/x",
        "http://next6.test/x",
        "http://next-mapped.test:8080/x",
        f"http://{NEXT_TO_LAN}/x",
        f"http://[{NEXT_TO_LAN_V6}]:8080/x",
        f"http://[::ffff:{NEXT_TO_LAN}]/x",
        "https://next.test/x",
        "http://lan-and-next.test/x",
        "http://next-and-lan.test/x",
        "http://lan-and-public.test:8080/x",  # the public address is not for this port
        "http://public.test:8080/x",
        "http://public.test:22/x",
        f"http://{PUBLIC}:8080/x",
        "http://private.test/x",
        "http://mapped.test/x",
        "http://[::1]:8080/x",
        "http://169.254.169.254/latest/meta-data/",
        "http://metadata.google.internal/x",
        "http://[fd00:ec2::254]/x",
    ],
)
def test_next_to_an_allowed_network(run: Any, hits: Hits, url: str, door: str) -> None:
    assert refused(run, door, url, hits, reached=[], fetch_allowed_networks=NETWORKS).code == "fetch_refused"


@pytest.mark.parametrize("target", ["http://next.test/x", "http://private.test/x", "http://public.test:8080/x"])
def test_redirects_within_an_allowed_network(run: Any, hits: Hits, target: str) -> None:
    assert run(send("download", "http://lan.test/redir?http://lan6.test:8080/x", fetch_allowed_networks=NETWORKS))
    reached = [(LAN, 80), (LAN_V6, 8080)]
    assert hits() == reached
    url, reached = f"http://lan.test/redir?{target}", [*reached, (LAN, 80)]
    error = refused(run, "download", url, hits, reached=reached, fetch_allowed_networks=NETWORKS)
    assert error.code == "fetch_refused"


# --- TLS: to the judged address, under the name


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize(
    ("url", "address", "port", "name", "host"),
    [
        ("https://public.test/x", PUBLIC, 443, "public.test", "public.test"),
        ("https://PUBLIC.test:443/x", PUBLIC, 443, "public.test", "public.test"),
        ("https://public.test./x", PUBLIC, 443, "public.test", "public.test."),
        ("https://public.test:80/x", PUBLIC, 80, "public.test", "public.test:80"),
        ("https://public6.test/x", PUBLIC_V6, 443, "public6.test", "public6.test"),
        (f"https://{PUBLIC}/x", PUBLIC, 443, None, PUBLIC),
        (f"https://[{PUBLIC_V6}]/x", PUBLIC_V6, 443, None, f"[{PUBLIC_V6}]"),
        ("https://rebind.test/x", PUBLIC, 443, "rebind.test", "rebind.test"),
    ],
)
def test_tls(run: Any, hits: Hits, url: str, address: str, port: int, name: str | None, host: str, door: str) -> None:
    assert run(send(door, url)) == ["canary"]
    assert hits() == [(address, port)]
    body = b'{"a": 1}' if door == "callback" else b""
    assert Server.seen == [Seen(address, port, name, "/x", host, None, body)]


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize(
    ("host", "address"),
    [("wrong-name.test", WRONG_NAME), ("unknown-ca.test", UNKNOWN_CA), ("expired.test", EXPIRED), (EXPIRED, EXPIRED)],
)
def test_certificates_that_cannot_be(run: Any, hits: Hits, host: str, address: str, door: str) -> None:
    error = refused(run, door, f"https://{host}/x", hits, reached=[(address, 443)])
    assert error.code == "fetch_failed"
    assert f"certificate of {host} is not valid" in error.message
    assert Server.seen == []


@pytest.mark.parametrize("host", ["wrong-name.test", "unknown-ca.test", "expired.test"])
def test_the_host_of_a_bad_certificate_is_named_after_a_redirect(run: Any, hits: Hits, host: str) -> None:
    url, reached = f"https://public.test/redir?https://{host}/x", [(PUBLIC, 443), (DNS[host][0], 443)]
    error = refused(run, "download", url, hits, reached=reached)
    assert error.code == "fetch_failed"
    assert f"certificate of {host} is not valid" in error.message


@pytest.mark.parametrize("door", DOORS)
def test_no_tls_where_it_should_be(run: Any, hits: Hits, door: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that takes a client's first bytes for HTTP."""
    monkeypatch.setattr(Server, "finish_request", lambda server, request, client: Canary(request, client, server))
    error = refused(run, door, "https://public.test/x", hits, reached=[(PUBLIC, 443)])
    assert error.code == "fetch_failed"


TOKEN = {"Authorization": "Bearer token"}


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("https://public.test/x", [True]),
        ("https://public.test/redir?/x", [True, True]),
        ("https://public.test/redir?https://public.test:443/x", [True, True]),
        ("https://public.test/redir?https://PUBLIC.test./x", [True, True]),
        ("https://public.test/redir?http://public.test/x", [True, False]),
        ("https://public.test/redir?https://public.test:80/x", [True, False]),
        ("https://public.test/redir?https://other.test/x", [True, False]),
        ("https://public.test/redir?http://other.test/x", [True, False]),
        (f"https://public.test/redir?https://{PUBLIC}/x", [True, False]),
        ("https://public.test/redir?http://other.test/redir?https://public.test/x", [True, False, False]),
        ("http://public.test/redir?https://public.test/x", [True, False]),
    ],
)
def test_headers_are_for_one_origin(run: Any, hits: Hits, url: str, told: list[bool]) -> None:
    assert run(send("download", url, headers=TOKEN)) == ["canary"]
    assert [seen.authorization == "Bearer token" for seen in Server.seen] == told


# --- all of it


def test_the_count(capsys: pytest.CaptureFixture[str]) -> None:
    """Every one was refused with a code, and what it reached was looked at; see `refused`."""
    for door, codes in TALLY.items():
        assert len(codes) >= 60
        assert set(codes.values()) == {"fetch_refused", "fetch_failed"}
        with capsys.disabled():
            print(f"\n{door}: {len(codes)} refused, none reached what it must not")
