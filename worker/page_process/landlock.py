"""Which files a process may open: a Landlock ruleset (Linux 5.13 and newer, where the kernel is started with it).

What is already open is not affected, and a right that was given up does not come back; see man 7 landlock.
"""

import ctypes
import os
import stat
import struct
import sys
from collections.abc import Iterable
from pathlib import Path

# The same numbers on every machine.
CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446
CREATE_RULESET_VERSION = 1
RULE_PATH_BENEATH = 1

# linux/landlock.h. How many rights on files each version of the interface knows, from version 1 on.
READ_FILE, READ_DIR = 1 << 2, 1 << 3
FILE_RIGHTS = (13, 14, 15, 15, 16)
NETWORK_FROM, NETWORK_RIGHTS = 4, 0b11  # bind and connect by TCP
SCOPES_FROM, SCOPES = 6, 0b11  # abstract unix sockets, signals

PR_SET_NO_NEW_PRIVS = 38
LIBC = ctypes.CDLL(None)


def version() -> int:
    """Of the kernel's interface; 0 where it has none, or none for us."""
    if sys.platform != "linux":
        return 0
    found: int = _syscall(CREATE_RULESET, None, 0, CREATE_RULESET_VERSION)
    return max(found, 0)


def ruleset(readable: Iterable[Path]) -> int | None:
    """A descriptor of rules that forbid every access to files but reading those in `readable`, whole folders included;
    and, as far as the kernel knows them, TCP, and signals and abstract sockets of others.

    None where the kernel has no Landlock.
    """
    known = version()
    if known == 0:
        return None
    rights = (1 << FILE_RIGHTS[min(known, len(FILE_RIGHTS)) - 1]) - 1
    attributes = struct.pack("Q", rights)
    if known >= NETWORK_FROM:
        attributes += struct.pack("Q", NETWORK_RIGHTS)
    if known >= SCOPES_FROM:
        attributes += struct.pack("Q", SCOPES)
    rules: int = _syscall(CREATE_RULESET, attributes, len(attributes), 0)
    if rules < 0:
        return None
    for path in readable:
        _allow_reading(rules, path)
    return rules


def enter(rules: int) -> bool:
    """Gives up, for good, what the ruleset forbids; holds for the calling thread and what it starts.

    False where the kernel does not allow it. Nothing is given up then.
    """
    no_new_privileges = LIBC.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0
    return no_new_privileges and _syscall(RESTRICT_SELF, rules, 0) == 0


def _allow_reading(rules: int, path: Path) -> None:
    """Leaves out what is not there."""
    try:
        descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    try:
        rights = READ_FILE | (READ_DIR if stat.S_ISDIR(os.fstat(descriptor).st_mode) else 0)
        _syscall(ADD_RULE, rules, RULE_PATH_BENEATH, struct.pack("=Qi", rights, descriptor), 0)
    finally:
        os.close(descriptor)


def _syscall(number: int, *arguments: "int | bytes | None") -> int:
    passed = [ctypes.c_long(value) if isinstance(value, int) else value for value in arguments]
    result: int = LIBC.syscall(ctypes.c_long(number), *passed)
    return result
