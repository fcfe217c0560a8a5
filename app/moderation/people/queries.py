"""The SQL of the list of accounts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from asyncpg import Pool


@dataclass(frozen=True)
class ListedPerson:
    """An account with the number of its votes in force, and the invitation that it was made with.

    `from_site`: its owner is a user of the other site, and came with a token.
    `project_id` and `title` are those of the project that it voted on, if it has one vote.
    """

    id: int
    username: str
    display_name: str | None
    is_admin: bool
    created_at: datetime
    suspended_at: datetime | None
    deleted: bool
    invitation: str | None
    from_site: bool
    votes: int
    project_id: int | None
    title: str | None

    @property
    def share(self) -> int | None:
        """Return the percentage of its votes that is on one project: one account, one vote for each."""
        return round(100 / self.votes) if self.votes else None


@dataclass(frozen=True)
class CastVote:
    """A vote in force, with the title of its project and the time of its last change."""

    project_id: int
    title: str
    value: int
    voted_at: datetime


# The label of the invitation that a user was made with, or its number.
INVITATION = """
    (SELECT coalesce(nullif(label, ''), 'number ' || invitations.id) FROM invitations
     WHERE invitations.id = users.invitation_id)
"""
# Each order is that of an index: the column, the comparison with the last row of the page before, and
# the direction.
SORTS = {
    "new": ("users.id", "<", "DESC"),
    "old": ("users.id", ">", "ASC"),
    "name": ("users.username", ">", "ASC"),
}
FILTERS = {
    "all": "true",
    "suspended": "users.suspended_at IS NOT NULL AND users.deleted_at IS NULL",
    "admins": "users.is_admin",
}

# The votes are counted for the rows of the page alone, from the index votes_user.
_PEOPLE = """
    SELECT listed.*, counted.votes, projects.id AS project_id, projects.title
    FROM (
        SELECT users.id, username, display_name, is_admin, created_at, suspended_at,
               deleted_at IS NOT NULL AS deleted, {invitation} AS invitation,
               EXISTS (SELECT FROM site_users WHERE user_id = users.id) AS from_site
        FROM users
        WHERE {shown}
          AND ($1::text IS NULL OR (deleted_at IS NULL
               AND (username LIKE '%' || lower($1) || '%' OR display_name ILIKE '%' || $1 || '%')))
          AND ($2::{kind} IS NULL OR {column} {beyond} $2)
        ORDER BY {column} {direction} LIMIT $3
    ) AS listed
    CROSS JOIN LATERAL (
        SELECT count(*) AS votes, min(project_id) AS only_id FROM votes WHERE user_id = listed.id
    ) AS counted
    LEFT JOIN projects ON projects.id = only_id AND votes = 1
    ORDER BY listed.{name} {direction}
"""


async def select_people(
    db: Pool, shown: str, sort: str, search: str | None, after: int | str | None, count: int
) -> list[ListedPerson]:
    """Return up to `count` accounts of one of the FILTERS, in one of the SORTS.

    `after` is the id (sorted by name: the name) of the last row of the page before.
    """
    column, beyond, direction = SORTS[sort]
    query = _PEOPLE.format(
        invitation=INVITATION,
        shown=FILTERS[shown],
        kind="text" if sort == "name" else "bigint",
        column=column,
        beyond=beyond,
        direction=direction,
        name=column.removeprefix("users."),
    )
    # In a LIKE pattern, _ is any character, and usernames may have it.
    pattern = search.replace("\\", r"\\").replace("_", r"\_").replace("%", r"\%") if search else None
    return [ListedPerson(**row) for row in await db.fetch(query, pattern, after, count)]


async def select_votes_of(db: Pool, user_id: int, count: int) -> Sequence[CastVote]:
    """Return the latest `count` votes in force of an account."""
    rows = await db.fetch(
        """
        SELECT project_id, title, value, voted_at
        FROM votes JOIN projects ON projects.id = project_id
        WHERE user_id = $1 ORDER BY voted_at DESC, project_id LIMIT $2
        """,
        user_id,
        count,
    )
    return [CastVote(**row) for row in rows]


async def select_vote_count(db: Pool, user_id: int) -> int:
    """Return the number of votes in force of an account."""
    return await db.fetchval("SELECT count(*) FROM votes WHERE user_id = $1", user_id)
