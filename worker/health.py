"""An alias of worker.healthcheck, for existing health checks."""

import sys

from worker.healthcheck import main

if __name__ == "__main__":
    sys.exit(main())
