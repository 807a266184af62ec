"""The only HTTP client for other hosts, for downloads and callbacks alike.

A host name is resolved once. If any of its addresses is private, the request is rejected before a connection is made;
otherwise the connection goes to the address that was checked. Every redirect is checked the same way. One deadline
spans DNS, connect, TLS, headers and body, so a server that sends a byte a second cannot stretch it. Bytes beside the
document and tiny chunks are limited: floods of them cost us far more than the server.

It is built on httpcore, not on httpx's client, which logs whole URLs and reads a redirect's body without a limit; httpx
only parses URLs and headers here.
"""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, NoReturn

import anyio
import httpcore
import httpx

from app.egress.policy import UrlPolicy, callback_policy, fetch_policy, origin
from app.errors import FetchError
from app.hosts import host_of
from app.settings import Settings, SettingsError

MAX_REDIRECTS = 5
REPLY_BYTES = 4096
CONNECT_TIMEOUT = 5.0  # seconds for each address of a host, so that a dead one leaves time for the next
CONNECT_ADDRESSES = 4
READ_BYTES = 16384  # at a time, so that many floods at once leave the loop time for others
OVERHEAD_BYTES = 256 << 10  # that may come beside the document, and on top of it as many as the document has
PIECES = 4096  # that a document may come in, and on top of it one for every PIECE_BYTES
PIECE_BYTES = 256
RESOLVERS = 32  # threads: getaddrinfo knows no deadline, so those that hang must not take the others along

_REDIRECTS = {301, 302, 303, 307, 308}
_HEADERS = {"User-Agent": "paddleocr-vl-service", "Accept": "*/*", "Accept-Encoding": "identity"}
_BROKEN = (httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException)


@dataclass(frozen=True)
class Reply:
    """The answer to a POST. `headers` knows names in any case; `text` is the first 4 kB of the body."""

    status: int
    headers: Mapping[str, str]
    text: str


class EgressClient:
    """Makes requests to hosts we do not trust. One serves any number of concurrent requests; `aclose()` it at the end.

    SettingsError if SSL_CERT_FILE is set and cannot be used.

    Everything that goes wrong on the other side is a `FetchError`: `fetch_refused`, `fetch_failed`, `fetch_status`,
    `fetch_timeout` or `fetch_too_large`. Its message has neither query string nor credentials.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._fetch_rules = fetch_policy(settings)
        self._callback_rules = callback_policy(settings)
        self._resolvers = ThreadPoolExecutor(RESOLVERS, thread_name_prefix="resolver")
        # Its only use of the environment is SSL_CERT_FILE and SSL_CERT_DIR: the authorities of an intranet.
        try:
            self._tls = httpx.create_ssl_context()
        except OSError as exc:
            raise SettingsError(f"SSL_CERT_FILE cannot be read as a file of certificates: {exc}.") from exc

    async def aclose(self) -> None:
        self._resolvers.shutdown(wait=False, cancel_futures=True)

    async def download(
        self,
        url: str,
        write: Callable[[bytes], Awaitable[object]],
        headers: Mapping[str, str] | None = None,
        *,
        reserve: Callable[[int], Awaitable[object]] | None = None,
    ) -> int:
        """GET `url` and hand its bytes to `write` as they come; at most MAX_FILE_MB, within FETCH_TIMEOUT seconds.

        `headers` are for the server of `url` alone: a redirect to another origin leaves them behind for good. Before
        the first byte `reserve` gets the most bytes that can come. Returns the number of bytes. Raises FetchError; some
        bytes may have been written by then. What `write` and `reserve` raise passes through.
        """
        hop, extra = self._fetch_rules.check(url), headers or {}
        async with self._way(self._fetch_rules, host_of(hop), self._settings.fetch_timeout, "FETCH_TIMEOUT") as (
            door,
            pool,
        ):
            for _ in range(1 + MAX_REDIRECTS):
                door.host = host_of(hop)
                async with pool.stream(
                    "GET", _target(hop), headers=_headers(hop, extra), extensions=_extensions(hop)
                ) as answer:
                    answered = httpx.Headers(answer.headers)
                    if answer.status not in _REDIRECTS or "location" not in answered:
                        return await self._save(door, answer, answered, write, reserve)
                following = self._fetch_rules.check(answered["location"], base=hop)
                if origin(following) != origin(hop):
                    extra = {}
                hop = following
            raise FetchError(f"The URL redirects more than {MAX_REDIRECTS} times; use the URL of the document itself.")

    async def post(
        self, url: str, body: AsyncIterable[bytes] | bytes, headers: Mapping[str, str], *, timeout: float
    ) -> Reply:
        """POST `body` and return the answer whatever its status; redirects are not followed.

        All of it takes at most `timeout` seconds. A body that is not bytes is sent chunked, unless `headers` has a
        Content-Length. Raises FetchError if there is no answer; what `body` raises passes through.
        """
        target = self._callback_rules.check(url)
        content = body if isinstance(body, bytes) else aiter(body)
        async with (
            self._way(self._callback_rules, host_of(target), timeout, "WEBHOOK_TIMEOUT") as (_, pool),
            pool.stream(
                "POST",
                _target(target),
                headers=_headers(target, headers),
                content=content,
                extensions=_extensions(target),
            ) as answer,
        ):
            start = b""
            async for chunk in answer.aiter_stream():
                start += chunk[: REPLY_BYTES - len(start)]
                if len(start) == REPLY_BYTES:
                    break
        return Reply(answer.status, httpx.Headers(answer.headers), start.decode("utf-8", "replace"))

    async def _save(
        self,
        door: "_GuardedBackend",
        answer: httpcore.Response,
        headers: httpx.Headers,
        write: Callable[[bytes], Awaitable[object]],
        reserve: Callable[[int], Awaitable[object]] | None,
    ) -> int:
        """The body of a 200 to `write`; its size."""
        host = door.host
        if answer.status != 200:
            message = (
                f"{host} answered with status {answer.status}; check that the URL opens the document without a login."
            )
            busy = answer.status == 429 or answer.status >= 500
            raise FetchError(message, code="fetch_status", retryable=busy)
        if headers.get("content-encoding", "").lower() not in ("", "identity"):
            raise FetchError(
                f"{host} sent the document with a Content-Encoding that was not requested; serve it without one."
            )
        limit, pieces = self._settings.max_file_bytes, 0
        declared = headers.get("content-length", "")
        expected = int(declared) if declared.isdecimal() else limit
        if expected > limit:
            _too_large(host, limit)
        if reserve is not None:
            await reserve(expected)
        async for chunk in answer.aiter_stream():
            door.saved += len(chunk)
            if door.saved > limit:
                _too_large(host, limit)
            pieces += 1
            if pieces > PIECES + door.saved // PIECE_BYTES:
                _wasteful(host)
            await write(chunk)
        return door.saved

    @asynccontextmanager
    async def _way(
        self, rules: UrlPolicy, host: str, seconds: float, setting: str
    ) -> AsyncIterator[tuple["_GuardedBackend", httpcore.AsyncConnectionPool]]:
        """A door and a pool for one request and its redirects: they end with it, and so do their connections."""
        door = _GuardedBackend(rules, self._resolvers, host)
        with anyio.move_on_after(seconds) as deadline:
            try:
                async with httpcore.AsyncConnectionPool(ssl_context=self._tls, network_backend=door) as pool:
                    yield door, pool
            except _BROKEN as exc:
                raise FetchError(_reason(door.host, exc), retryable=True) from exc
            finally:
                await door.aclose()
        if deadline.cancelled_caught:
            took = f"{door.host} took longer than {seconds:g} seconds ({setting})"
            raise FetchError(f"{took}; try again later or raise the limit.", code="fetch_timeout")


class _GuardedBackend(httpcore.AsyncNetworkBackend):
    """Connects only to addresses that the policy allows. `host` is the current hop, `saved` the bytes saved so far."""

    def __init__(self, rules: UrlPolicy, resolvers: ThreadPoolExecutor, host: str) -> None:
        self.host = host
        self.saved = 0
        self._received = 0
        self._rules = rules
        self._resolvers = resolvers
        self._backend = httpcore.AnyIOBackend()
        self._opened: list[httpcore.AsyncNetworkStream] = []

    async def aclose(self) -> None:
        """Close what was opened: httpcore forgets a connection whose TLS handshake is cancelled."""
        with anyio.CancelScope(shield=True):
            for stream in self._opened:
                await stream.aclose()

    def count(self, received: int) -> None:
        """Raises FetchError if too much of what was received is not the document."""
        self._received += received
        if self._received > OVERHEAD_BYTES + 2 * self.saved:
            _wasteful(self.host)

    async def connect_tcp(
        self, host: str, port: int, timeout: Any = None, local_address: Any = None, socket_options: Any = None
    ) -> httpcore.AsyncNetworkStream:
        lookup = partial(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM)
        try:
            answers = await asyncio.get_running_loop().run_in_executor(self._resolvers, lookup)
        except (OSError, UnicodeError) as exc:
            raise FetchError(f"The host name {host} could not be resolved; check the spelling of the URL.") from exc
        addresses = list(dict.fromkeys(str(answer[4][0]) for answer in answers))
        self._rules.check_addresses(host, port, addresses)
        failure: Exception | None = None
        for ip in addresses[:CONNECT_ADDRESSES]:
            try:  # the address; the name stays for the Host header and for TLS
                stream = await self._backend.connect_tcp(ip, port, CONNECT_TIMEOUT, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as exc:
                failure = exc
            else:
                self._opened.append(stream)
                return _Metered(stream, self)
        message = f"{host} does not accept connections on port {port}; check that it is running."
        raise FetchError(message, retryable=True) from failure

    async def connect_unix_socket(self, path: str, timeout: Any = None, socket_options: Any = None) -> NoReturn:
        raise httpcore.UnsupportedProtocol("Unix sockets are not supported.")


class _Metered(httpcore.AsyncNetworkStream):
    """A connection whose bytes are counted, those inside TLS where it has it."""

    def __init__(self, stream: httpcore.AsyncNetworkStream, door: _GuardedBackend) -> None:
        self._stream = stream
        self._door = door

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        data = await self._stream.read(min(max_bytes, READ_BYTES), timeout)
        self._door.count(len(data))
        return data

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        await self._stream.write(buffer, timeout)

    async def aclose(self) -> None:
        await self._stream.aclose()

    async def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.AsyncNetworkStream:
        return _Metered(await self._stream.start_tls(ssl_context, server_hostname, timeout), self._door)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


def _too_large(host: str, limit: int) -> NoReturn:
    message = f"The document of {host} is larger than {limit >> 20} MiB (MAX_FILE_MB); split it or raise the limit."
    raise FetchError(message, code="fetch_too_large")


def _wasteful(host: str) -> NoReturn:
    raise FetchError(
        f"{host} sent too many tiny chunks, or little content with much overhead; serve the document as a plain file."
    )


def _reason(host: str, exc: BaseException | None) -> str:
    cause = exc
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"The TLS certificate of {host} is not valid; renew it, or set SSL_CERT_FILE to a file with its CA."
        cause = cause.__cause__ or cause.__context__
    return f"The connection to {host} broke off, or its answer was not valid HTTP; try again later."


def _target(url: httpx.URL) -> httpcore.URL:
    return httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path)


def _extensions(url: httpx.URL) -> dict[str, str]:
    """The name for TLS: as certificates have it, without the dot that may end it in a URL."""
    return {"sni_hostname": host_of(url).removesuffix(".")}


def _headers(url: httpx.URL, extra: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
    headers = httpx.Headers(_HEADERS)
    headers.update(extra)
    headers["Host"] = url.netloc.decode("ascii")
    return headers.raw
