"""python -m worker.engine_host FD: run by the supervisor, with which it ends."""

import sys

from worker.engine_host.host import main

if __name__ == "__main__":
    main(int(sys.argv[1]))
