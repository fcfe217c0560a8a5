"""Reads session cookies as quart-auth does, but caches the result for some minutes."""

from hashlib import blake2b
from typing import Any

from cachetools import TTLCache
from itsdangerous import BadSignature
from quart import Quart
from quart_auth import QuartAuth

from app.accounts.sessions import COOKIE, MAX_COOKIE_BYTES, expiry, is_canonical, parse_auth_id
from app.accounts.state import AccountsState
from app.accounts.user import User
from app.web.dated import DatedSigner

NAME = COOKIE.encode()
PREFIX = NAME + b"="
# To check a signature takes about 15 us, as long as everything else that this process does for a vote.
# A session ends by itself only after a month, so the result may be cached for minutes. Whether the user
# has ended the session is checked each time.
CACHE_SECONDS = 300.0
# An entry takes about 600 bytes, whatever a client sends: a digest, and a name of 32 characters.
MAX_CACHED = 50_000


class SessionCookies:
    """Reads Cookie headers."""

    def __init__(self, app: Quart) -> None:
        self._app = app
        auth: QuartAuth = app.extensions["QUART_AUTH"][0]
        self._duration = auth.duration
        make: Any = auth.serializer_class
        self._serializer = make(app.secret_key, auth.salt)
        self._signer = _signer(self._serializer)
        self._users: TTLCache[bytes, User] = TTLCache(MAX_CACHED, CACHE_SECONDS)  # by a token's digest

    def user(self, header: bytes) -> User | None:
        """Return the user who is signed in by this Cookie header, or None if Quart has to look at it.

        Quart decides about every unusual header, such as one with two session cookies, so that all
        routes agree on the cookie that counts. That is the first one, which browsers send first
        because its path is the longest.
        """
        if header.count(NAME) != 1:
            return None
        for pair in header.split(b"; "):
            if pair.startswith(PREFIX):
                user = self._read(pair[len(PREFIX) :])
                return None if user is None or self._is_over(user) else user
        return None

    def _is_over(self, user: User) -> bool:
        accounts: AccountsState = self._app.extensions["upvote_accounts"]
        return accounts.is_over(user)

    def _read(self, token: bytes) -> User | None:
        if len(token) > MAX_COOKIE_BYTES:
            return None
        digest = blake2b(token, digest_size=16).digest()
        try:
            return self._users[digest]
        except KeyError:
            return self._check(token, digest)

    def _check(self, token: bytes, digest: bytes) -> User | None:
        if not is_canonical(token):
            return None
        try:
            payload = self._signer.unsign(token, max_age=self._duration)
            user = parse_auth_id(self._serializer.load_payload(payload))
        except BadSignature:  # the parent of BadPayload and SignatureExpired
            return None
        if user is not None:
            user = self._users[digest] = user._replace(until=expiry(token))
        return user


def session_cookies(app: Quart) -> SessionCookies:
    """Return the reader of the app, which all its fast paths share, and with it the cache."""
    if "upvote_session_cookies" not in app.extensions:
        app.extensions["upvote_session_cookies"] = SessionCookies(app)
    cookies: SessionCookies = app.extensions["upvote_session_cookies"]
    return cookies


def _signer(serializer: Any) -> DatedSigner:
    """Return the serializer's signer with its key derived once: 24 us less for each cookie."""
    own = serializer.make_signer(serializer.salt)
    return DatedSigner(own.derive_key(), key_derivation="none", digest_method=own.digest_method)
