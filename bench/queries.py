"""The SQL of the bench."""

from dataclasses import dataclass

from asyncpg import Pool


@dataclass(frozen=True)
class User:
    id: int
    username: str


async def insert_users(db: Pool, count: int) -> list[User]:
    """So many accounts; gives id and name of each."""
    rows = await db.fetch(
        """
        INSERT INTO users (username, password_hash)
        SELECT 'voter-' || n, '!' FROM generate_series(1, $1) AS n RETURNING id, username
        """,
        count,
    )
    return [User(**row) for row in rows]


async def insert_projects(db: Pool, count: int) -> list[int]:
    """So many projects of an author who votes on none of them; the newest first."""
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


async def count_votes(db: Pool) -> int:
    return await db.fetchval("SELECT count(*) FROM votes")
