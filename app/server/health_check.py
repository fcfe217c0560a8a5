"""`python -m app.server.health_check`: ends with 0 if the web process of this machine says it is alive."""

import os
import sys
import urllib.request


def main() -> int:
    """For health checks where there is no curl; PORT is in the environment."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        opener.open(f"http://127.0.0.1:{os.environ.get('PORT', '8000')}/healthz", timeout=2).close()
    except OSError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
