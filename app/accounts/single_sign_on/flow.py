"""A sign-in that is under way: a short-lived signed cookie, since it may end in another process.

The cookie binds it to the browser that began it. It holds a random seed, from which state, nonce and
verifier follow by SECRET_KEY, so that nobody learns them from the cookie. There are a few cookies, so
that sign-ins in several tabs do not disturb each other.
"""

import hashlib
import hmac
import random
import secrets
import time
from base64 import urlsafe_b64encode
from dataclasses import asdict, dataclass, replace
from typing import Literal

from quart import request

from app.services import services
from app.web.signed_cookies import SignedCookie

NAMES = tuple(f"upvote_sign_in_{number}" for number in range(1, 5))
LONGEST = 1000  # characters of `back_to`: a browser keeps cookies of 4,096 bytes
LONGEST_INVITATION = 100

_cookie = SignedCookie("upvote sign-in", seconds=600, path="/sign-in")

# To sign in; to connect the provider with an account that is signed in; or to confirm who one is.
Purpose = Literal["sign in", "connect", "confirm"]


@dataclass(frozen=True)
class Flow:
    """A sign-in under way. `user_id` and `session` (when it began) are those of who is signed in."""

    purpose: Purpose
    back_to: str = "/"
    invitation: str = ""
    user_id: int = 0
    session: int = 0
    seed: str = ""
    began: float = 0.0

    @property
    def state(self) -> str:
        return self._secret("state")

    @property
    def nonce(self) -> str:
        return self._secret("nonce")

    @property
    def verifier(self) -> str:
        return self._secret("verifier")

    @property
    def challenge(self) -> str:
        """The verifier's SHA-256, which the provider sees first (PKCE, S256)."""
        return _encode(hashlib.sha256(self.verifier.encode()).digest())

    def _secret(self, what: str) -> str:
        key = services().settings.require_secret_key().encode()
        return _encode(hmac.digest(key, f"upvote sign-in {what} {self.seed}".encode(), hashlib.sha256))


def begin(flow: Flow) -> Flow:
    """Return the flow with a seed of its own, and store it with the response.

    Its cookie is one that is free, or else any of them.
    """
    begun = replace(
        flow,
        back_to=flow.back_to if len(flow.back_to) <= LONGEST else "/",
        invitation=flow.invitation[:LONGEST_INVITATION],
        seed=secrets.token_urlsafe(16),
        began=time.time(),
    )
    free = [name for name in NAMES if name not in request.cookies]
    _cookie.write(random.choice(free or NAMES), asdict(begun))
    return begun


def take(state: str) -> Flow | None:
    """Return the flow with this state if this browser began it, and remove it with the response."""
    for name in NAMES:
        try:
            flow = Flow(**(_cookie.read(name) or {}))
        except TypeError:  # there is none, or it is of another version of Upvote
            continue
        if hmac.compare_digest(flow.state.encode(), state.encode("utf-8", "surrogatepass")):
            _cookie.forget(name)
            return flow
    return None


def _encode(digest: bytes) -> str:
    return urlsafe_b64encode(digest).decode().rstrip("=")
