"""Is the schema of the database as new as this code?"""

import asyncio

import asyncpg
from asyncpg import Connection

from app.settings import Settings
from app.storage.connections import DATABASE_AWAY
from app.storage.migrate import MIGRATIONS

SECONDS = 2.0


def known_migrations() -> set[str]:
    """The versions of the migrations that this code brings."""
    return {path.name.split("_")[0] for path in MIGRATIONS.glob("[0-9]*.sql")}


def schema_trouble(settings: Settings) -> str | None:
    """What is wrong and what to do, in a line; None where all is well, or PostgreSQL is away."""
    return asyncio.run(_trouble(settings))


async def select_migrations(db: Connection) -> set[str]:
    """Return the versions of the migrations that were applied."""
    return {row["version"] for row in await db.fetch("SELECT version FROM schema_migrations")}


async def _trouble(settings: Settings) -> str | None:
    try:
        db = await asyncpg.connect(settings.database_url, timeout=SECONDS, command_timeout=SECONDS)
    except asyncpg.InvalidCatalogNameError:
        return "there is no such database: run upvote migrate, or correct DATABASE_URL"
    except (asyncpg.PostgresError, *DATABASE_AWAY):
        return None
    try:
        missing = known_migrations() - await select_migrations(db)
    except asyncpg.UndefinedTableError:
        return "the database has no schema yet: run upvote migrate"
    except (asyncpg.PostgresError, *DATABASE_AWAY):
        return None
    finally:
        db.terminate()
    if missing:
        lacks = f"the schema is older than this version, it lacks {', '.join(sorted(missing))}"
        return f"{lacks}: run upvote migrate"
    return None
