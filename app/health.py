"""python -m app.health: does the API of this container answer? For the health checks of containers; standard library
only, as it is run every few seconds.
"""

import http.client
import os
import sys


def main() -> int:
    port = int(os.environ.get("PORT") or 8080)
    try:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        connection.request("GET", "/health")
        status = connection.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        print(f"The API at port {port} does not answer: {error}")
        return 1
    print(f"The API at port {port} answers with {status}.")
    return 0 if status == 200 else 1


if __name__ == "__main__":
    sys.exit(main())
