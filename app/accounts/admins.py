"""Whether pages show the links of admins. Their actions are checked in PostgreSQL, by require_admin."""

import structlog
from asyncpg import Pool
from quart import g

from app.accounts import queries
from app.accounts.sessions import signed_in_id
from app.accounts.state import AccountsState, accounts
from app.logs import line_limit
from app.services import services
from app.storage.away import DATABASE_AWAY

log = structlog.get_logger()

ADMIN_TURNS = 6  # of the turns of app/repeat.py; the admins are read at one of so many


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


async def read_admin_ids(db: Pool, state: AccountsState) -> None:
    """Read who the admins are: with them /ops opens while PostgreSQL is away."""
    try:
        found = await queries.select_admin_ids(db)
    except DATABASE_AWAY as error:
        log.debug("list of admins not updated", reason=repr(error))
    except Exception:
        if line_limit.is_due("admins"):
            log.exception("reading the admins failed")
    else:
        state.admin_ids = frozenset(found)
