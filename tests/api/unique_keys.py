"""A hook of Schemathesis: no two requests have the same Idempotency-Key, as a client would do it."""

import secrets

import schemathesis

HEADER = "idempotency-key"


@schemathesis.hook
def before_call(context, case, kwargs):
    """Make a valid key unique; the second of two equal keys would be refused for its other body."""
    for name, key in (case.headers or {}).items():
        if name.lower() == HEADER and 0 < len(key) < 200 and key.isascii() and key.isprintable():
            case.headers[name] = f"{key}-{secrets.token_hex(8)}"
