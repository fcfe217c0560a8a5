"""A hook of Schemathesis: requests as a client of this board would send them.

No two have the same Idempotency-Key, and none names a track, since the board has none.
"""

import secrets

import schemathesis

HEADER = "idempotency-key"


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
