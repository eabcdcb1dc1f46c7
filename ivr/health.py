"""Whether the controller here is connected and acting: `python3 -m ivr.health`, for the container's health check.

It runs every other second, so it imports next to nothing: `ivr` with all it knows takes half a second of a core to begin.
"""

import http.client
import os
import sys


def main() -> int:
    """Print what /readyz says; 0 when it is ready."""
    connection = http.client.HTTPConnection("127.0.0.1", int(os.environ.get("KC_WEB_PORT", "8000")), timeout=3)
    try:
        connection.request("GET", "/readyz")
        answer = connection.getresponse()
        print(answer.read().decode())
    except OSError as error:
        print(f"not ready: {error}")
        return 1
    return 0 if answer.status == 200 else 1


if __name__ == "__main__":
    sys.exit(main())
