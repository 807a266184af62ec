"""Where the API listens, and the uvicorn command that runs it."""

from ipaddress import ip_address

from app.processes.launch import ROOT, program
from app.settings import Settings, SettingsError

STREAMS_END_WITHIN = 3  # seconds; open event streams would keep the API for ever


def check_exposure(settings: Settings) -> None:
    """Raises SettingsError if the API would be reachable from other machines without ALLOW_ANONYMOUS=1."""
    if settings.allow_anonymous or settings.host == "localhost":
        return
    try:
        if ip_address(settings.host).is_loopback:
            return
    except ValueError:  # a name
        pass
    raise SettingsError(exposure(settings.host))


def exposure(host: str) -> str:
    """Why the API must not listen on `host`."""
    return (
        f"HOST={host} opens the API to other machines, and it has no authentication. Set ALLOW_ANONYMOUS=1 to "
        "accept that, for example behind a firewall or a proxy that authenticates. With docker run: "
        "-e ALLOW_ANONYMOUS=1, and -p 127.0.0.1:8080:8080 to publish the port to this machine alone."
    )


def api_command(settings: Settings) -> list[str]:
    """The command that runs the API."""
    # uvicorn would put the current folder first of all.
    command = program("uvicorn", "--app-dir", ROOT, "app.main:app")
    command += ["--host", settings.host, "--port", str(settings.port), "--http", "app.api.protocol:Protocol"]
    command += ["--no-access-log", "--log-level", "warning", "--timeout-graceful-shutdown", str(STREAMS_END_WITHIN)]
    if settings.trusted_proxies:
        return [*command, "--proxy-headers", "--forwarded-allow-ips", ",".join(settings.trusted_proxies)]
    return [*command, "--no-proxy-headers"]
