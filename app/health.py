"""An alias of app.cli.healthcheck, for existing health checks."""

import sys

from app.cli.healthcheck import main

if __name__ == "__main__":
    sys.exit(main())
