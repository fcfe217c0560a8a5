"""The SQL of the rebuild."""

from asyncpg import Pool


async def count_projects(db: Pool) -> int:
    return await db.fetchval("SELECT count(*) FROM projects")


async def select_projects_after(db: Pool, after: int, most: int) -> list[int]:
    """The next projects by id."""
    rows = await db.fetch("SELECT id FROM projects WHERE id > $1 ORDER BY id LIMIT $2", after, most)
    return [row["id"] for row in rows]


async def select_last_voted(db: Pool, most: int) -> list[int]:
    """The projects with the latest votes, latest first; those without votes are left out."""
    rows = await db.fetch(
        """
        SELECT project_id FROM votes
        GROUP BY project_id ORDER BY max(voted_at) DESC, project_id DESC LIMIT $1
        """,
        most,
    )
    return [row["project_id"] for row in rows]
