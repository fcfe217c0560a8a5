"""The SQL of a project's votes over time."""

from datetime import datetime

from asyncpg import Pool


async def select_base(db: Pool, project_id: int) -> tuple[datetime, int, int] | None:
    """Return when a project's event log begins, and the upvotes and downvotes at that time.

    None means that the log is complete.
    """
    row = await db.fetchrow(
        "SELECT last_at, upvotes, downvotes FROM vote_bases WHERE project_id = $1", project_id
    )
    return row and (row["last_at"], row["upvotes"], row["downvotes"])


async def select_changes(
    db: Pool, project_id: int, since: datetime, until: datetime, parts: int, limit: int
) -> tuple[int, list[tuple[int, int, int]]]:
    """Return how many events were read (`limit` at most), and what they changed.

    The time from `since` to `until` is cut into equal parts. Each part with events is returned as
    (part from 0, change of upvotes, change of downvotes).
    """
    rows = await db.fetch(
        """
        SELECT least(greatest(width_bucket(
                   extract(epoch FROM created_at)::double precision, $2, $3, $4::int), 1), $4::int) - 1
                   AS part,
               count(*) AS events,
               sum((new_value = 1)::int - (old_value = 1)::int) AS up,
               sum((new_value = -1)::int - (old_value = -1)::int) AS down
        FROM (
            SELECT created_at, old_value, new_value FROM vote_events WHERE project_id = $1 LIMIT $5
        ) AS changes
        GROUP BY part ORDER BY part
        """,
        project_id,
        since.timestamp(),
        until.timestamp(),
        parts,
        limit,
    )
    changes = [(row["part"], row["up"], row["down"]) for row in rows]
    return sum(row["events"] for row in rows), changes
