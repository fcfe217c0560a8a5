"""The SQL of the list of a project's voters."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from asyncpg import Pool

from app.moderation.people.queries import INVITATION

# The event log has no index by account, so first votes are looked for among all events of a project: a
# fifth of a second for a million. A page goes without them rather than wait for longer (s).
FIRST_SECONDS = 0.6


@dataclass(frozen=True)
class VotedProject:
    id: int
    title: str
    upvotes: int
    downvotes: int


@dataclass(frozen=True)
class Voter:
    """A vote in force with its account. `first_at` is None if the event log does not tell it in time.

    `others` is the number of other projects that the account has a vote on.
    """

    user_id: int
    username: str
    deleted: bool
    registered_at: datetime
    suspended_at: datetime | None
    invitation: str | None
    value: int
    voted_at: datetime
    others: int
    display_name: str | None
    first_at: datetime | None = None

    @property
    def age(self) -> timedelta:
        """Return how old the account was when it first voted on the project, as far as known."""
        return max((self.first_at or self.voted_at) - self.registered_at, timedelta())


async def select_project(db: Pool, project_id: int) -> VotedProject | None:
    """Return a project, also a hidden or deleted one, with its tallies as last synced."""
    row = await db.fetchrow(
        "SELECT id, title, upvotes, downvotes FROM projects WHERE id = $1", project_id
    )
    return row and VotedProject(**row)


async def select_voters(
    db: Pool, project_id: int, after: tuple[datetime, int] | None, count: int
) -> list[Voter]:
    """Return up to `count` votes in force on a project, the one that was changed last first.

    `after` is the time and the account of the last row of the page before.
    """
    at, user_id = after or (None, None)
    rows = await db.fetch(
        f"""
        SELECT listed.*, username, display_name, {INVITATION} AS invitation,
               users.created_at AS registered_at, suspended_at,
               deleted_at IS NOT NULL AS deleted,
               (SELECT count(*) FROM votes WHERE votes.user_id = listed.user_id) - 1 AS others
        FROM (
            SELECT user_id, value, voted_at FROM votes
            WHERE project_id = $1
              AND ($2::timestamptz IS NULL OR (voted_at, user_id) < ($2, $3::bigint))
            ORDER BY voted_at DESC, user_id DESC LIMIT $4
        ) AS listed JOIN users ON users.id = user_id
        ORDER BY voted_at DESC, user_id DESC
        """,  # noqa: S608
        project_id,
        at,
        user_id,
        count,
    )
    return [Voter(**row) for row in rows]


async def with_first_votes(db: Pool, project_id: int, voters: Sequence[Voter]) -> list[Voter]:
    """Return the voters with the times of their first votes on the project, unless that takes long."""
    try:
        rows = await db.fetch(
            """
            SELECT user_id, min(created_at) AS first_at FROM vote_events
            WHERE project_id = $1 AND user_id = ANY ($2::bigint[]) GROUP BY user_id
            """,
            project_id,
            [voter.user_id for voter in voters],
            timeout=FIRST_SECONDS,
        )
    except TimeoutError:
        return list(voters)
    first = {row["user_id"]: row["first_at"] for row in rows}
    return [replace(voter, first_at=first.get(voter.user_id)) for voter in voters]
