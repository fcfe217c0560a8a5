"""The SQL of teams, and of the projects that a user has a part in."""

from asyncpg import Pool

from app.projects.queries import COLUMNS, JOINS, LISTED, Project

# The user $2 submitted the project or is an accepted member of its team.
BY_USER = """(author_id = $2 OR projects.id = ANY (ARRAY(
    SELECT project_id FROM project_members WHERE user_id = $2 AND accepted_at IS NOT NULL)))"""


async def select_projects_of(
    db: Pool, author_id: int, user_id: int | None, after: int | None, count: int
) -> list[Project]:
    """Return the `count` projects of an author or member after the project `after`, newest first."""
    rows = await db.fetch(
        f"""
        SELECT {COLUMNS}, projects.id::text AS rank
        FROM projects {JOINS}
        WHERE {BY_USER} AND {LISTED} AND ($3::bigint IS NULL OR projects.id < $3)
        ORDER BY projects.id DESC
        LIMIT $4
        """,  # noqa: S608
        user_id,
        author_id,
        after,
        count,
    )
    return [Project(**row) for row in rows]


async def select_totals_of(db: Pool, author_id: int, after: int | None) -> tuple[int, int]:
    """Return the sum of the scores of an author's projects, and how many come up to `after`."""
    row = await db.fetchrow(
        f"""
        SELECT coalesce(sum(score), 0) AS score, count(*) FILTER (WHERE id >= $1) AS newer
        FROM projects WHERE {BY_USER} AND {LISTED}
        """,  # noqa: S608
        after,
        author_id,
    )
    return row["score"], row["newer"]
