"""Processes that never outlive the one that started them, even by SIGKILL.

Run as a script this file is the launcher: it asks the kernel to kill it with its parent, then becomes the command.
Start such processes from the main thread only: Linux sends the signal when the starting *thread* ends.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def die_with_parent(*command: str) -> list[str]:
    """The argv that runs `command` tied to this process."""
    return [sys.executable, "-I", "-S", __file__, str(os.getpid()), *command]


def die_with(parent: int) -> None:
    """Has the kernel kill this process when its parent ends; ends it now if that is no longer `parent`."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it died before the request took effect
        sys.exit(1)


def main(parent: int, command: list[str]) -> None:
    die_with(parent)
    if os.getsid(0) != os.getpid():  # a group of its own: Ctrl-C in the terminal reaches the parent, which stops us
        os.setpgid(0, 0)
    os.execvp(command[0], command)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
