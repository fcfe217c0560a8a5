"""Invitations: codes with which people make accounts, also where nobody else may register."""

import re
import secrets
from typing import Literal

from app.accounts.invitations.queries import Invitation

# Without i, l, o and u, so that a code can be read out and typed. 24 of 32 characters are 120 random
# bits: nobody finds a code by trying, so wrong codes need no limit.
ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
LENGTH = 24
_CODE = re.compile(f"[{ALPHABET}]{{{LENGTH}}}")
_PATH = "/join/"

Unusable = Literal["unknown", "revoked", "expired", "used up"]


def new_code() -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))


def is_code(text: str) -> bool:
    return bool(_CODE.fullmatch(text))


def join_path(code: str) -> str:
    """Return the path of the page on which an invitation is used."""
    return _PATH + code


def read_code(text: str) -> str | None:
    """Return the code that somebody typed or pasted, also as a whole link; None if there is none."""
    code = text.rpartition(_PATH)[2].partition("?")[0].partition("#")[0].strip().strip("/").lower()
    code = re.sub(r"[\s-]", "", code).translate(str.maketrans("ilo", "110"))
    return code if is_code(code) else None


def why_unusable(invitation: Invitation | None) -> Unusable | None:
    """Return why nobody can join with this invitation, or None."""
    if invitation is None:
        return "unknown"
    if invitation.revoked_at is not None:
        return "revoked"
    if invitation.is_over:
        return "expired"
    return "used up" if invitation.used >= invitation.uses else None
