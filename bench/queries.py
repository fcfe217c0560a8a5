"""The SQL of the bench."""

from dataclasses import dataclass

from asyncpg import Pool


@dataclass(frozen=True)
class User:
    id: int
    username: str


async def insert_users(db: Pool, count: int) -> list[User]:
    """Insert `count` accounts; return the id and name of each."""
    rows = await db.fetch(
        """
        INSERT INTO users (username, password_hash)
        SELECT 'voter-' || n, '!' FROM generate_series(1, $1) AS n RETURNING id, username
        """,
        count,
    )
    return [User(**row) for row in rows]


async def insert_projects(db: Pool, count: int) -> list[int]:
    """Insert `count` projects of an author who casts no votes; return their ids, newest first."""
    rows = await db.fetch(
        """
        WITH author AS (
            INSERT INTO users (username, password_hash) VALUES ('bench-author', '!') RETURNING id
        )
        INSERT INTO projects (author_id, title, url, description, created_at)
        SELECT author.id, 'Project number ' || n || ' that somebody made',
               'https://example.org/' || n,
               repeat('A few words on what it is and what it is good for. ', 4),
               now() - make_interval(mins => n)
        FROM author, generate_series(1, $1) AS n RETURNING id
        """,
        count,
    )
    return [row["id"] for row in rows]


async def count_events(db: Pool) -> int:
    return await db.fetchval("SELECT count(*) FROM vote_events")


async def select_most_voted(db: Pool) -> list[int]:
    """Return all projects, those with the most votes first."""
    rows = await db.fetch("SELECT id FROM projects ORDER BY upvotes + downvotes DESC, id")
    return [row["id"] for row in rows]


async def select_busiest_users(db: Pool, count: int) -> list[User]:
    """Return the users who have cast the most votes."""
    rows = await db.fetch(
        """
        SELECT id, username FROM users
        JOIN (SELECT user_id, count(*) AS votes FROM votes GROUP BY user_id) AS cast_by ON user_id = id
        ORDER BY votes DESC, id LIMIT $1
        """,
        count,
    )
    return [User(**row) for row in rows]


async def vacuum(db: Pool) -> None:
    """Vacuum now: otherwise autovacuum would do it later, and its work would be measured too."""
    for statement in ("VACUUM (ANALYZE) votes, vote_events, vote_heads, projects, users", "CHECKPOINT"):
        await db.execute(statement)


async def select_bytes(db: Pool) -> int:
    """Return the size (bytes) of votes and events in PostgreSQL, with their indexes."""
    return await db.fetchval(
        """
        SELECT pg_total_relation_size('votes') + sum(pg_total_relation_size(relid))::bigint
        FROM pg_partition_tree('vote_events') WHERE isleaf
        """
    )
