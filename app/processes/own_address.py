"""The address at which this machine reaches an API of its own. Standard library only: health checks load it often."""


def reachable(host: str) -> str:
    """An address of this machine where an API that listens on `host` answers."""
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)


def url_of(host: str, port: int) -> str:
    """The API's address as a URL; a zone (fe80::1%eth0) as RFC 6874 has it."""
    address = reachable(host).replace("%", "%25")
    return f"http://[{address}]:{port}" if ":" in address else f"http://{address}:{port}"
