"""Finds or makes the account of somebody whom a token names. Each subject has one account, for good.

The other site vouches for its users, so what the board says about registration does not concern them.
The subject of an account that was deleted gets no other one: its votes may have stayed, as those that
voting has ended on, and nobody votes twice by deleting an account.
"""

from collections.abc import Iterator
from datetime import UTC, datetime

import structlog
from asyncpg import Connection

from app.accounts import queries as account_queries
from app.accounts.handover import queries
from app.accounts.handover.claims import Claims
from app.accounts.handover.errors import TokenRefused
from app.accounts.handover.queries import SiteUser
from app.accounts.handover.site_names import display_names, usernames
from app.accounts.look_alikes import load_look_alikes
from app.accounts.names import NameTaken, insert_account, name_digest, set_display_name
from app.accounts.revocation import session_ms
from app.services import Services
from app.single_flight import SingleFlight

log = structlog.get_logger()

DELETED = "The account of this sub was deleted, and it gets no other one."
SUSPENDED = "The account of this sub is suspended."
ENDED = "The token is from before the account was signed out everywhere: send a newer one, with iat."


class SiteAccounts:
    """The accounts of the other site's users, for one process."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._making = SingleFlight[None]()

    async def find(self, claims: Claims) -> SiteUser:
        """Return the account that a token names, and make it or change its name first.

        Raises TokenRefused, and DATABASE_AWAY.
        """
        found = await queries.select_site_user(self._services.db, claims.subject)
        if found is None:
            await self._making.run(claims.subject, lambda: make(self._services, claims))
            found = await queries.select_site_user(self._services.db, claims.subject)
        check_usable(found, claims)
        assert found is not None
        if claims.name not in ("", found.name) and moment(claims.issued) >= found.named_at:
            await rename(self._services, found, claims)
        return found


def check_usable(found: SiteUser | None, claims: Claims) -> None:
    """Raise TokenRefused if the account is gone or suspended, or was signed out since."""
    if found is None:
        raise TokenRefused(DELETED, "barred")
    if found.account.suspended_at is not None:
        raise TokenRefused(SUSPENDED, "suspended", found.account)
    ended = found.sessions_ended_at
    if ended is not None and claims.issued <= session_ms(ended):
        raise TokenRefused(ENDED, "late")


async def make(services: Services, claims: Claims) -> None:
    """Make the account of a subject, unless it has one by now. Raises TokenRefused."""
    await load_look_alikes()
    board_name = services.board.settings.name
    names = display_names(claims.name, board_name)
    accounts = usernames(claims.name, claims.subject, board_name)
    username, display_name = next(accounts), next(names)
    while True:
        try:
            return await _make(services, claims, username, display_name)
        except NameTaken as taken:
            if taken.field == "username":
                username = next(accounts)
            else:
                display_name = next(names)


async def _make(services: Services, claims: Claims, username: str, display_name: str | None) -> None:
    secret_key = services.settings.require_secret_key()
    async with services.db.acquire() as db, db.transaction():
        await queries.lock_subject(db, claims.subject)
        if await queries.select_site_user(db, claims.subject) is not None:
            return
        if await account_queries.select_is_former_name(db, _digest(secret_key, claims.subject)):
            raise TokenRefused(DELETED, "barred")
        account = await insert_account(db, secret_key, username, None, display_name=display_name)
        named_at = moment(claims.issued)
        await queries.insert_site_user(db, claims.subject, account.id, claims.name, named_at)
    log.info("account made for a user of the other site", account=account.id)


async def rename(services: Services, found: SiteUser, claims: Claims) -> None:
    """Let the display name follow the name of a token, unless a newer token has named it meanwhile."""
    await load_look_alikes()
    names: Iterator[str | None] = display_names(claims.name, services.board.settings.name)
    for name in names:
        try:
            async with services.db.acquire() as db, db.transaction():
                secret_key = services.settings.require_secret_key()
                await set_display_name(db, secret_key, found.account.id, name)
                if not await queries.update_site_name(
                    db, claims.subject, claims.name, moment(claims.issued)
                ):
                    raise _NamedMeanwhile
        except NameTaken:
            continue
        except _NamedMeanwhile:
            pass
        return


class _NamedMeanwhile(Exception):
    """A newer token has another name."""


async def bar_subject(db: Connection, secret_key: str, user_id: int) -> None:
    """Forget the subject of an account that is being deleted, but for a digest that refuses it.

    Needs the transaction of that.
    """
    subject = await queries.delete_site_user(db, user_id)
    if subject is not None:
        await account_queries.insert_former_name(db, _digest(secret_key, subject))


def _digest(secret_key: str, subject: str) -> bytes:
    return name_digest(secret_key, f"user of the other site {subject}")  # no username has a space


def moment(issued: int) -> datetime:
    """Return a Unix time (ms) as PostgreSQL takes it."""
    return datetime.fromtimestamp(issued / 1000, UTC)
