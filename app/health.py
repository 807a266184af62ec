"""The old name of app.cli.healthcheck, for health checks that were written for it."""

import sys

from app.cli.healthcheck import main

if __name__ == "__main__":
    sys.exit(main())
