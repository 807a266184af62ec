"""Who may send requests: the API has no authentication, so it checks from where they come.

- An address that other machines reach answers only with ALLOW_ANONYMOUS=1, whatever program opened the socket.
- On loopback, a Host header names this machine. A page of another site can point its own name at 127.0.0.1 (DNS
  rebinding), and then its script reads what the API answers; its name in Host gives it away. An IP address as Host is
  no name that anyone could point elsewhere, so it is allowed.
- A page of another site sends no POST or DELETE from a browser. Programs other than browsers send none of the headers
  that this goes by.
"""

import logging
from functools import lru_cache
from ipaddress import IPv6Address, ip_address
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from app.api.error_handlers import problem
from app.errors import Forbidden, Misdirected, RequestError
from app.processes.listen import check_exposure
from app.settings import Settings, SettingsError

log = logging.getLogger(__name__)

SAFE = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
OWN_SITES = frozenset({"same-origin", "same-site", "none"})
"""Values of Sec-Fetch-Site; `none` is a request that no page made."""
OTHER_SITE = (
    "Web pages of other sites may not send requests to this service. If the page is yours, add its host to "
    "ALLOWED_HOSTS."
)


class Access:
    """Refuses requests before anything reads them."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        self._settings = settings
        self._names = frozenset(
            {"localhost", _name(settings.host), _host(settings.public_url or ""), *settings.allowed_hosts} - {""}
        )
        self._local = _is_loopback(settings.host)
        self._warned: set[str] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and (refusal := self._refusal(scope)) is not None:
            await problem(refusal)(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    def _refusal(self, scope: Scope) -> RequestError | None:
        address, port = scope.get("server") or ("", None)
        loopback = port is not None and _is_loopback(address)  # no port: a unix socket
        if port is not None and not loopback and (message := self._exposure(address)) is not None:
            return Forbidden(message)
        headers = Headers(scope=scope)
        hosts = {_host(f"//{host}") for host in headers.getlist("host")}
        if (loopback and self._local) or self._settings.allowed_hosts:
            for host in hosts:
                if not self._is_ours(host):
                    return misdirected(host)
        if scope["method"] not in SAFE and self._is_of_another_site(headers, hosts):
            return Forbidden(OTHER_SITE)
        return None

    def _exposure(self, address: str) -> str | None:
        """What `check_exposure` says about the address that the connection was made to."""
        try:
            check_exposure(self._settings.model_copy(update={"host": address}))
        except SettingsError as error:
            if address not in self._warned:  # as many as this machine has addresses
                self._warned.add(address)
                log.error("rejecting requests: %s", error)
            return str(error)
        return None

    def _is_ours(self, host: str) -> bool:
        return host in self._names or host.endswith(".localhost") or _is_address(host)

    def _is_of_another_site(self, headers: Headers, hosts: set[str]) -> bool:
        origin, site = headers.get("origin"), headers.get("sec-fetch-site")
        if site in OWN_SITES or (site is None and origin is None):
            return False
        return origin is None or _host(origin) not in self._names | (hosts if site is None else set())


def misdirected(host: str) -> Misdirected:
    return Misdirected(
        f"{host[:80]!r} is not a name of this service: set PUBLIC_URL to the address that clients use, or add the "
        "name to ALLOWED_HOSTS."
    )


def _host(url: str) -> str:
    """The host of a URL as `_name` has it; empty where there is none."""
    try:
        return _name(urlsplit(url).hostname or "")
    except ValueError:
        return ""


def _name(host: str) -> str:
    return host.lower().removesuffix(".")


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


@lru_cache(64)
def _is_loopback(host: str) -> bool:
    try:
        address = ip_address(host)
    except ValueError:
        return host == "localhost"
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return (mapped or address).is_loopback
