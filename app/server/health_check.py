"""`python -m app.server.health_check`: exits with 0 if the web process on this machine is alive."""

import http.client
import os
import sys
import urllib.request


def main() -> int:
    """Return the exit code, 0 or 1. PORT is in the environment.

    This is a health check for images without curl.
    """
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        opener.open(f"http://127.0.0.1:{os.environ.get('PORT', '8000')}/healthz", timeout=2).close()
    except (OSError, http.client.HTTPException) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
