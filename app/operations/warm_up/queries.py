"""The SQL of the warm-up."""

from asyncpg import Pool


async def count_projects(db: Pool) -> int:
    return await db.fetchval("SELECT count(*) FROM projects")


async def select_projects_after(db: Pool, after: int, limit: int) -> list[int]:
    """Return the ids of the next projects, by id."""
    rows = await db.fetch("SELECT id FROM projects WHERE id > $1 ORDER BY id LIMIT $2", after, limit)
    return [row["id"] for row in rows]


async def select_last_voted(db: Pool, limit: int) -> list[int]:
    """Return the projects with the latest votes, latest first; projects without votes are left out."""
    rows = await db.fetch(
        """
        SELECT project_id FROM votes
        GROUP BY project_id ORDER BY max(voted_at) DESC, project_id DESC LIMIT $1
        """,
        limit,
    )
    return [row["project_id"] for row in rows]
