"""Whether a page shows what admins can do. What they do is checked in PostgreSQL, by require_admin."""

import asyncio
import time

import structlog
from quart import g

from app.accounts import queries
from app.accounts.sessions import signed_in_id
from app.connections import DATABASE_AWAY
from app.services import Services, services

log = structlog.get_logger()

# How long (s) pages go on showing an admin's links to one who is none any more, and the reverse.
REMEMBERED_SECONDS = 5.0
MOST_REMEMBERED = 10_000


async def is_admin() -> bool:
    """Whether an admin is signed in, as of a few seconds ago. Raises DATABASE_AWAY."""
    user_id = signed_in_id()
    if user_id is None:
        return False
    remembered, now = services().admins, time.monotonic()
    found, until = remembered.get(user_id, (False, 0.0))
    if now < until:
        return found
    found = await queries.select_is_admin(services().db, user_id)
    if len(remembered) >= MOST_REMEMBERED:
        remembered.clear()
    remembered[user_id] = (found, now + REMEMBERED_SECONDS)
    return found


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


async def follow_admins(services: Services) -> None:
    """Remember for ever who is an admin, so that /ops has its readers while PostgreSQL is away."""
    while True:
        try:
            found = await queries.select_admin_ids(services.db)
        except DATABASE_AWAY as error:
            log.debug("the admins are as they were", reason=repr(error))
        except Exception:
            log.exception("the admins could not be read")
        else:
            services.admin_ids.clear()
            services.admin_ids.update(found)
        await asyncio.sleep(REMEMBERED_SECONDS)
