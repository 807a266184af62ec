"""Where the API listens, and the command line of uvicorn that makes it."""

import sys
from ipaddress import ip_address

from app.settings import Settings, SettingsError

STREAMS_END_WITHIN = 3  # seconds; open event streams would keep the API for ever


def check_exposure(settings: Settings) -> None:
    """Raises SettingsError where others than this machine could reach the API although nobody has said so."""
    if settings.allow_anonymous or settings.host == "localhost":
        return
    try:
        if ip_address(settings.host).is_loopback:
            return
    except ValueError:  # a name
        pass
    raise SettingsError(
        f"HOST={settings.host} lets in everybody who can reach it, and nobody is asked for a key. "
        "Set ALLOW_ANONYMOUS=1 if that is meant, as in a private network or behind a proxy that knows its users."
    )


def api_command(settings: Settings) -> list[str]:
    """The API as a program."""
    command = [sys.executable, "-m", "uvicorn", "app.main:app", "--host", settings.host, "--port", str(settings.port)]
    command += ["--no-access-log", "--log-level", "warning", "--timeout-graceful-shutdown", str(STREAMS_END_WITHIN)]
    if settings.trusted_proxies:
        return [*command, "--proxy-headers", "--forwarded-allow-ips", ",".join(settings.trusted_proxies)]
    return [*command, "--no-proxy-headers"]
