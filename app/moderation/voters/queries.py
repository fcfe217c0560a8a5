"""The SQL of the list of a project's voters."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
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

    `after` is the time and the account of the last row of the page before. The times of the first votes
    are in it unless finding them takes long.
    """
    at, user_id = after or (None, None)
    rows = await db.fetch(
        """
        SELECT user_id FROM votes
        WHERE project_id = $1
          AND ($2::timestamptz IS NULL OR (voted_at, user_id) < ($2, $3::bigint))
        ORDER BY voted_at DESC, user_id DESC LIMIT $4
        """,
        project_id,
        at,
        user_id,
        count,
    )
    user_ids = [row["user_id"] for row in rows]
    first = await select_first_votes(db, project_id, user_ids)
    voters = await select_votes_of(db, project_id, user_ids, first)
    return sorted(voters, key=lambda voter: (voter.voted_at, voter.user_id), reverse=True)


async def select_voter_ids(db: Pool, project_id: int, after: int, count: int) -> list[int]:
    """Return up to `count` accounts with a vote on a project, above the account `after`, ascending."""
    rows = await db.fetch(
        "SELECT user_id FROM votes WHERE project_id = $1 AND user_id > $2 ORDER BY user_id LIMIT $3",
        project_id,
        after,
        count,
    )
    return [row["user_id"] for row in rows]


async def select_votes_of(
    db: Pool, project_id: int, user_ids: Sequence[int], first: Mapping[int, datetime]
) -> list[Voter]:
    """Return the votes of these accounts on a project that are still in force, ordered by account.

    `first` has the time of the first vote of each account for which it is known.
    """
    rows = await db.fetch(
        f"""
        SELECT user_id, value, voted_at, username, display_name, {INVITATION} AS invitation,
               users.created_at AS registered_at, suspended_at,
               deleted_at IS NOT NULL AS deleted,
               (SELECT count(*) FROM votes AS any_votes WHERE any_votes.user_id = votes.user_id) - 1
               AS others
        FROM votes JOIN users ON users.id = user_id
        WHERE project_id = $1 AND user_id = ANY ($2::bigint[]) ORDER BY user_id
        """,  # noqa: S608
        project_id,
        user_ids,
    )
    return [Voter(**row, first_at=first.get(row["user_id"])) for row in rows]


async def select_first_votes(db: Pool, project_id: int, user_ids: Sequence[int]) -> dict[int, datetime]:
    """Return when these accounts first voted on a project; nothing if finding that takes long."""
    try:
        rows = await db.fetch(
            """
            SELECT user_id, min(created_at) AS first_at FROM vote_events
            WHERE project_id = $1 AND user_id = ANY ($2::bigint[]) GROUP BY user_id
            """,
            project_id,
            user_ids,
            timeout=FIRST_SECONDS,
        )
    except TimeoutError:
        return {}
    return {row["user_id"]: row["first_at"] for row in rows}
