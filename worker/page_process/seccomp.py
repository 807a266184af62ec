"""The system calls of a page process: a seccomp filter that allows what is listed here, and fails everything else.

A call that is not listed fails with EPERM, or with ENOSYS where libraries know how to do without because kernels of
2019 did not have it. Nothing is killed for it: an unforeseen call of a library costs a page at most. Listed is what the
C library and Python use for memory, files that are open, clocks and threads; strace over the test documents shows
which calls fail. See man 2 seccomp.
"""

import ctypes
import errno
import os
import platform
import struct

# linux/prctl.h, linux/seccomp.h
PR_SET_NO_NEW_PRIVS = 38
LIBC = ctypes.CDLL(None)
SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC = 1, 1
KILL, REFUSE, ALLOW = 0x80000000, 0x00050000, 0x7FFF0000
X32 = 0x40000000
NEWER = 424
"""From this number on, calls have the same number everywhere, and are too new for a library to depend on."""

# linux/filter.h: load a word, jump if equal, if not less, if not greater, if a bit is set; return
LOAD, EQUAL, AT_LEAST, ABOVE, HAS, RETURN = 0x20, 0x15, 0x35, 0x25, 0x45, 0x06
NUMBER, MACHINE, ARGUMENTS = 0, 4, 16
"""Offsets in struct seccomp_data; both machines are little-endian, and all arguments that are checked are 32 bits."""

# The numbers of x86_64 and of aarch64 (asm/unistd.h), the most frequent first; None: the machine has no such call.
_MACHINES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}
_SECCOMP = (317, 277)
Numbers = tuple[int | None, int | None]
ALLOWED: dict[str, Numbers] = {
    "read": (0, 63),
    "write": (1, 64),
    "futex": (202, 98),
    "lseek": (8, 62),
    "mmap": (9, 222),
    "munmap": (11, 215),
    "fstat": (5, 80),
    "newfstatat": (262, 79),
    "close": (3, 57),
    "getrusage": (98, 165),
    "recvfrom": (45, 207),
    "sendto": (44, 206),
    "recvmsg": (47, 212),
    "clock_gettime": (228, 113),
    "brk": (12, 214),
    "mprotect": (10, 226),
    "mremap": (25, 216),
    "stat": (4, None),
    "lstat": (6, None),
    "statx": (332, 291),
    "pread64": (17, 67),
    "pwrite64": (18, 68),
    "readv": (19, 65),
    "writev": (20, 66),
    "preadv": (295, 69),
    "pwritev": (296, 70),
    "ftruncate": (77, 46),
    "fadvise64": (221, 223),
    "fsync": (74, 82),
    "dup": (32, 23),
    "dup2": (33, None),
    "dup3": (292, 24),
    "getdents": (78, None),
    "getdents64": (217, 61),
    "access": (21, None),
    "faccessat": (269, 48),
    "faccessat2": (439, 439),
    "readlink": (89, None),
    "readlinkat": (267, 78),
    "getcwd": (79, 17),
    "statfs": (137, 43),
    "fstatfs": (138, 44),
    "poll": (7, None),
    "ppoll": (271, 73),
    "select": (23, None),
    "pselect6": (270, 72),
    "shutdown": (48, 210),
    "getsockopt": (55, 209),
    "getsockname": (51, 204),
    "mincore": (27, 232),
    "msync": (26, 227),
    "membarrier": (324, 283),
    "set_robust_list": (273, 99),
    "get_robust_list": (274, 100),
    "rseq": (334, 293),
    "set_tid_address": (218, 96),
    "arch_prctl": (158, None),
    "exit": (60, 93),
    "exit_group": (231, 94),
    "gettid": (186, 178),
    "getpid": (39, 172),
    "getppid": (110, 173),
    "getuid": (102, 174),
    "geteuid": (107, 175),
    "getgid": (104, 176),
    "getegid": (108, 177),
    "getresuid": (118, 148),
    "getresgid": (120, 150),
    "getgroups": (115, 158),
    "sched_yield": (24, 124),
    "getcpu": (309, 168),
    "rt_sigaction": (13, 134),
    "rt_sigprocmask": (14, 135),
    "rt_sigreturn": (15, 139),
    "rt_sigpending": (127, 136),
    "rt_sigtimedwait": (128, 137),
    "sigaltstack": (131, 132),
    "restart_syscall": (219, 128),
    "nanosleep": (35, 101),
    "clock_nanosleep": (230, 115),
    "clock_getres": (229, 114),
    "gettimeofday": (96, 169),
    "time": (201, None),
    "times": (100, 153),
    "getrandom": (318, 278),
    "uname": (63, 160),
    "sysinfo": (99, 179),
    "getrlimit": (97, 163),
    "setrlimit": (160, 164),
}
OPENING: dict[str, Numbers] = {"open": (2, None), "openat": (257, 56)}
"""Allowed for reading only, and not at all where the files in reach could not be limited."""
FLAGS_AT = {"open": 1, "openat": 2}
OF_ITSELF: dict[str, Numbers] = {
    "kill": (62, 129),
    "tkill": (200, 130),
    "tgkill": (234, 131),
    "prlimit64": (302, 261),
    "sched_getaffinity": (204, 123),
    "sched_getparam": (143, 121),
    "sched_getscheduler": (145, 120),
}
"""Allowed where the first argument is the process itself, or 0."""
ONE_OF: dict[str, tuple[Numbers, int, tuple[int, ...]]] = {
    "fcntl": ((72, 25), 1, (0, 1, 2, 3, 4, 1030)),  # F_DUPFD, F_[GS]ETFD, F_[GS]ETFL, F_DUPFD_CLOEXEC
    "ioctl": ((16, 29), 1, (0x5401, 0x5413, 0x541B, 0x5421, 0x5450, 0x5451)),  # TCGETS … FIONREAD FIONBIO FIO[N]CLEX
    "prctl": ((157, 167), 0, (15, 16, 0x53564D41)),  # PR_[GS]ET_NAME, PR_SET_VMA, by which glibc names its memory
}
"""Allowed where the argument at that position is one of these."""
UP_TO: dict[str, tuple[Numbers, int, int]] = {"madvise": ((28, 233), 2, 63)}
"""Allowed where the argument at that position is no larger: 100 and 101 take memory from the whole machine."""
CLONE: Numbers = (56, 220)
CLONE_THREAD, CLONE_NAMESPACES = 0x00010000, 0x7E020000
WRITING = 0o3 | 0o100 | 0o1000
"""O_ACCMODE, O_CREAT, O_TRUNC."""


def supported() -> bool:
    """Whether the filter knows this machine; a program of 32 bits has other numbers."""
    return platform.system() == "Linux" and platform.machine() in _MACHINES and ctypes.sizeof(ctypes.c_void_p) == 8


def enter(*, may_open: bool) -> bool:
    """Installs the filter for good and for all threads; without `may_open` no file can be opened any more.

    False where the kernel or the machine does not allow it.
    """
    if not supported():
        return False
    if LIBC.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        return False
    column, audit = _MACHINES[platform.machine()]
    instructions = program(column, audit, os.getpid(), may_open=may_open)
    code = ctypes.create_string_buffer(b"".join(instructions))
    filter_program = ctypes.create_string_buffer(struct.pack("HP", len(instructions), ctypes.addressof(code)))
    failed: int = LIBC.syscall(
        ctypes.c_long(_SECCOMP[column]),
        ctypes.c_long(SECCOMP_SET_MODE_FILTER),
        ctypes.c_long(SECCOMP_FILTER_FLAG_TSYNC),
        filter_program,
    )
    return failed == 0


def program(column: int, audit: int, pid: int, *, may_open: bool) -> list[bytes]:
    """A program of classic BPF that decides on every system call; `column` chooses the machine's numbers.

    Each part decides on one call, or is skipped.
    """
    allow, refuse = _do(RETURN, ALLOW), _do(RETURN, REFUSE | errno.EPERM)
    parts = [
        _do(LOAD, MACHINE),
        *(_do(EQUAL, audit, yes=1), _do(RETURN, KILL)),
        _do(LOAD, NUMBER),
        *(_do(AT_LEAST, X32, no=1), refuse),
    ]

    def part(numbers: Numbers, *decision: bytes) -> None:
        if (number := numbers[column]) is not None:
            parts.extend([_do(EQUAL, number, no=len(decision)), *decision])

    for numbers in ALLOWED.values():
        part(numbers, allow)
    if may_open:
        for name, numbers in OPENING.items():
            part(numbers, _argument(FLAGS_AT[name]), _do(HAS, WRITING, no=1), refuse, allow)
    for numbers in OF_ITSELF.values():
        part(numbers, _argument(0), _do(EQUAL, 0, yes=2), _do(EQUAL, pid, yes=1), refuse, allow)
    for numbers, position, values in ONE_OF.values():
        tests = [_do(EQUAL, value, yes=len(values) - index) for index, value in enumerate(values)]
        part(numbers, _argument(position), *tests, refuse, allow)
    for numbers, position, limit in UP_TO.values():
        part(numbers, _argument(position), _do(ABOVE, limit, no=1), refuse, allow)
    part(CLONE, _argument(0), _do(HAS, CLONE_NAMESPACES, yes=1), _do(HAS, CLONE_THREAD, yes=1), refuse, allow)
    # clone3 is among these: the C library then asks by clone, whose flags can be seen.
    return [*parts, _do(AT_LEAST, NEWER, no=1), _do(RETURN, REFUSE | errno.ENOSYS), refuse]


def _argument(position: int) -> bytes:
    return _do(LOAD, ARGUMENTS + 8 * position)


def _do(code: int, value: int, *, yes: int = 0, no: int = 0) -> bytes:
    """One instruction; a jump skips `yes` or `no` instructions."""
    return struct.pack("HBBI", code, yes, no, value)
