"""The SQL of teams, and of the projects that a user has a part in."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from asyncpg import Connection, Pool

from app.accounts.person import Person
from app.accounts.queries import PERSON
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


async def select_totals_of(db: Pool, user_id: int, after: int | None) -> tuple[int, int, int]:
    """Return the sum of the scores of a user's projects, how many come up to `after`, and how many
    invitations to teams the user has still to answer.
    """
    row = await db.fetchrow(
        f"""
        SELECT coalesce(sum(score), 0) AS score, count(*) FILTER (WHERE id >= $1) AS newer,
               (SELECT count(*) FROM project_members
                WHERE user_id = $2 AND accepted_at IS NULL AND declined_at IS NULL) AS invitations
        FROM projects WHERE {BY_USER} AND {LISTED}
        """,  # noqa: S608
        after,
        user_id,
    )
    return row["score"], row["newer"], row["invitations"]


@dataclass(frozen=True)
class Member:
    """Somebody whom the author has named; a member of the team since `accepted_at`."""

    user_id: int
    username: str
    invited_at: datetime
    accepted_at: datetime | None
    declined_at: datetime | None
    columns: Sequence[str]  # a PERSON

    @property
    def person(self) -> Person:
        return Person.of(self.columns)


async def select_team(db: Pool | Connection, project_id: int) -> list[Member]:
    """Return everybody whom the author has named, in that order."""
    rows = await db.fetch(
        f"""
        SELECT user_id, username, invited_at, accepted_at, declined_at, {PERSON} AS columns
        FROM project_members JOIN users ON users.id = user_id
        WHERE project_id = $1 ORDER BY invited_at, user_id
        """,  # noqa: S608
        project_id,
    )
    return [Member(**row) for row in rows]


async def select_is_invited(db: Pool, project_id: int, user_id: int) -> bool:
    """Return whether a user has still to answer an invitation to the team of a project."""
    return await db.fetchval(
        """
        SELECT EXISTS (SELECT FROM project_members WHERE project_id = $1 AND user_id = $2
                       AND accepted_at IS NULL AND declined_at IS NULL)
        """,
        project_id,
        user_id,
    )


@dataclass(frozen=True)
class TeamOf:
    """A project on whose team a user is, or to whose team the user is invited."""

    id: int
    title: str
    author: str
    invited_at: datetime
    accepted_at: datetime | None


async def select_teams_of(db: Pool, user_id: int) -> list[TeamOf]:
    """Return the teams of a user and the invitations to others, newest first."""
    rows = await db.fetch(
        f"""
        SELECT projects.id, title, username AS author, invited_at, accepted_at
        FROM project_members
        JOIN projects ON projects.id = project_id JOIN users ON users.id = author_id
        WHERE user_id = $1 AND declined_at IS NULL AND {LISTED}
        ORDER BY invited_at DESC, projects.id
        """,  # noqa: S608
        user_id,
    )
    return [TeamOf(**row) for row in rows]


async def lock_project(db: Connection, project_id: int) -> None:
    """Let nobody else change the team of a project before the transaction ends."""
    await db.execute("SELECT FROM projects WHERE id = $1 FOR NO KEY UPDATE", project_id)


async def select_may_invite(db: Connection, project_id: int, user_id: int) -> bool:
    """Return whether a user is the author of an open project."""
    query = "SELECT author_id = $2 AND closed = 0 FROM projects WHERE id = $1"
    return bool(await db.fetchval(query, project_id, user_id))


async def insert_invitation(db: Connection, project_id: int, user_id: int) -> None:
    query = "INSERT INTO project_members (project_id, user_id) VALUES ($1, $2)"
    await db.execute(query, project_id, user_id)


async def update_accepted(
    db: Connection, project_id: int, user_id: int, *, withdraw_vote: bool
) -> bool:
    """Make an invited user a member; return False if there is no invitation to answer."""
    found = await db.fetchval(
        """
        UPDATE project_members SET accepted_at = clock_timestamp(), withdraw_vote = $3
        WHERE project_id = $1 AND user_id = $2 AND accepted_at IS NULL AND declined_at IS NULL
        RETURNING true
        """,
        project_id,
        user_id,
        withdraw_vote,
    )
    return bool(found)


async def update_declined(db: Connection, project_id: int, user_id: int) -> bool:
    """Decline an invitation; return False if there is none to answer."""
    found = await db.fetchval(
        """
        UPDATE project_members SET declined_at = now()
        WHERE project_id = $1 AND user_id = $2 AND accepted_at IS NULL AND declined_at IS NULL
        RETURNING true
        """,
        project_id,
        user_id,
    )
    return bool(found)


async def delete_member(db: Connection, project_id: int, user_id: int) -> bool:
    """Remove a member or an invitation; return False if there is neither. Who declined stays."""
    found = await db.fetchval(
        """
        DELETE FROM project_members
        WHERE project_id = $1 AND user_id = $2 AND declined_at IS NULL RETURNING true
        """,
        project_id,
        user_id,
    )
    return bool(found)


async def mark_unpublished(db: Connection, project_id: int) -> None:
    """Let publish_closed, or else the worker, send the authors of a project to Redis."""
    await db.execute("UPDATE projects SET closed_told = -1 WHERE id = $1", project_id)


async def select_votes_to_withdraw(db: Pool) -> list[tuple[int, int]]:
    """Return up to 1000 members as (project, user) whose votes are still to be taken out."""
    rows = await db.fetch(
        "SELECT project_id, user_id FROM project_members WHERE withdraw_vote LIMIT 1000"
    )
    return [(row["project_id"], row["user_id"]) for row in rows]


async def update_vote_withdrawn(db: Pool, project_id: int, user_id: int) -> None:
    await db.execute(
        "UPDATE project_members SET withdraw_vote = false WHERE project_id = $1 AND user_id = $2",
        project_id,
        user_id,
    )
