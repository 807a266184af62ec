"""The sandbox: each try is made by a process of its own, which has entered it."""

import itertools
import re
import struct
import subprocess
import sys
from pathlib import Path

import pytest

from support.harness import ROOT
from worker.page_process import landlock, seccomp

BEFORE = (
    "import ctypes, fcntl, mmap, os, resource, signal, socket, subprocess, sys, threading\n"
    "from worker.page_process import sandbox, seccomp\n"
    "assert sandbox.enter(sandbox.prepare()) is not sandbox.Sandbox.NONE\n"
)


def run(code: str, before: str = BEFORE) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([sys.executable, "-c", before + code], cwd=ROOT, capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize(
    "code",
    [
        "thread = threading.Thread(target=print); thread.start(); thread.join()",
        "sandbox.set_limits(1024); sandbox.allow_cpu(5)",
        "os.kill(os.getpid(), 0)",
        "os.sched_getaffinity(0)",
        "import numpy, onnxruntime, PIL.Image, sqlite3",
        "open('/dev/null').close(); open('/proc/cpuinfo').read(); os.listdir('/usr/lib')",
        "import ctypes; ctypes.CFUNCTYPE(ctypes.c_int)(lambda: 1)()",  # PDFium reads large files by such
    ],
)
def test_what_readers_need(code: str) -> None:
    assert run(code).returncode == 0, run(code)


def test_threads_that_are_there_already_get_the_filter() -> None:
    before = (
        "from concurrent.futures import ThreadPoolExecutor\n"
        "import socket\n"
        "from worker.page_process import sandbox\n"
        "with ThreadPoolExecutor(1) as pool:\n"
        "    pool.submit(int).result()\n"
        "    sandbox.enter(sandbox.prepare())\n"
        "    assert isinstance(pool.submit(socket.socket).exception(), PermissionError)\n"
    )
    assert run("", before).returncode == 0, run("", before)


def test_without_landlock_no_file_is_opened() -> None:
    before = (
        "from worker.page_process import landlock, sandbox\n"
        "landlock.version = lambda: 0\n"
        "assert sandbox.prepare() is None\n"
        "assert sandbox.enter(None) is sandbox.Sandbox.SEALED\n"
    )
    for path in ("/etc/passwd", "/dev/null", "/usr/lib"):
        assert "PermissionError" in run(f"import os; os.open({path!r}, os.O_RDONLY)", before).stderr
    assert run("", before).returncode == 0, run("", before)


def test_a_filter_that_the_kernel_refuses_is_reported() -> None:
    """A process may install only so many filters: the call that exceeds the limit must not report success."""
    again = "seccomp.ALLOWED |= {'seccomp': seccomp._SECCOMP, 'prctl': (157, 167)}\n"
    before = "import sys\nfrom worker.page_process import seccomp\n" + again
    code = "sys.exit(not any(not seccomp.enter(may_open=True) for _ in range(2000)))"
    assert run(code, before).returncode == 0


def test_an_abort_is_still_one() -> None:
    assert run("os.abort()").returncode == -6


def test_limits_that_are_lower_already_stay() -> None:
    code = "resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64)); sandbox.set_limits(1024)\n"
    assert run(code + "assert resource.getrlimit(resource.RLIMIT_NOFILE) == (64, 64)").returncode == 0


def test_older_kernels_get_the_rights_they_know(monkeypatch: pytest.MonkeyPatch) -> None:
    """By the kernel's documentation: REFER, TRUNCATE, TCP, IOCTL_DEV and scopes came one by one."""
    asked: list[tuple[int, ...]] = []

    def answer(number: int, *arguments: "int | bytes | None") -> int:
        if number == landlock.CREATE_RULESET and isinstance(arguments[0], bytes):
            asked.append(struct.unpack(f"{len(arguments[0]) // 8}Q", arguments[0]))
        return -1

    monkeypatch.setattr(landlock, "_syscall", answer)
    for version in range(1, 8):
        monkeypatch.setattr(landlock, "version", lambda version=version: version)
        assert landlock.ruleset([]) is None
    assert [len(attributes) for attributes in asked] == [1, 1, 1, 2, 2, 3, 3]
    assert [attributes[0].bit_length() for attributes in asked] == [13, 14, 15, 15, 16, 16, 16]


HEADERS = {0: "/usr/include/x86_64-linux-gnu/asm/unistd_64.h", 1: "/usr/include/asm-generic/unistd.h"}


@pytest.mark.parametrize("column", HEADERS)
def test_the_numbers_are_those_of_the_kernel(column: int) -> None:
    header = Path(HEADERS[column])
    if not header.exists():
        pytest.skip(f"{header} is not installed")
    found = re.findall(r"^#define __NR(?:3264)?_(\w+)\s+(\d+)$", header.read_text(), re.M)
    of_the_kernel = {name: int(number) for name, number in found} | ({"newfstatat": 79} if column else {})
    listed = [*seccomp.ALLOWED.items(), *seccomp.OPENING.items(), *seccomp.OF_ITSELF.items(), ("clone", seccomp.CLONE)]
    listed += [(name, rule[0]) for name, rule in itertools.chain(seccomp.ONE_OF.items(), seccomp.UP_TO.items())]
    listed += [("seccomp", seccomp._SECCOMP)]
    ours = {name: numbers[column] for name, numbers in listed if numbers[column] is not None}
    assert ours == {name: of_the_kernel.get(name) for name in ours}


@pytest.mark.parametrize("machine", seccomp._MACHINES)
def test_the_filter_decides_as_it_says(machine: str) -> None:
    """Run by an interpreter of classic BPF, for both machines."""
    column, audit = seccomp._MACHINES[machine]
    program = [struct.unpack("HBBI", word) for word in seccomp.program(column, audit, 77, may_open=True)]

    def decide(call: "str | int", *arguments: int, architecture: int = audit) -> int:
        tables = {**seccomp.ALLOWED, **seccomp.OPENING, **seccomp.OF_ITSELF, "clone": seccomp.CLONE}
        tables |= {name: rule[0] for name, rule in itertools.chain(seccomp.ONE_OF.items(), seccomp.UP_TO.items())}
        number = tables[call][column] if isinstance(call, str) else call
        assert number is not None
        words = {seccomp.NUMBER: number, seccomp.MACHINE: architecture}
        words |= {seccomp.ARGUMENTS + 8 * at: value for at, value in enumerate((*arguments, 0, 0, 0))}
        at = loaded = 0
        while True:
            code, yes, no, value = program[at]
            at += 1
            if code == seccomp.RETURN:
                decision: int = value
                return decision
            if code == seccomp.LOAD:
                loaded = words[value]
                continue
            holds = {
                seccomp.EQUAL: loaded == value,
                seccomp.AT_LEAST: loaded >= value,
                seccomp.ABOVE: loaded > value,
                seccomp.HAS: bool(loaded & value),
            }[code]
            at += yes if holds else no

    refused, absent = seccomp.REFUSE | 1, seccomp.REFUSE | 38
    assert all(decide(name) == seccomp.ALLOW for name, both in seccomp.ALLOWED.items() if both[column] is not None)
    assert decide("openat", 0, 0, 0) == seccomp.ALLOW
    for flags in (0o1, 0o2, 0o100, 0o1000, 0o20000002):
        assert decide("openat", 0, 0, flags) == refused
    for name in seccomp.OF_ITSELF:
        assert decide(name, 77) == decide(name, 0) == seccomp.ALLOW
        assert decide(name, 78) == decide(name, 0xFFFFFFFF) == refused
    for name, (_, position, values) in seccomp.ONE_OF.items():
        before = (0,) * position
        assert all(decide(name, *before, value) == seccomp.ALLOW for value in values)
        assert decide(name, *before, 8) == refused
    assert decide("madvise", 0, 0, 4) == seccomp.ALLOW
    assert decide("madvise", 0, 0, 100) == refused
    assert decide("clone", 0x3D0F00) == seccomp.ALLOW
    for flags in (17, 0x10000 | 0x10000000, 0x4000):
        assert decide("clone", flags) == refused
    assert decide(435) == decide(425) == absent  # clone3, io_uring_setup
    assert decide(41 if column == 0 else 198) == refused  # socket
    assert decide(seccomp.X32 + 1) == refused
    assert decide("read", architecture=0x40000003) == seccomp.KILL
    closed = seccomp.program(column, audit, 77, may_open=False)
    assert len(closed) < len(program) <= 4096
