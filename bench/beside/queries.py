"""The SQL of the bench beside other work."""

from collections.abc import Sequence

from asyncpg import Pool

from bench.queries import User

LARGE = "The project that everybody votes on"


async def update_demo(db: Pool) -> None:
    """Make the account `demo` an admin."""
    await db.execute("UPDATE users SET is_admin = true WHERE username = 'demo'")


async def select_user(db: Pool, username: str) -> User:
    row = await db.fetchrow("SELECT id, username FROM users WHERE username = $1", username)
    return User(**row)


async def insert_crowd(db: Pool, count: int) -> list[int]:
    """Insert the voters of the largest project; return their ids."""
    rows = await db.fetch(
        """
        INSERT INTO users (username, password_hash)
        SELECT 'crowd-' || n, '!' FROM generate_series(1, $1) AS n RETURNING id
        """,
        count,
    )
    return [row["id"] for row in rows]


async def select_large(db: Pool) -> int:
    """Return the project with very many voters."""
    return await db.fetchval("SELECT id FROM projects WHERE title = $1", LARGE)


async def insert_members(db: Pool, prefix: str, count: int, password_hash: str) -> list[str]:
    """Insert accounts that all have the same password; return their names."""
    rows = await db.fetch(
        """
        INSERT INTO users (username, password_hash)
        SELECT $1 || '-' || n, $3 FROM generate_series(1, $2) AS n RETURNING username
        """,
        prefix,
        count,
        password_hash,
    )
    return [row["username"] for row in rows]


async def count_voters_events(db: Pool, others: Sequence[int]) -> int:
    """Return how many events the voters of bench/queries.py have, without these users."""
    return await db.fetchval(
        """
        SELECT count(*) FROM vote_events JOIN users ON users.id = user_id
        WHERE username LIKE 'voter-%' AND user_id <> ALL ($1)
        """,
        others,
    )


async def delete_webhooks(db: Pool) -> None:
    await db.execute("DELETE FROM webhooks")
