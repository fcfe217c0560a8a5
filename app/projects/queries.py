"""The SQL of projects: lists, one project, submitting."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto
from typing import Any
from uuid import UUID

from asyncpg import Connection, Pool

from app.accounts.queries import PERSON
from app.links import link_key
from app.projects.orders import ORDERS, SEED
from app.projects.search_terms.terms import project_terms


@dataclass(frozen=True)
class Project:
    """A project with its tally of the last sync, and the reader's persisted vote on it (0 for none)."""

    id: int
    key: str | None
    title: str
    url: str | None
    description: str
    author: list[str]  # a PERSON, as the members are
    created_at: datetime
    edited_at: datetime | None
    upvotes: int
    downvotes: int
    vote_version: int
    value: int
    locked: bool
    hidden: bool
    track_id: int | None
    members: list[list[str]]
    rank: str


class HiddenFor(Enum):
    """Whom a hidden project is unknown to."""

    EVERYONE = auto()
    OTHERS = auto()  # its author and the members of its team see it
    NOBODY = auto()  # for admins


@dataclass(frozen=True)
class Position:
    """A position in a list: the rank and id of the project there."""

    rank: Any
    id: int


@dataclass(frozen=True)
class Cursor:
    """How much of a list was shown: `count` projects, among them all above `floor` and all in `groups`.

    The list holds only projects submitted since `since`. `next_floor` is where the middle group ended:
    it becomes the floor when the oldest group is dropped (see cursors.py). `seed` is that of a shuffled
    list, which needs a cursor for its first page too.
    """

    order: str
    since: datetime | None = None
    count: int = 0
    floor: Position | None = None
    next_floor: Position | None = None
    groups: tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]] = ((), (), ())
    seed: int = 0


COLUMNS = f"""
    projects.id, projects.key, title, url, description, {PERSON} AS author, projects.created_at,
    edited_at, upvotes, downvotes, vote_version, coalesce(votes.value, 0) AS value,
    projects.locked_at IS NOT NULL AS locked, projects.hidden_at IS NOT NULL AS hidden, track_id,
    ARRAY(
        SELECT (SELECT {PERSON} FROM users WHERE id = user_id) FROM project_members
        WHERE project_id = projects.id AND accepted_at IS NOT NULL
    ) AS members
"""  # noqa: S608
# Lists show only these projects, and the lists' indexes hold only these.
LISTED = "projects.deleted_at IS NULL AND projects.hidden_at IS NULL"
JOINS = """
    JOIN users ON users.id = author_id
    LEFT JOIN votes ON votes.project_id = projects.id AND votes.user_id = $1
"""


async def select_projects(
    db: Pool,
    order: str,
    user_id: int | None,
    after: Cursor | None,
    count: int,
    since: datetime | None = None,
    track_id: int | None = None,
) -> list[Project]:
    """Return the `count` projects of one of the ORDERS that follow `after`, best first.

    With `since`, only projects submitted since then are listed; with `track_id`, only those of a track.
    """
    statement, arguments = ranked_statement(order, user_id, after, count, since, track_id)
    return [Project(**row) for row in await db.fetch(statement, *arguments)]


def ranked_statement(
    order: str,
    user_id: int | None,
    after: Cursor | None,
    count: int,
    since: datetime | None,
    track_id: int | None = None,
) -> tuple[str, list[Any]]:
    """Return the statement of a list, with only the conditions that it needs, and its arguments.

    `since` and `track_id` are written into the statement: the planner needs their values to choose
    between the indexes, and it stops looking at the values of arguments after a few runs.
    """
    rank, kind = ORDERS[order].rank, ORDERS[order].type
    conditions = [LISTED]
    arguments: list[Any] = [user_id]
    if SEED in rank:
        arguments.append(after.seed if after else 0)
        rank = rank.replace(SEED, f"${len(arguments)}")
    if since:
        conditions.append(f"projects.created_at >= timestamptz '{since.isoformat()}'")
    if track_id is not None:
        conditions.append(f"track_id = {track_id:d}")
    if after and after.floor:
        arguments += [after.floor.rank, after.floor.id]
        floor = f"${len(arguments) - 1}::{kind}, ${len(arguments)}::bigint"
        conditions.append(f"({rank}, projects.id) < ({floor})")
    if after and any(after.groups):
        arguments.append([number for group in after.groups for number in group])
        conditions.append(f"projects.id <> ALL (${len(arguments)}::bigint[])")
    statement = f"""
        SELECT {COLUMNS}, {rank}::text AS rank
        FROM projects {JOINS}
        WHERE {" AND ".join(conditions)}
        ORDER BY {rank} DESC, projects.id DESC
        LIMIT {count}
        """  # noqa: S608  (the names come from ORDERS)
    return statement, arguments


async def select_voted_projects(
    db: Pool, user_id: int, values: Sequence[int], after: Position | None, count: int
) -> list[Project]:
    """Return the `count` projects after `after` that a user voted on with one of the values.

    The project that was voted on last comes first.
    """
    rows = await db.fetch(
        f"""
        SELECT {COLUMNS}, votes.voted_at::text AS rank
        FROM votes
        JOIN projects ON projects.id = votes.project_id
        JOIN users ON users.id = author_id
        WHERE votes.user_id = $1 AND votes.value = ANY ($2::smallint[]) AND {LISTED}
          AND ($4::bigint IS NULL OR (votes.voted_at, votes.project_id) < ($3::timestamptz, $4))
        ORDER BY votes.voted_at DESC, votes.project_id DESC
        LIMIT $5
        """,  # noqa: S608
        user_id,
        values,
        after and after.rank,
        after and after.id,
        count,
    )
    return [Project(**row) for row in rows]


async def select_votes_of(
    db: Pool, project_ids: Sequence[int], user_ids: Sequence[int]
) -> dict[tuple[int, int], int]:
    """Return the persisted votes of these users on these projects: (project, user) -> value."""
    rows = await db.fetch(
        """
        SELECT project_id, user_id, value FROM votes
        WHERE project_id = ANY ($1::bigint[]) AND user_id = ANY ($2::bigint[])
        """,
        project_ids,
        user_ids,
    )
    return {(row["project_id"], row["user_id"]): row["value"] for row in rows}


async def select_project(
    db: Pool, project_id: int, user_id: int | None, hidden: HiddenFor = HiddenFor.EVERYONE
) -> Project | None:
    """Return a project; None if it is deleted, or hidden for this reader."""
    row = await db.fetchrow(
        f"SELECT {COLUMNS}, '' AS rank FROM projects {JOINS} "  # noqa: S608
        "WHERE projects.id = $2 AND projects.deleted_at IS NULL "
        "AND (projects.hidden_at IS NULL OR $3 OR ($4 AND (author_id = $1 OR EXISTS (SELECT "
        "FROM project_members WHERE project_id = $2 AND user_id = $1 AND accepted_at IS NOT NULL))))",
        user_id,
        project_id,
        hidden is HiddenFor.NOBODY,
        hidden is HiddenFor.OTHERS,
    )
    return row and Project(**row)


def text_digest(title: str, url: str, description: str) -> str:
    """Return the SQL that computes the digest of a project's texts from these columns or parameters."""
    return f"md5({title} || E'\\n' || coalesce({url}, '') || E'\\n' || {description})"


async def insert_project(
    db: Pool | Connection,
    author_id: int,
    title: str,
    url: str | None,
    description: str,
    track_id: int | None = None,
    key: str | None = None,
) -> int:
    """Insert a project with its search terms and return its id; in no track if that was removed."""
    digest = text_digest("$2::text", "$3::text", "$4::text")
    return await db.fetchval(
        f"""
        WITH submitted AS (
            INSERT INTO projects
              (author_id, title, url, description, link_key, link_key_of, search_digest, search_again,
               key, track_id)
            VALUES ($1, $2, $3, $4, $5, md5($3::text), {digest}, false,
                    $8, (SELECT id FROM tracks WHERE id = $7 FOR KEY SHARE)) RETURNING id
        )
        INSERT INTO project_search (project_id, terms)
        SELECT id, $6::text::tsvector FROM submitted RETURNING project_id
        """,  # noqa: S608
        author_id,
        title,
        url,
        description,
        link_key(url),
        project_terms(title, url, description),
        track_id,
        key,
    )


async def select_board_id(db: Pool) -> UUID:
    """Return the id that this board has had since its database was created, in a backup too."""
    return await db.fetchval("SELECT id FROM board_identity")
