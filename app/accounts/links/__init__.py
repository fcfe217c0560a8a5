"""Links that work once: a secret that nobody can guess, of which only the SHA-256 is stored."""

import hashlib
import hmac
import re
import secrets
from base64 import urlsafe_b64encode

# A link is valid for this long (hours).
VALID_HOURS = 24
# 256 random bits in base64.
_SECRET = re.compile(r"[A-Za-z0-9_-]{43}")


def new_secret() -> str:
    return secrets.token_urlsafe(32)


def secret_of(mail: str, secret_key: str) -> str:
    """Return the secret that belongs to a mail, in each try; nobody can know it without SECRET_KEY."""
    digest = hmac.digest(secret_key.encode(), b"upvote link " + mail.encode(), "sha256")
    return urlsafe_b64encode(digest).decode().rstrip("=")


def digest_of(secret: str) -> bytes:
    """Return what is stored of a secret. It has 256 bits, so it needs no salt."""
    return hashlib.sha256(secret.encode()).digest()


def is_secret(text: str) -> bool:
    """Return whether a text has the form of a secret, so that no other text is looked for."""
    return bool(_SECRET.fullmatch(text))
