"""Hooks of Schemathesis: requests as a client of this board would send them.

No two have the same Idempotency-Key, and none names a track, since the board has none.
"""

import secrets
import time

import requests
import schemathesis
from schemathesis.core.transport import Response

HEADER = "idempotency-key"
LONGEST = 120.0  # s in which a busy machine answers a request at last


@schemathesis.hook
def before_call(context, case, kwargs):
    """Make a valid key unique; the second of two equal keys would be refused for its other body.

    A track that does not exist is refused, and the description cannot name those that do.
    """
    if isinstance(case.body, dict) and isinstance(case.body.get("track"), str):
        case.body["track"] = None
    for name, key in (case.headers or {}).items():
        if name.lower() == HEADER and 0 < len(key) < 200 and key.isascii() and key.isprintable():
            case.headers[name] = f"{key}-{secrets.token_hex(8)}"


@schemathesis.hook
def after_call(context, case, response):
    """Send a request again whose answer says so: 503 with Retry-After, as from a very busy machine."""
    deadline = time.monotonic() + LONGEST
    while (
        response.status_code == 503
        and "retry-after" in response.headers
        and time.monotonic() < deadline
    ):
        time.sleep(0.1)
        with requests.Session() as session:
            sent = session.send(response.request, timeout=LONGEST)
        again = Response.from_any(sent)
        for name in Response.__slots__:
            if hasattr(again, name):
                setattr(response, name, getattr(again, name))
