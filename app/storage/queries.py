"""The SQL of the migrations' own table, which dbmate keeps."""

from asyncpg import Connection


async def select_migrations(db: Connection) -> list[str]:
    """Return the versions of the migrations that the database has, in order."""
    rows = await db.fetch("SELECT version FROM schema_migrations ORDER BY version")
    return [row["version"] for row in rows]
