"""Whether pages show the links of admins. Their actions are checked in PostgreSQL, by require_admin."""

import asyncio

import structlog
from asyncpg import Pool
from quart import g

from app.accounts import queries
from app.accounts.sessions import signed_in_id
from app.accounts.state import ADMIN_SECONDS, AccountsState, accounts
from app.logs import line_limit
from app.services import services
from app.storage.away import DATABASE_AWAY

log = structlog.get_logger()


async def is_admin() -> bool:
    """Return whether an admin is signed in, up to ADMIN_SECONDS late. Raises DATABASE_AWAY."""
    user_id = signed_in_id()
    if user_id is None:
        return False
    db = services().db
    return await accounts().is_admin.get(user_id, lambda: queries.select_is_admin(db, user_id))


async def admin_context() -> dict[str, bool]:
    """Return is_admin for every template; False while PostgreSQL is away.

    The error page for that case does not wait for PostgreSQL a second time.
    """
    if g.get("database_away"):
        return {"is_admin": False}
    try:
        return {"is_admin": await is_admin()}
    except DATABASE_AWAY:
        return {"is_admin": False}


async def secrecy_context() -> dict[str, bool]:
    """Return for every template whether tallies are secret for its reader."""
    return {"secret": not accounts().sees_tallies(signed_in_id())}


async def follow_admins(db: Pool, state: AccountsState) -> None:
    """Read the admins every ADMIN_SECONDS, for ever: with them /ops opens while PostgreSQL is away."""
    while True:
        try:
            found = await queries.select_admin_ids(db)
        except DATABASE_AWAY as error:
            log.debug("list of admins not updated", reason=repr(error))
        except Exception:
            if line_limit.is_due("admins"):
                log.exception("reading the admins failed")
        else:
            state.admin_ids = frozenset(found)
        await asyncio.sleep(ADMIN_SECONDS)
