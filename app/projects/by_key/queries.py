"""The SQL of projects by key."""

from collections.abc import Sequence
from dataclasses import dataclass

from asyncpg import Connection, Pool


@dataclass(frozen=True)
class KeyedTally:
    """A visible project with its tally of the last sync, and the reader's persisted vote (or 0)."""

    key: str
    id: int
    upvotes: int
    downvotes: int
    vote_version: int
    value: int
    locked: bool


@dataclass(frozen=True)
class KeyedProject:
    id: int
    hidden: bool


ID_OF_KEY = "SELECT id FROM projects WHERE key = $1 AND deleted_at IS NULL"
KEYED_TALLIES = """
    SELECT key, projects.id, upvotes, downvotes, vote_version, coalesce(votes.value, 0) AS value,
           locked_at IS NOT NULL AS locked
    FROM projects
    LEFT JOIN votes ON votes.project_id = projects.id AND votes.user_id = $2
    WHERE key = ANY ($1::text[]) AND key IS NOT NULL AND deleted_at IS NULL AND hidden_at IS NULL
"""


async def select_id(db: Pool | Connection, key: str) -> int | None:
    """Return the number of the project with this key, hidden or not; None if there is none."""
    return await db.fetchval(ID_OF_KEY, key)


async def lock_key(db: Connection, key: str) -> None:
    """Let nobody else make a project under this key until the transaction ends."""
    await db.execute("SELECT pg_advisory_xact_lock(60, hashtext($1))", key)


async def select_keyed_for_update(db: Connection, key: str) -> KeyedProject | None:
    """Return the project with this key, which nobody else changes until the transaction ends."""
    row = await db.fetchrow(
        """
        SELECT id, hidden_at IS NOT NULL AS hidden FROM projects
        WHERE key = $1 AND deleted_at IS NULL FOR UPDATE
        """,
        key,
    )
    return row and KeyedProject(**row)


async def select_keyed_tallies(db: Pool, keys: Sequence[str], user_id: int | None) -> list[KeyedTally]:
    """Return the projects with these keys that are neither hidden nor deleted, in any order."""
    return [KeyedTally(**row) for row in await db.fetch(KEYED_TALLIES, keys, user_id)]
