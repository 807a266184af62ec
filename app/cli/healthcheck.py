"""python -m app.cli.healthcheck: does the API of this container answer?

For the health checks of containers; standard library only, as it is run every few seconds.
"""

import http.client
import os
import sys

from app.env_file import EnvFileError, find, read_env_file, upper_case
from app.processes.own_address import reachable


def main() -> int:
    try:
        file, environment = read_env_file(), upper_case(os.environ)
        host, port = (found[1] if (found := find((name,), environment, file)) else "" for name in ("HOST", "PORT"))
        at = int(port or 8080)
        connection = http.client.HTTPConnection(reachable(host.strip("[]") or "127.0.0.1"), at, timeout=5)
        connection.request("GET", "/health")
        status = connection.getresponse().status
    except (OSError, ValueError, http.client.HTTPException, EnvFileError) as error:
        print(f"The API at port {port or 8080} does not answer: {error}")
        return 1
    print(f"The API at port {at} answers with {status}.")
    return 0 if status == 200 else 1


if __name__ == "__main__":
    sys.exit(main())
