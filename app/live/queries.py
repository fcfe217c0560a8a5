"""The SQL of live streams."""

from collections.abc import Iterable

from asyncpg import Pool


async def select_visible(db: Pool, project_ids: Iterable[int]) -> set[int]:
    """Return which of the projects exist and are neither hidden nor deleted."""
    rows = await db.fetch(
        """
        SELECT id FROM projects
        WHERE id = ANY ($1::bigint[]) AND deleted_at IS NULL AND hidden_at IS NULL
        """,
        list(project_ids),
    )
    return {row["id"] for row in rows}
