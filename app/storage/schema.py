"""Check whether the database has every migration that this code needs."""

import asyncio
import contextlib

import asyncpg

from app.settings import Settings
from app.storage.away import DATABASE_AWAY
from app.storage.migrate import MIGRATIONS
from app.storage.poolers import ADVICE, PROBLEM, is_transaction_pooler
from app.storage.queries import select_migrations

TIMEOUT = 2.0  # s, for the connection and for each statement


def known_migrations() -> set[str]:
    """Return the versions of the migrations that ship with this code."""
    return {path.name.split("_")[0] for path in MIGRATIONS.glob("[0-9]*.sql")}


def schema_problem(settings: Settings) -> str | None:
    """Return the problem and its fix in one line, or None if there is none or PostgreSQL is away."""
    return asyncio.run(_problem(settings))


async def _problem(settings: Settings) -> str | None:
    try:
        db = await asyncpg.connect(settings.database_url, timeout=TIMEOUT, command_timeout=TIMEOUT)
    except asyncpg.InvalidCatalogNameError:
        return "the database does not exist: run upvote migrate, or correct DATABASE_URL"
    except (asyncpg.PostgresError, *DATABASE_AWAY):
        return None
    try:
        missing = known_migrations().difference(await select_migrations(db))
    except asyncpg.UndefinedTableError:
        return "the database has no schema yet: run upvote migrate"
    except (asyncpg.PostgresError, *DATABASE_AWAY):
        return None
    finally:
        db.terminate()
    with contextlib.suppress(asyncpg.PostgresError, *DATABASE_AWAY):
        if await is_transaction_pooler(settings.database_url or ""):
            return f"{PROBLEM}. {ADVICE}"
    if missing:
        lacks = f"the schema is older than this version and lacks {', '.join(sorted(missing))}"
        return f"{lacks}: run upvote migrate"
    return None
