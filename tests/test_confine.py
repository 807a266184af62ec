"""What a page process that was taken over could do; each try is made by a process of its own."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
BEFORE = "import os, resource, socket, subprocess, threading\nfrom worker import confine\nassert confine.close_in()\n"


def run(code: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([sys.executable, "-c", BEFORE + code], cwd=ROOT, capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize(
    "code",
    [
        "socket.socket()",
        "socket.socket(socket.AF_UNIX)",
        "socket.create_connection(('127.0.0.1', 9))",
        "subprocess.run(['true'])",
        "os.execv('/bin/true', ['true'])",
        "os.fork()",
        "os.posix_spawn('/bin/true', ['true'], {})",
        "os.kill(os.getppid(), 0)",
        "os.kill(-1, 0)",
        "os.pidfd_open(os.getppid())",
        "resource.prlimit(os.getppid(), resource.RLIMIT_NOFILE)",
    ],
)
def test_what_is_refused(code: str) -> None:
    done = run(code)
    assert "PermissionError" in done.stderr, done


@pytest.mark.parametrize(
    "code",
    [
        "thread = threading.Thread(target=print); thread.start(); thread.join()",
        "confine.limit(1024); confine.allow_cpu(5)",
        "ours, theirs = socket.socketpair(); ours.send(b'1'); assert theirs.recv(1) == b'1'",
        "open('/dev/null').close()",
        "import numpy, onnxruntime",
    ],
)
def test_what_readers_need(code: str) -> None:
    assert run(code).returncode == 0, run(code)


def test_threads_that_are_there_already_are_closed_in() -> None:
    code = (
        "import threading\n"
        "from concurrent.futures import ThreadPoolExecutor\n"
        "with ThreadPoolExecutor(1) as pool:\n"
        "    pool.submit(int).result()\n"
        "    import socket\n"
        "    from worker import confine\n"
        "    assert confine.close_in()\n"
        "    assert isinstance(pool.submit(socket.socket).exception(), PermissionError)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done


def test_an_abort_is_still_one() -> None:
    assert run("os.abort()").returncode == -6


def test_limits_that_are_lower_already_stay() -> None:
    code = "resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64)); confine.limit(1024)\n"
    assert run(code + "assert resource.getrlimit(resource.RLIMIT_NOFILE) == (64, 64)").returncode == 0


def test_a_filter_that_the_kernel_refuses_is_reported() -> None:
    """A process may install only so many filters: the call that exceeds the limit must not report success."""
    code = "sys.exit(not any(not confine.close_in() for _ in range(2000)))"
    assert run("import sys\n" + code).returncode == 0
