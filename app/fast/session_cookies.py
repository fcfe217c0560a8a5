"""Whose a session cookie is, for the doors: checked as quart-auth does, remembered for minutes."""

import time
from typing import Any

from itsdangerous import BadSignature, TimestampSigner
from quart import Quart
from quart_auth import QuartAuth

from app.accounts.sessions import COOKIE, User, parse_auth_id
from app.services import Services

PREFIX = f"{COOKIE}=".encode()
# Checking a signature takes some 15 us, as long as all else that this process does for a vote. Only a
# session that is a month old ends by itself, so it may be remembered for minutes: whether it was
# ended by its user is asked with every vote.
REMEMBERED_SECONDS = 300.0
MOST_REMEMBERED = 100_000


class SessionCookies:
    """Reads Cookie headers."""

    def __init__(self, app: Quart) -> None:
        self._app = app
        auth: QuartAuth = app.extensions["QUART_AUTH"][0]
        self._duration = auth.duration
        make: Any = auth.serializer_class
        self._serializer = make(app.secret_key, auth.salt)
        self._signer = _signer(self._serializer)
        self._remembered: dict[bytes, tuple[User | None, float]] = {}

    def user_id(self, header: bytes) -> int | None:
        """The id of the user who is signed in by this Cookie header; None for nobody."""
        user = self.user(header)
        return None if user is None else user.id

    def user(self, header: bytes) -> User | None:
        """The user who is signed in by this Cookie header; None for nobody."""
        for pair in header.split(b"; "):
            if pair.startswith(PREFIX):
                user = self._remembered_or_checked(pair[len(PREFIX) :])
                return None if user is None or self._is_over(user) else user
        return None

    def _is_over(self, user: User) -> bool:
        services: Services = self._app.extensions["upvote"]
        return services.revocations.is_over(user.id, user.began)

    def _remembered_or_checked(self, token: bytes) -> User | None:
        user, until = self._remembered.get(token, (None, 0.0))
        if time.monotonic() < until:
            return user
        return self._check(token)

    def _check(self, token: bytes) -> User | None:
        try:
            payload = self._signer.unsign(token, max_age=self._duration)
            user = parse_auth_id(self._serializer.load_payload(payload))
        except BadSignature:  # and its kind: BadPayload, SignatureExpired
            return None
        if user is None:
            return None
        if len(self._remembered) >= MOST_REMEMBERED:
            self._remembered.clear()
        self._remembered[token] = (user, time.monotonic() + REMEMBERED_SECONDS)
        return user


def _signer(serializer: Any) -> TimestampSigner:
    """The serializer's own signer, with its key derived once instead of with every cookie: 24 us."""
    own = serializer.make_signer(serializer.salt)
    return TimestampSigner(own.derive_key(), key_derivation="none", digest_method=own.digest_method)
