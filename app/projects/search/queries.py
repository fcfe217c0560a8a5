"""The SQL of search."""

from asyncpg import Pool

from app.projects.queries import COLUMNS, JOINS, LISTED, Project


async def select_matches(
    db: Pool, words: str, user_id: int | None, count: int, skip: int
) -> list[Project]:
    """Return `count` projects that match the words, best match first, after `skip` others.

    The words may contain "a phrase", -word and or.
    """
    rows = await db.fetch(
        f"""
        SELECT {COLUMNS}, '' AS rank
        FROM websearch_to_tsquery('english', $2) AS query, projects {JOINS}
        WHERE {LISTED} AND words @@ query
        ORDER BY ts_rank(words, query) DESC, projects.id DESC
        LIMIT $3 OFFSET $4
        """,  # noqa: S608
        user_id,
        words,
        count,
        skip,
    )
    return [Project(**row) for row in rows]
