"""The other site's users as a web process knows them: its keys, and the tokens that it has checked."""

import hashlib
import time

from cachetools import TLRUCache
from quart import abort, current_app

from app.accounts.handover.claims import Claims
from app.accounts.handover.queries import SiteUser
from app.accounts.revocation import Revocations, session_ms
from app.accounts.user import User
from app.services import Services
from app.single_flight import SingleFlight

EXTENSION = "upvote_handover"
MAX_CACHED = 10_000


class Handover:
    """Checks tokens of the other site."""

    def __init__(self, services: Services, revocations: Revocations, keys: str) -> None:
        # With them comes cryptography, which a board without such users need not load.
        from app.accounts.handover.key_ring import KeyRing
        from app.accounts.handover.site_account import SiteAccounts

        self.ring = KeyRing(keys)
        self.accounts = SiteAccounts(services)
        self._audience = services.settings.address
        self._revocations = revocations
        # digest of a token -> its user, until it expires
        self._users: TLRUCache[bytes, User] = TLRUCache(
            MAX_CACHED, ttu=lambda _key, user, _now: user.until, timer=lambda: time.time()
        )
        self._checks = SingleFlight[User]()

    async def user(self, token: str) -> User:
        """Return the user whom a token names; the account is made with the first one.

        A token that was checked before costs a lookup. It is over as soon as the sessions of its user
        were ended after it was made, as by a suspension. Raises TokenRefused, and DATABASE_AWAY.
        """
        from app.accounts.handover.token import check_length

        check_length(token)
        self._refresh()
        digest = hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
        user = self._users.get(digest)
        ended = self._revocations
        if user is not None and ended.known:
            if ended.is_over(user.id, user.began):
                await self._refuse(token)
            return user
        checks = self._checks
        return await checks.run(digest, lambda: self._check(token, digest, checks))

    def read(self, token: str) -> Claims:
        """Return what a token says, without looking for its account. Raises TokenRefused."""
        from app.accounts.handover.token import read_token

        self._refresh()
        return read_token(token, self.ring, self._audience, time.time())

    def _refresh(self) -> None:
        """Read changed keys, and forget the tokens that were checked with those of before."""
        if self.ring.refresh():
            self._users.clear()
            self._checks = SingleFlight()

    async def _refuse(self, token: str) -> None:
        """Raise TokenRefused for a token that was accepted before the sessions of its user were ended.

        It may say that it was made after that, if the clock of its site is ahead.
        """
        from app.accounts.handover.errors import TokenRefused
        from app.accounts.handover.site_account import ENDED

        await self.accounts.find(self.read(token))  # which knows of a suspension
        raise TokenRefused(ENDED, "late")

    async def _check(self, token: str, digest: bytes, checks: SingleFlight[User]) -> User:
        claims = self.read(token)
        found = await self.accounts.find(claims)
        user = User(found.account.id, found.account.username, began(found, claims), claims.until)
        if checks is self._checks:  # else the keys have changed meanwhile
            self._users[digest] = user
        return user


def began(found: SiteUser, claims: Claims) -> int:
    """Return when (ms) the session of a token began: when it was made, and not later than now.

    Else a token of a site whose clock is ahead would outlive a suspension.
    """
    return min(claims.issued, session_ms(found.asked_at))


def open_handover(services: Services, revocations: Revocations) -> Handover | None:
    """Return what checks tokens of the other site, or None if no site may hand over its users."""
    keys = services.settings.handover_keys
    return None if keys is None else Handover(services, revocations, keys)


def handover() -> Handover | None:
    """Return that of the app that handles this request."""
    found: Handover | None = current_app.extensions.get(EXTENSION)
    return found


def require_handover() -> Handover:
    """As handover(), but answer 404 if there is none."""
    return handover() or abort(404)
