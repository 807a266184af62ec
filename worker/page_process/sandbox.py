"""The sandbox of a page process: what it may consume, which files it may open, which system calls it may make.

A document that takes over the process that reads it finds the descriptors of that document, code and fonts to read, and
nothing else: no other file, network, program, process or privilege.
"""

import contextlib
import ctypes
import os
import resource
import struct
import sys
import sysconfig
from enum import Enum
from pathlib import Path

from worker.page_process import landlock, seccomp

ADDRESSES_MB = 2_400
"""Address space beyond what a process may have in memory: libraries and their threads reserve more than they use."""
FILE_MAX = 4 << 30
"""Bytes of a file that it writes; the result of the longest document has far less."""
FILES_MAX = 256
"""Open at a time."""

ROOT = Path(__file__).parents[2]
CAPSET = {"x86_64": 126, "aarch64": 91}
CAPABILITY_VERSION = 0x20080522
LIBC = ctypes.CDLL(None)

READABLE = (
    "/lib",
    "/lib64",
    "/usr/lib",
    "/usr/lib64",
    "/usr/local/lib",
    "/usr/share/fonts",
    "/usr/share/X11/fonts",
    "/usr/local/share/fonts",
    "/usr/share/zoneinfo",
    "/etc/localtime",
    "/etc/ld.so.cache",
    "/dev/null",
    "/dev/urandom",
    "/proc/cpuinfo",
    "/proc/meminfo",
    "/sys/bus/pci/devices",
    "/sys/devices",
)
"""Of the system, beside the code: libraries, the fonts that PDFium looks for, the hardware for ONNX Runtime."""


class Sandbox(str, Enum):
    """What this machine's kernel could do."""

    FULL = "full"
    """A list of system calls; files by Landlock."""
    SEALED = "sealed"
    """A list of system calls, and none of them opens a file: the kernel has no Landlock."""
    NONE = "none"
    """Limits only."""


def set_limits(memory_mb: int) -> None:
    """Limits for the life of the process. Its parent watches what it has in memory; address space is the backstop."""
    limits = {
        resource.RLIMIT_AS: (memory_mb + ADDRESSES_MB) << 20,
        resource.RLIMIT_FSIZE: FILE_MAX,
        resource.RLIMIT_NOFILE: FILES_MAX,
        resource.RLIMIT_CORE: 0,
    }
    for kind, wanted in limits.items():
        hard = resource.getrlimit(kind)[1]
        limit = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(kind, (limit, limit))


def allow_cpu(seconds: float) -> None:
    """From now on the kernel ends the process after `seconds` more of CPU."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    soft = int(used.ru_utime + used.ru_stime + seconds) + 1
    resource.setrlimit(resource.RLIMIT_CPU, (soft, resource.getrlimit(resource.RLIMIT_CPU)[1]))


def prepare() -> int | None:
    """Does what holds for all processes that will be forked: they inherit no capabilities and the ruleset for `enter`.

    None where no file can be opened in the sandbox: everything that a page may need has to be loaded before.
    """
    _drop_capabilities()
    return landlock.ruleset(readable()) if seccomp.supported() else None


def enter(rules: int | None) -> Sandbox:
    """Enters the sandbox, for good. To be called while the process has one thread and has read nothing untrusted.

    `rules` are what `prepare` returned.
    """
    if not seccomp.supported():
        return Sandbox.NONE
    limited = rules is not None and landlock.enter(rules)
    if not seccomp.enter(may_open=limited):
        return Sandbox.NONE
    return Sandbox.FULL if limited else Sandbox.SEALED


def readable() -> list[Path]:
    """What a page process may read: the code of Python, its packages and ours, and READABLE."""
    code = {Path(sysconfig.get_path(name)) for name in ("stdlib", "platstdlib", "purelib", "platlib")}
    code |= {path for path in map(Path, sys.path) if path.is_absolute() and not ROOT.is_relative_to(path)}
    prefixes = {Path(prefix, name) for prefix in (sys.prefix, sys.base_prefix) for name in ("lib", "lib64")}
    return [ROOT / "app", ROOT / "worker", *code, *prefixes, *map(Path, READABLE)]


def _drop_capabilities() -> None:
    """Root without capabilities is an ordinary user that owns root's files."""
    if sys.platform == "linux" and (number := CAPSET.get(os.uname().machine)):
        header = ctypes.create_string_buffer(struct.pack("Ii", CAPABILITY_VERSION, 0))
        none = ctypes.create_string_buffer(24)
        with contextlib.suppress(OSError):
            LIBC.syscall(ctypes.c_long(number), header, none)
