"""The SQL of projects: lists, one project, submitting."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from asyncpg import Pool


@dataclass(frozen=True)
class Project:
    """A project as last synced, with the asking user's persisted vote on it (0 for none)."""

    id: int
    title: str
    url: str | None
    description: str
    author: str
    created_at: datetime
    upvotes: int
    downvotes: int
    vote_version: int
    value: int
    rank: str


@dataclass(frozen=True)
class Cursor:
    """Where a page ended: the rank and id of its last project."""

    rank: Any
    id: int


_COLUMNS = """
    projects.id, title, url, description, users.username AS author, projects.created_at,
    upvotes, downvotes, vote_version, coalesce(votes.value, 0) AS value
"""
_JOINS = """
    JOIN users ON users.id = author_id
    LEFT JOIN votes ON votes.project_id = projects.id AND votes.user_id = $1
"""


@dataclass(frozen=True)
class Order:
    """The column that ranks a list, its type, and how its text is read back."""

    column: str
    type: str
    parse: Callable[[str], Any]


def _score(text: str) -> int:
    return max(-(2**31), min(int(text), 2**31 - 1))


ORDERS = {
    "hot": Order("projects.hot", "double precision", float),
    "top": Order("projects.score", "integer", _score),
    "new": Order("projects.created_at", "timestamptz", datetime.fromisoformat),
}


async def select_projects(
    db: Pool, order: str, user_id: int | None, after: Cursor | None, count: int
) -> list[Project]:
    """A page of one of the ORDERS, best first, from behind `after`."""
    rank, kind = ORDERS[order].column, ORDERS[order].type
    rows = await db.fetch(
        f"""
        SELECT {_COLUMNS}, {rank}::text AS rank
        FROM projects {_JOINS}
        WHERE $3::bigint IS NULL OR ({rank}, projects.id) < ($2::{kind}, $3::bigint)
        ORDER BY {rank} DESC, projects.id DESC
        LIMIT $4
        """,  # noqa: S608  (the names come from ORDERS)
        user_id,
        after and after.rank,
        after and after.id,
        count,
    )
    return [Project(**row) for row in rows]


async def select_project(db: Pool, project_id: int, user_id: int | None) -> Project | None:
    row = await db.fetchrow(
        f"SELECT {_COLUMNS}, '' AS rank FROM projects {_JOINS} "  # noqa: S608
        "WHERE projects.id = $2",
        user_id,
        project_id,
    )
    return row and Project(**row)


async def insert_project(
    db: Pool, author_id: int, title: str, url: str | None, description: str
) -> int:
    """Submit a project; gives its id."""
    return await db.fetchval(
        """
        INSERT INTO projects (author_id, title, url, description) VALUES ($1, $2, $3, $4)
        RETURNING id
        """,
        author_id,
        title,
        url,
        description,
    )
