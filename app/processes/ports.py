"""Finds out whether a port is free, and which process uses it."""

import contextlib
import errno
import socket

import psutil


def port_holder(host: str, port: int) -> str | None:
    """None if the port can be bound, else a message that names the process that uses it, if it is known.

    Raises OSError if this machine does not have the address.
    """
    family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
    with socket.socket(family, kind) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as uvicorn does
        try:
            probe.bind(address)
            return None
        except PermissionError:
            return f"This user may not listen on port {port}. Choose another with PORT=…."
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
    return f"Port {port} is in use by {_holder(port)}. Stop it, or choose another with PORT=…."


def _holder(port: int) -> str:
    with contextlib.suppress(psutil.Error):
        for connection in psutil.net_connections(kind="tcp"):
            if connection.status == psutil.CONN_LISTEN and connection.laddr.port == port and connection.pid:
                process = psutil.Process(connection.pid)
                command = " ".join(process.cmdline())[:100] or process.name()
                return f"process {connection.pid} ({command})"
    return "a process of another user"


def free_port(host: str = "127.0.0.1") -> int:
    """A port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind((host, 0))
        port: int = probe.getsockname()[1]
        return port
