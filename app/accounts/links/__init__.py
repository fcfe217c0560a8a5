"""Links that work once: a random secret, of which only the SHA-256 is stored."""

import hashlib
import re
import secrets

# A link is valid for this long (hours).
VALID_HOURS = 24
# 256 random bits in base64.
_SECRET = re.compile(r"[A-Za-z0-9_-]{43}")


def new_secret() -> str:
    return secrets.token_urlsafe(32)


def digest_of(secret: str) -> bytes:
    """Return what is stored of a secret. It is random, so it needs no salt."""
    return hashlib.sha256(secret.encode()).digest()


def is_secret(text: str) -> bool:
    """Return whether a text has the form of a secret, so that no other text is looked for."""
    return bool(_SECRET.fullmatch(text))
