"""The SQL of the operators' figures."""

from dataclasses import dataclass

from asyncpg import Pool


@dataclass(frozen=True)
class Database:
    """PostgreSQL: bytes on disk, and connections in use of those there are."""

    size: int
    connections: int
    most_connections: int


async def select_database(db: Pool) -> Database:
    row = await db.fetchrow(
        """
        SELECT pg_database_size(current_database()) AS size,
               (SELECT count(*)::int FROM pg_stat_activity WHERE backend_type = 'client backend')
                   AS connections,
               current_setting('max_connections')::int AS most_connections
        """
    )
    return Database(**row)
