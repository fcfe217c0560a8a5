"""The SQL of projects' places in the lists."""

from collections.abc import Sequence
from datetime import datetime

from asyncpg import Pool

from app.projects.orders import ORDERS
from app.projects.queries import LISTED

# The list, how many projects are ahead, the best place, and when it was reached.
PlaceRow = tuple[str, int, int | None, datetime | None]


async def select_places(db: Pool, project_id: int, lists: Sequence[str], limit: int) -> list[PlaceRow]:
    """Return a project's place in each list; at most `limit` projects ahead of it are counted."""
    rows = await db.fetch(places_statement(lists), project_id, limit)
    return [(row["list"], row["ahead"], row["place"], row["reached_at"]) for row in rows]


def places_statement(lists: Sequence[str]) -> str:
    """Return the statement for these lists.

    Its inner ORDER BY changes no count, but without it the planner reads the whole table.
    """
    return f"""
        SELECT current.list, ahead, place, reached_at
        FROM ({" UNION ALL ".join(map(_place_query, lists))}) AS current
        LEFT JOIN best_places ON best_places.project_id = $1 AND best_places.list = current.list
        """  # noqa: S608  (the names come from ORDERS)


def _place_query(key: str) -> str:
    rank = ORDERS[key].rank
    mine = rank.replace("projects.", "mine.")
    return f"""
        SELECT '{key}' AS list, (
            SELECT count(*) FROM (
                SELECT FROM projects WHERE {LISTED} AND ({rank}, projects.id) > ({mine}, mine.id)
                ORDER BY {rank} DESC, projects.id DESC LIMIT $2::int
            ) AS counted
        ) AS ahead
        FROM projects AS mine WHERE id = $1
        """  # noqa: S608


async def upsert_best_places(db: Pool, key: str, limit: int) -> None:
    """Store the places of a list's first `limit` projects that are better than the stored ones."""
    rank = ORDERS[key].rank
    await db.execute(
        f"""
        INSERT INTO best_places (project_id, list, place)
        SELECT first.id, $1, first.place
        FROM (
            SELECT id, row_number() OVER (ORDER BY {rank} DESC, id DESC) AS place
            FROM projects WHERE {LISTED} ORDER BY {rank} DESC, id DESC LIMIT $2
        ) AS first
        LEFT JOIN best_places AS best ON best.project_id = first.id AND best.list = $1
        WHERE best.place IS NULL OR best.place > first.place
        ON CONFLICT (project_id, list) DO UPDATE
        SET place = excluded.place, reached_at = excluded.reached_at
        WHERE best_places.place > excluded.place
        """,  # noqa: S608
        key,
        limit,
    )
