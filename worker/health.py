"""The old name of worker.healthcheck, for health checks that were written for it."""

import sys

from worker.healthcheck import main

if __name__ == "__main__":
    sys.exit(main())
