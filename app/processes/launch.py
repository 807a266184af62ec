"""Runs a module as `python -m` does, but nothing that lies in the current folder.

    python app/processes/launch.py -m MODULE [ARGUMENT…]

`python -m` looks into the current folder first, so that an `app` or a `redis.py` there would run with our rights.
"""

import os
import sys

FOLDER = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(FOLDER))


def program(module: str, *arguments: str) -> list[str]:
    """The command that runs a module of ours, or of what is installed."""
    return [sys.executable, os.path.abspath(__file__), "-m", module, *arguments]


def main() -> None:
    # Python puts the folder of this file first; our modules must be imported as app.…, never by names like "logs".
    sys.path[:] = [ROOT, *(path for path in sys.path if path not in (ROOT, FOLDER))]
    import runpy

    module = sys.argv[2]
    del sys.argv[1:3]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
