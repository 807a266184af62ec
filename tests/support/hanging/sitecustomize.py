"""In a process that has this folder in PYTHONPATH, opening a job's document hangs while there is a pipe at HANGS_AT.

So does a call to a file server that is away. It goes on when somebody opens the pipe to write.
"""

import os
import sys
from typing import Any


def hang(event: str, arguments: tuple[Any, ...]) -> None:
    pipe = os.environ.get("HANGS_AT", "")
    if event == "open" and arguments[0] == "source" and os.path.exists(pipe):
        os.close(os.open(pipe, os.O_RDONLY))


sys.addaudithook(hang)
