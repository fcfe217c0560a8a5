"""API tokens: random words of which only the SHA-256 is kept."""

import hashlib
import secrets


def new_token() -> str:
    """A fresh token: 256 random bits, one word."""
    return "uv_" + secrets.token_urlsafe(32)


def token_hash(token: str) -> bytes:
    """What the database keeps of a token; random enough to need no salt."""
    return hashlib.sha256(token.encode()).digest()
