"""Which hosts and addresses may be requested. Nothing here uses the network.

The table of addresses is our own: `ipaddress.is_global` lets many through that are not public.
"""

import ipaddress
import socket
import unicodedata
from collections.abc import Iterable
from typing import NoReturn

import httpx

from app.errors import FetchError, InvalidRequest
from app.hosts import HOST, V4_IN_V6, Address, allowed_host, allowed_network, canonical, host_of, networks, within
from app.settings import Settings

MAX_URL = 8192  # characters
DEFAULT_PORTS = {"http": 80, "https": 443}  # also the only ports, but for hosts that are allowed


_V4_DENIED = networks("""
    0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 168.63.129.16/32 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24
    192.0.2.0/24 192.88.99.0/24 192.168.0.0/16 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 224.0.0.0/4 240.0.0.0/4
""")
_V6_PUBLIC = networks("2000::/3")  # all else is denied
_V6_DENIED = networks("2001::/23 2001:db8::/32 2002::/16 3fff::/20")  # Teredo and its kind, documentation, 6to4
_PUBLIC = networks("192.0.0.9/32 2001:4:112::/48")  # exceptions within the denied


def is_blocked(ip: str) -> bool:
    """True for an address that is private, local, reserved or a cloud's own; ValueError if `ip` is no address."""
    address = _judged(ip)
    if address is None:
        return True
    if within(address, _PUBLIC):
        return False
    if address.version == 4:
        return within(address, _V4_DENIED)
    return not within(address, _V6_PUBLIC) or within(address, _V6_DENIED)


def _judged(ip: str) -> Address | None:
    """The address that `ip` stands for: of a mapped one, that inside. None for one with a zone, which is link-local."""
    if "%" in ip:
        return None
    address = ipaddress.ip_address(ip)
    return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF) if within(address, V4_IN_V6) else address


class UrlPolicy:
    """Decides which URLs and addresses may be used."""

    def __init__(
        self, allowed_hosts: Iterable[str] = (), allowed_networks: Iterable[str] = (), *, settings: str = "FETCH"
    ) -> None:
        """`settings` is what the names of the two settings begin with, for messages.

        ValueError if one of `allowed_hosts` is neither host nor host:port, or one of `allowed_networks` no network.
        """
        self._settings = settings
        self._allowed = {allowed_host(word) for word in allowed_hosts}
        self._networks = [allowed_network(word) for word in allowed_networks]

    def listed(self, host: str, port: int) -> bool:
        """True if the host is allowed, at any port or at this one."""
        name = canonical(host)
        return (name, None) in self._allowed or (name, port) in self._allowed

    def check(self, url: str, base: httpx.URL | None = None) -> httpx.URL:
        """`url`, relative to `base` if given, parsed; FetchError `fetch_refused` if it may not be used."""
        if len(url) > MAX_URL:
            _refuse(f"The URL is longer than {MAX_URL} characters; use a shorter one.")
        if "\\" in url or any(unicodedata.category(char) == "Cc" for char in url):
            _refuse("The URL contains a backslash or a control character; percent-encode it.")
        try:
            parsed = base.join(url) if base else httpx.URL(url)
        except (httpx.InvalidURL, ValueError):  # ValueError: a lone surrogate, or brackets that urljoin rejects
            _refuse("The URL is malformed; check its host and port.")
        if parsed.scheme not in DEFAULT_PORTS:
            _refuse("The URL does not start with http:// or https://; no other scheme is supported.")
        host = host_of(parsed)
        if not HOST.fullmatch(host):
            _refuse("The URL has no valid host; check its spelling.")
        if parsed.userinfo:
            _refuse("The URL contains a user name or password; use a URL without.")
        port = DEFAULT_PORTS[parsed.scheme] if parsed.port is None else parsed.port
        if self.listed(host, port):
            return parsed
        literal = _literal(host)
        if literal is not None:
            self.check_addresses(host, port, [literal])
        elif not self._networks:  # else the host's addresses decide on its port
            self._check_port(host, port)
        return parsed

    def check_addresses(self, host: str, port: int, addresses: Iterable[str]) -> None:
        """FetchError `fetch_refused` if one of the addresses that `host` has may not be used, or not at this port."""
        if self.listed(host, port):
            return
        for ip in addresses:
            address = _judged(ip)
            if address is not None and within(address, self._networks):
                continue
            if is_blocked(ip):
                _refuse(
                    f"{host} has a private or reserved address; use a public host, or add it to "
                    f"{self._settings}_ALLOWED_HOSTS or its network to {self._settings}_ALLOWED_NETWORKS."
                )
            self._check_port(host, port)

    def _check_port(self, host: str, port: int) -> None:
        if port not in DEFAULT_PORTS.values():
            setting = f"{self._settings}_ALLOWED_HOSTS"
            _refuse(f"The URL's port {port} is not 80 or 443; use one of them or add {host} to {setting}.")


def fetch_policy(settings: Settings) -> UrlPolicy:
    """Where documents may be downloaded from."""
    return UrlPolicy(settings.fetch_allowed_hosts, settings.fetch_allowed_networks, settings="FETCH")


def callback_policy(settings: Settings) -> UrlPolicy:
    """Where callbacks may go to."""
    return UrlPolicy(settings.callback_allowed_hosts, settings.callback_allowed_networks, settings="CALLBACK")


def check_url(url: str, policy: UrlPolicy) -> None:
    """What can be said about a URL without DNS: InvalidRequest (422) if it is malformed or would be refused anyway."""
    try:
        policy.check(url)
    except FetchError as exc:
        raise InvalidRequest(exc.message) from None


def redact(url: str) -> str:
    """`url` for logs and answers: no credentials, no fragment, and `?…` in place of a query. Raises nothing."""
    try:
        parsed = httpx.URL(url)
    except (httpx.InvalidURL, ValueError):
        return "…"
    if parsed.scheme not in DEFAULT_PORTS or not parsed.raw_host:
        return "…"
    path, query, _ = parsed.raw_path.decode("ascii").partition("?")
    return f"{parsed.scheme}://{parsed.netloc.decode('ascii')}{path}{'?…' if query else ''}"


def origin(url: httpx.URL) -> tuple[str, str, int]:
    """Scheme, host and port: what two URLs must share to be of one server."""
    return url.scheme, canonical(host_of(url)), url.port or DEFAULT_PORTS[url.scheme]


def _refuse(message: str) -> NoReturn:
    raise FetchError(message, code="fetch_refused")


def _literal(host: str) -> str | None:
    """The address if `host` is one, also in the old forms that getaddrinfo knows (`127.1`, `0x7f000001`)."""
    name = canonical(host)
    try:
        return name if ":" in name else socket.inet_ntoa(socket.inet_aton(name))
    except OSError:
        return None
