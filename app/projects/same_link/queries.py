"""The SQL of projects with the same link."""

from collections.abc import Sequence
from dataclasses import dataclass

from asyncpg import Pool

from app.storage.queries import count_rows

SAME_LINK = """
    SELECT id, title FROM projects
    WHERE link_key = $2 AND deleted_at IS NULL AND hidden_at IS NULL AND id <> $1
    ORDER BY id LIMIT $3
"""
WITHOUT_KEY = """
    SELECT id, url FROM projects
    WHERE url IS NOT NULL AND link_key_of IS DISTINCT FROM md5(url) AND id > $1
    ORDER BY id LIMIT $2
"""


@dataclass(frozen=True)
class SameLink:
    """Another project with the same link."""

    id: int
    title: str


async def select_same_link(db: Pool, project_id: int, key: bytes, count: int) -> list[SameLink]:
    """Return up to `count` other projects whose link has this key, oldest first."""
    rows = await db.fetch(SAME_LINK, project_id, key, count)
    return [SameLink(**row) for row in rows]


async def select_without_key(db: Pool, after: int, count: int) -> list[tuple[int, str]]:
    """Return the ids, above `after`, and links of projects whose key is missing or of another link."""
    rows = await db.fetch(WITHOUT_KEY, after, count)
    return [(row["id"], row["url"]) for row in rows]


async def update_link_keys(db: Pool, keys: Sequence[tuple[int, str, bytes | None]]) -> int:
    """Store keys, given as (project, link, key), of links that are still the same; return how many.

    Skips rows that others have locked: it waits for none while it holds some, so it causes no deadlock.
    """
    result = await db.execute(
        """
        WITH given AS (
            SELECT * FROM unnest($1::bigint[], $2::text[], $3::bytea[]) AS given (id, url, key)
        ), free AS (
            SELECT id, given.url, given.key FROM projects JOIN given USING (id)
            WHERE projects.url = given.url
            FOR NO KEY UPDATE OF projects SKIP LOCKED
        )
        UPDATE projects SET link_key = free.key, link_key_of = md5(free.url)
        FROM free WHERE projects.id = free.id
        """,
        *[list(column) for column in zip(*keys, strict=True)],
    )
    return count_rows(result)
