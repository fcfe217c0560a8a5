"""The SQL of a project's votes over time."""

from datetime import datetime

from asyncpg import Pool


async def select_changes(
    db: Pool, project_id: int, since: datetime, until: datetime, parts: int
) -> list[tuple[int, int, int]]:
    """How the tally changed in each of the equal parts of a time, as (part from 0, up, down)."""
    rows = await db.fetch(
        """
        SELECT least(greatest(width_bucket(
                   extract(epoch FROM created_at)::double precision, $2, $3, $4::int), 1), $4::int) - 1
                   AS part,
               sum((new_value = 1)::int - (old_value = 1)::int) AS up,
               sum((new_value = -1)::int - (old_value = -1)::int) AS down
        FROM vote_events WHERE project_id = $1 GROUP BY part ORDER BY part
        """,
        project_id,
        since.timestamp(),
        until.timestamp(),
        parts,
    )
    return [(row["part"], row["up"], row["down"]) for row in rows]
