"""The SQL of a project's votes over time."""

from datetime import datetime

from asyncpg import Pool


async def select_base(db: Pool, project_id: int) -> tuple[datetime, int, int] | None:
    """When a project's event log begins, and the upvotes and downvotes then; None: all is in it."""
    row = await db.fetchrow(
        "SELECT last_at, upvotes, downvotes FROM vote_bases WHERE project_id = $1", project_id
    )
    return row and (row["last_at"], row["upvotes"], row["downvotes"])


async def select_changes(
    db: Pool, project_id: int, since: datetime, until: datetime, parts: int, most: int
) -> tuple[int, list[tuple[int, int, int]]]:
    """How many events were read, `most` at most, and what they changed.

    That is for each of the equal parts of a time (part from 0, up, down).
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
        most,
    )
    changes = [(row["part"], row["up"], row["down"]) for row in rows]
    return sum(row["events"] for row in rows), changes
