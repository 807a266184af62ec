"""Ports: free ones, and who holds one."""

import socket

import pytest

from app.processes.ports import free_port, port_holder


def test_ports() -> None:
    port = free_port()
    assert port_holder("127.0.0.1", port) is None
    with socket.create_server(("127.0.0.1", port)):
        assert f"Port {port} is in use by process" in str(port_holder("127.0.0.1", port))
    with pytest.raises(OSError, match="assign"):
        port_holder("203.0.113.7", port)
