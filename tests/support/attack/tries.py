"""What an attacker who runs code in a page process would try. Each try succeeds if it raises nothing and is not false.

None does harm beyond the folders of its targets where it succeeds: signals are 0, programs are opened and not written
to, limits stay as they are.
"""

import ctypes
import fcntl
import mmap
import os
import platform
import resource
import signal
import socket
import struct
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

TRIES: dict[str, Callable[["Targets"], Any]] = {}
ARM = platform.machine() == "aarch64"
"""The numbers of system calls that Python has no function for, x86_64 and aarch64."""


@dataclass(frozen=True)
class Targets:
    """`parent` is the engine host; `other` and `own` are the folders of jobs."""

    supervisor: int
    parent: int
    own: str
    other: str
    data: str
    root: str
    tcp: int
    unix: str


def attempt(function: Callable[["Targets"], Any]) -> Callable[["Targets"], Any]:
    TRIES[function.__name__] = function
    return function


def attack(targets: Targets) -> list[str]:
    """The names of the tries that succeed, made one after the other in this process."""
    return [name for name in TRIES if succeeds(name, targets)]


def succeeds(name: str, targets: Targets) -> bool:
    try:
        return TRIES[name](targets) is not False
    except Exception:
        return False


def without_sandbox(targets: Targets) -> list[str]:
    """The same in a child process for each."""
    return [name for name in TRIES if _in_child(name, targets)]


def _in_child(name: str, targets: Targets) -> bool:
    pid = os.fork()
    if pid == 0:
        os._exit(0 if succeeds(name, targets) else 1)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0


def call(x86: int, arm: int, *arguments: Any) -> int:
    """A system call. Raises OSError."""
    passed = [ctypes.c_long(value) if isinstance(value, int) else value for value in arguments]
    result: int = ctypes.CDLL(None, use_errno=True).syscall(ctypes.c_long(arm if ARM else x86), *passed)
    if result == -1:
        raise OSError(ctypes.get_errno(), "refused")
    return result


def _leaf(name: str, function: Callable[["Targets"], Any]) -> None:
    TRIES[name] = function


# Files of other jobs, and of this one
_leaf("read another job's document", lambda t: Path(t.other, "source").read_bytes())
_leaf("list another job", lambda t: os.listdir(t.other))
_leaf("list all jobs", lambda t: os.listdir(t.data))
_leaf("write another job's page", lambda t: Path(t.other, "pages", "1.json").open("ab").close())
_leaf("make a file in another job", lambda t: Path(t.other, "images", "x").open("xb").close())
_leaf("rename another job's document", lambda t: os.rename(t.other + "/source", t.other + "/source"))
_leaf("link another job's document", lambda t: os.link(t.other + "/source", t.own + "/linked"))
_leaf("place a link to another job", lambda t: os.symlink(t.other, t.own + "/symlink"))
_leaf("remove another job's page", lambda t: os.unlink(t.other + "/pages/2.json"))
_leaf("truncate another job's page", lambda t: os.truncate(t.other + "/pages/1.json", 0))
_leaf("change another job's rights", lambda t: os.chmod(t.other + "/source", 0o600))
_leaf("read its own document by name", lambda t: Path(t.own, "source").read_bytes())
_leaf("write its own document", lambda t: Path(t.own, "source").open("ab").close())
_leaf("make a folder", lambda t: os.mkdir(t.own + "/folder"))
_leaf("watch another job", lambda t: call(254, 27, call(294, 26, 0), (t.other + "/pages").encode(), 0x100))
_leaf("reach another job by a path descriptor", lambda t: os.open("source", 0, dir_fd=os.open(t.other, 0o10000000)))
_leaf("change the root", lambda t: os.chroot("/"))


# Secrets, programs
_leaf("read the parent's environment", lambda t: Path(f"/proc/{t.parent}/environ").read_bytes())
_leaf("read the supervisor's environment", lambda t: Path(f"/proc/{t.supervisor}/environ").read_bytes())
_leaf("read the parent's memory", lambda t: Path(f"/proc/{t.parent}/mem").open("rb").close())
_leaf("write the parent's memory", lambda t: Path(f"/proc/{t.parent}/mem").open("r+b").close())
_leaf("see the parent's maps", lambda t: Path(f"/proc/{t.parent}/maps").read_bytes())
_leaf("see the parent's descriptors", lambda t: os.listdir(f"/proc/{t.parent}/fd"))
_leaf("list processes", lambda t: os.listdir("/proc"))
_leaf("reach itself by another name", lambda t: Path("/proc/self/root/etc/passwd").read_bytes())
_leaf("reopen its line", lambda t: os.open("/proc/self/fd/1", os.O_RDWR))
_leaf("read .env", lambda t: os.listdir(t.root))
_leaf("read users", lambda t: Path("/etc/passwd").read_bytes())
_leaf("read the host's key folder", lambda t: os.listdir("/etc/ssl"))
_leaf("write the temporary folder", lambda t: _make(Path("/tmp", f"attack-{os.getpid()}")))
_leaf("write shared memory", lambda t: _make(Path("/dev/shm", f"attack-{os.getpid()}")))
_leaf("write a program file", lambda t: Path(t.root, "worker", "page_process", "process.py").open("ab").close())
_leaf("write a library", lambda t: Path(mmap.__file__ or os.__file__).open("ab").close())
_leaf("open the terminal", lambda t: os.open("/dev/tty", os.O_RDWR))


def _make(path: Path) -> None:
    path.open("xb").close()
    path.unlink()


# Processes and their signals
_leaf("signal the parent", lambda t: os.kill(t.parent, 0))
_leaf("signal the supervisor", lambda t: os.kill(t.supervisor, 0))
_leaf("signal everyone", lambda t: os.kill(-1, 0))
_leaf("signal a thread of the parent", lambda t: call(234, 131, t.parent, t.parent, 0))
_leaf("signal by tkill", lambda t: call(200, 130, t.parent, 0))
_leaf("queue a signal", lambda t: call(129, 138, t.parent, 0, struct.pack("iiii112x", 0, 0, -1, 0)))
_leaf("open the parent by pidfd", lambda t: os.pidfd_open(t.parent))
_leaf("take a descriptor by pidfd_getfd", lambda t: call(438, 438, call(434, 434, t.parent, 0), 0, 0))
_leaf("trace the parent", lambda t: call(101, 117, 0x4206, t.parent, 0, 0))
_leaf("compare with the parent", lambda t: call(312, 272, os.getpid(), t.parent, 1, 0, 0))
_leaf("limit the parent", lambda t: resource.prlimit(t.parent, resource.RLIMIT_NOFILE))
_leaf("slow the parent down", lambda t: os.setpriority(os.PRIO_PROCESS, t.parent, os.getpriority(0, t.parent)))
_leaf("bind the parent to CPUs", lambda t: os.sched_setaffinity(t.parent, os.sched_getaffinity(0)))
_leaf("become real-time", lambda t: os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0)))
_leaf("start a program", lambda t: subprocess.run(["/bin/true"], check=True))
_leaf("become a program", lambda t: os.execv("/bin/sh", ["sh", "-c", "exit 0"]))
_leaf("fork", lambda t: _end_child(os.fork()))
_leaf("outlive the parent", lambda t: call(157, 167, 1, 0, 0, 0, 0))
_leaf("stay inspectable", lambda t: call(157, 167, 0x59616D61, -1, 0, 0, 0))


def _end_child(pid: int) -> int:
    if pid == 0:
        os._exit(0)
    return os.waitpid(pid, 0)[1]


@attempt
def read_the_parent_by_process_vm_readv(targets: Targets) -> Any:
    there, here = ctypes.c_char(), ctypes.create_string_buffer(8)
    local = struct.pack("PN", ctypes.addressof(here), 1)
    remote = struct.pack("PN", ctypes.addressof(there), 1)
    try:
        return call(310, 270, targets.parent, local, 1, remote, 1, 0)
    except OSError as error:
        if error.errno == 14:  # the address is not mapped there, but we may ask
            return True
        raise


@attempt
def signal_by_owner_of_a_descriptor(targets: Targets) -> Any:
    reading, _ = os.pipe()
    return fcntl.fcntl(reading, fcntl.F_SETOWN, targets.parent)


@attempt
def signal_by_owner_of_the_line(targets: Targets) -> Any:
    for descriptor in range(3, 32):
        try:
            os.fstat(descriptor)
        except OSError:
            continue
        fcntl.fcntl(descriptor, 10, signal.SIGURG)  # F_SETSIG
        return fcntl.fcntl(descriptor, fcntl.F_SETOWN, targets.parent)
    return False


@attempt
def signal_by_ioctl(targets: Targets) -> Any:
    for descriptor in range(3, 32):
        try:
            return fcntl.ioctl(descriptor, 0x8901, struct.pack("i", targets.parent))  # FIOSETOWN
        except OSError as error:
            if error.errno not in (9, 25):
                raise
    return False


# The network
_leaf("make a TCP socket", lambda t: socket.create_connection(("127.0.0.1", t.tcp), 1).close())
_leaf("make a UDP socket", lambda t: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).close())
_leaf("make a netlink socket", lambda t: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW).close())
_leaf("make a packet socket", lambda t: socket.socket(socket.AF_PACKET, socket.SOCK_RAW).close())
_leaf("make a vsock", lambda t: socket.socket(40, socket.SOCK_STREAM).close())
_leaf("make a crypto socket", lambda t: socket.socket(38, socket.SOCK_SEQPACKET).close())
_leaf("make a socket pair", lambda t: socket.socketpair())


@attempt
def reach_a_unix_socket(targets: Targets) -> Any:
    with socket.socket(socket.AF_UNIX) as connection:
        return connection.connect(targets.unix)


# The kernel
_leaf("make a user namespace", lambda t: call(272, 97, 0x10000000))
_leaf("mount", lambda t: [call(165, 40, b"none", t.own.encode(), b"tmpfs", 0, 0), call(166, 39, t.own.encode(), 0)])
_leaf("make a file in memory", lambda t: call(319, 279, b"x", 0))
_leaf("add a key", lambda t: call(248, 217, b"user", b"x", b"y", 1, -2))
_leaf("ask for keys", lambda t: call(250, 219, 0, -3, 0))
_leaf("set up io_uring", lambda t: call(425, 425, 1, ctypes.create_string_buffer(120)))
_leaf("load BPF", lambda t: call(321, 280, 0, struct.pack("IIII", 2, 4, 4, 1).ljust(128, b"\0"), 128))
_leaf("handle page faults", lambda t: call(323, 282, 1))
_leaf("watch performance", lambda t: call(298, 241, struct.pack("IIQ", 1, 112, 0).ljust(112, b"\0"), 0, -1, -1, 0))
_leaf("open by handle", lambda t: call(303, 264, -100, t.other.encode(), struct.pack("Ii128x", 128, 0), bytes(4), 0))
_leaf("make shared memory", lambda t: call(31, 195, call(29, 194, 0, 4096, 0o600), 0, 0))
_leaf("make a message queue", lambda t: call(71, 187, call(68, 186, 0, 0o600), 0, 0))
_leaf("read the kernel's log", lambda t: call(103, 116, 10, 0, 0))
_leaf("set the host's name", lambda t: call(170, 161, socket.gethostname().encode(), len(socket.gethostname())))
_leaf("be another user", lambda t: call(105, 146, os.getuid()))
_leaf("hold capabilities", lambda t: _capabilities() != 0)
_leaf("make a FIFO", lambda t: os.mkfifo(t.own + "/fifo"))
_leaf("take memory from the machine", lambda t: _poison())
_leaf("inject input", lambda t: fcntl.ioctl(0, 0x5412, b"x") if os.isatty(0) else False)
_leaf("send a descriptor", lambda t: _send_descriptor())


def _capabilities() -> int:
    data = ctypes.create_string_buffer(24)
    call(125, 90, struct.pack("Ii", 0x20080522, 0), data)
    effective: int = struct.unpack("6I", data.raw)[0]
    return effective


def _poison() -> Any:
    area = mmap.mmap(-1, mmap.PAGESIZE)
    area[0] = 1
    address = ctypes.addressof(ctypes.c_char.from_buffer(area))
    return call(28, 233, address, mmap.PAGESIZE, 101)  # MADV_SOFT_OFFLINE


def _send_descriptor() -> Any:
    for descriptor in range(3, 32):
        try:
            with socket.socket(fileno=os.dup(descriptor)) as connection:
                return socket.send_fds(connection, [b"."], [descriptor])
        except OSError as error:
            if error.errno not in (9, 88):
                raise
    return False
