"""Whether a page shows what admins can do. What they do is checked in PostgreSQL, by require_admin."""

import asyncio

import structlog
from asyncpg import Pool
from quart import g

from app.accounts import queries
from app.accounts.sessions import signed_in_id
from app.accounts.state import ADMIN_SECONDS, AccountsState, accounts
from app.services import services
from app.storage.connections import DATABASE_AWAY

log = structlog.get_logger()


async def is_admin() -> bool:
    """Whether an admin is signed in, as of a few seconds ago. Raises DATABASE_AWAY."""
    user_id = signed_in_id()
    if user_id is None:
        return False
    db = services().db
    return await accounts().is_admin.get(user_id, lambda: queries.select_is_admin(db, user_id))


async def admin_context() -> dict[str, bool]:
    """What every template knows of it; False while PostgreSQL is away.

    The page that says so does not wait for PostgreSQL a second time.
    """
    if g.get("database_away"):
        return {"is_admin": False}
    try:
        return {"is_admin": await is_admin()}
    except DATABASE_AWAY:
        return {"is_admin": False}


async def follow_admins(db: Pool, state: AccountsState) -> None:
    """Remember for ever who is an admin, so that /ops has its readers while PostgreSQL is away."""
    while True:
        try:
            found = await queries.select_admin_ids(db)
        except DATABASE_AWAY as error:
            log.debug("the admins are as they were", reason=repr(error))
        except Exception:
            log.exception("the admins could not be read")
        else:
            state.admin_ids = frozenset(found)
        await asyncio.sleep(ADMIN_SECONDS)
