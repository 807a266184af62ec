"""What a page process may take and do: limits of the kernel's, and a way neither to the network nor to other programs.

A document that takes over the process that reads it is to find nothing there: no network, no programs to start, no
privileges to gain, no other process within reach.
"""

import ctypes
import errno
import os
import platform
import resource
import struct

ADDRESSES_MB = 2_400
"""Address space beyond what a process may have in memory: libraries and their threads reserve more than they use."""
FILE_MAX = 4 << 30
"""Bytes of a file that it writes; the result of the longest document has far less."""
FILES_MAX = 256
"""Open at a time."""

# linux/prctl.h, linux/seccomp.h, linux/sched.h
PR_SET_NO_NEW_PRIVS = 38
SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC = 1, 1
KILL, REFUSE, ALLOW = 0x80000000, 0x00050000, 0x7FFF0000
CLONE_THREAD = 0x00010000
X32 = 0x40000000

# linux/filter.h: load a word, jump if equal, if not less, if a bit is set; return
LOAD, EQUAL, AT_LEAST, HAS, RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
NUMBER, MACHINE, FIRST_ARGUMENT = 0, 4, 16
"""Offsets in what the filter looks at."""

# The numbers of x86_64 and of aarch64 (asm/unistd.h); None: not there.
_MACHINES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}
_SECCOMP = (317, 277)
_CLONE = (56, 220)
_CLONE3 = (435, 435)
_REFUSED = {
    "socket": (41, 198),
    "fork": (57, None),
    "vfork": (58, None),
    "execve": (59, 221),
    "execveat": (322, 281),
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "tkill": (200, 130),
    "pidfd_open": (434, 434),
    "pidfd_send_signal": (424, 424),
    "pidfd_getfd": (438, 438),
    "io_uring_setup": (425, 425),
}
_OF_OTHERS_REFUSED = {"kill": (62, 129), "tgkill": (234, 131), "prlimit64": (302, 261)}


def limit(memory_mb: int) -> None:
    """Limits for the life of the process. Its parent watches what it has in memory; address space is the backstop."""
    limits = {
        resource.RLIMIT_AS: (memory_mb + ADDRESSES_MB) << 20,
        resource.RLIMIT_FSIZE: FILE_MAX,
        resource.RLIMIT_NOFILE: FILES_MAX,
        resource.RLIMIT_CORE: 0,
    }
    for kind, most in limits.items():
        hard = resource.getrlimit(kind)[1]
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(kind, (most, most))


def allow_cpu(seconds: float) -> None:
    """From now on the kernel ends the process after `seconds` more of CPU."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    soft = int(used.ru_utime + used.ru_stime + seconds) + 1
    resource.setrlimit(resource.RLIMIT_CPU, (soft, resource.getrlimit(resource.RLIMIT_CPU)[1]))


def close_in() -> bool:
    """Closes the ways out, for good and for all threads. False where the kernel or the machine does not allow that."""
    whole = ctypes.sizeof(ctypes.c_void_p) == 8  # a program of 32 bits has other numbers
    if platform.system() != "Linux" or platform.machine() not in _MACHINES or not whole:
        return False
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        return False
    column, audit = _MACHINES[platform.machine()]
    instructions = _filter(column, audit)
    code = ctypes.create_string_buffer(b"".join(instructions))
    program = ctypes.create_string_buffer(struct.pack("HP", len(instructions), ctypes.addressof(code)))
    failed: int = libc.syscall(
        ctypes.c_long(_SECCOMP[column]),
        ctypes.c_long(SECCOMP_SET_MODE_FILTER),
        ctypes.c_long(SECCOMP_FILTER_FLAG_TSYNC),
        program,
    )
    return failed == 0


def _filter(column: int, audit: int) -> list[bytes]:
    """A program of classic BPF that is asked about every system call.

    Each part of it decides on one call, or is skipped.
    """
    refuse, allow = _do(RETURN, REFUSE | errno.EPERM), _do(RETURN, ALLOW)
    program = [
        _do(LOAD, MACHINE),
        *(_do(EQUAL, audit, yes=1), _do(RETURN, KILL)),
        _do(LOAD, NUMBER),
        *(_do(AT_LEAST, X32, no=1), refuse),
    ]
    for numbers in _REFUSED.values():
        if (number := numbers[column]) is not None:
            program += [_do(EQUAL, number, no=1), refuse]
    for numbers in _OF_OTHERS_REFUSED.values():
        ours = [_do(LOAD, FIRST_ARGUMENT), _do(EQUAL, 0, yes=2), _do(EQUAL, os.getpid(), yes=1), refuse, allow]
        program += [_do(EQUAL, numbers[column], no=len(ours)), *ours]
    thread = [_do(LOAD, FIRST_ARGUMENT), _do(HAS, CLONE_THREAD, yes=1), refuse, allow]
    program += [_do(EQUAL, _CLONE[column], no=len(thread)), *thread]
    # The C library asks again by clone, whose flags can be seen.
    program += [_do(EQUAL, _CLONE3[column], no=1), _do(RETURN, REFUSE | errno.ENOSYS)]
    return [*program, allow]


def _do(code: int, value: int, *, yes: int = 0, no: int = 0) -> bytes:
    """One instruction; a jump skips `yes` or `no` instructions."""
    return struct.pack("HBBI", code, yes, no, value)
