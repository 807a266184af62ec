"""Names and addresses of hosts, as settings and URLs have them."""

import ipaddress
import re
from collections.abc import Iterable

import httpx

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Address = ipaddress.IPv4Address | ipaddress.IPv6Address

HOST = re.compile(r"[a-z0-9._-]{1,253}|[0-9a-f:.]*:[0-9a-f:.]*", re.IGNORECASE)


def networks(text: str) -> list[Network]:
    """The networks in a text, separated by spaces."""
    return [ipaddress.ip_network(word) for word in text.split()]


V4_IN_V6 = networks("::ffff:0:0/96 64:ff9b::/96")
"""Mapped and NAT64: the IPv4 address inside decides."""


def within(address: Address, networks: Iterable[Network]) -> bool:
    return any(address in network for network in networks)


def host_of(url: httpx.URL) -> str:
    """The host as it goes over the wire; httpx's own `host` raises on a label that is no valid IDNA."""
    return url.raw_host.decode("ascii")


def canonical(host: str) -> str:
    """A name in lower case without its last dot; an address in its usual form."""
    name = host.lower().removesuffix(".")
    try:
        return str(ipaddress.ip_address(name))
    except ValueError:
        return name


def allowed_host(word: str) -> tuple[str, int | None]:
    """An entry of FETCH_ALLOWED_HOSTS or CALLBACK_ALLOWED_HOSTS as host and port, None for any port."""
    try:
        return str(ipaddress.IPv6Address(word)), None
    except ValueError:
        pass
    try:
        parsed = httpx.URL(f"host://{word}")  # a scheme without a default port, which httpx would drop
    except (httpx.InvalidURL, ValueError):
        parsed = httpx.URL()
    host = host_of(parsed)
    if not HOST.fullmatch(host) or parsed.userinfo or parsed.query or parsed.path.strip("/"):
        raise ValueError(f"{word!r} is not a host or host:port")
    return canonical(host), parsed.port


def allowed_network(word: str) -> Network:
    """An entry of FETCH_ALLOWED_NETWORKS or CALLBACK_ALLOWED_NETWORKS."""
    try:
        network = ipaddress.ip_network(word)
    except ValueError:
        message = f"{word!r} is not a network such as 10.0.0.0/8 or fd00::/8; no bits may be set beyond the prefix"
        raise ValueError(message) from None
    if within(network.network_address, V4_IN_V6) and network.prefixlen >= 96:
        raise ValueError(f"{word!r} maps IPv4 addresses; use their IPv4 network instead")
    return network
