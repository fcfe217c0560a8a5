"""The SQL of the rules of voting."""

from collections.abc import Sequence
from typing import NamedTuple

from asyncpg import Connection, Pool

from app.voting.rules import VoteRules, vote_rules

_SELECT = """
    SELECT revision, vote_from, vote_until, downvotes, self_votes, budget, tallies, revealed_at
    FROM board_settings
"""


async def select_rules(db: Connection) -> VoteRules:
    return vote_rules(**await db.fetchrow(_SELECT))


async def select_rules_for_share(db: Connection) -> VoteRules:
    """Return the rules, which nobody changes before the transaction ends."""
    return vote_rules(**await db.fetchrow(f"{_SELECT} FOR SHARE"))


async def count_votes_in_force(db: Pool, user_ids: Sequence[int]) -> dict[int, int]:
    """Return how many votes each of the users has in force. Those on deleted projects do not count,
    since nobody can take them back.
    """
    rows = await db.fetch(
        """
        SELECT user_id, count(*) AS votes
        FROM votes JOIN projects ON projects.id = project_id
        WHERE user_id = ANY ($1::bigint[]) AND value <> 0 AND deleted_at IS NULL
        GROUP BY user_id
        """,
        user_ids,
    )
    return {row["user_id"]: row["votes"] for row in rows}


class VotedProject(NamedTuple):
    """A project on which a user has a vote in force; `votes` counts all of those."""

    title: str
    is_open: bool  # so that the vote can be taken back
    votes: int


async def select_projects_with_votes(db: Pool, user_id: int, count: int) -> list[VotedProject]:
    """Return `count` of them: open ones first, of these the one that was voted on last."""
    rows = await db.fetch(
        """
        SELECT title, closed = 0 AS is_open, count(*) OVER () AS votes
        FROM votes JOIN projects ON projects.id = project_id
        WHERE user_id = $1 AND value <> 0 AND deleted_at IS NULL
        ORDER BY is_open DESC, voted_at DESC, projects.id DESC
        LIMIT $2
        """,
        user_id,
        count,
    )
    return [VotedProject(**row) for row in rows]


async def select_gives_votes_back(db: Connection, project_id: int) -> bool:
    """Return whether a project is deleted and this was not published to Redis yet."""
    query = "SELECT deleted_at IS NOT NULL AND closed <> closed_told FROM projects WHERE id = $1"
    return await db.fetchval(query, project_id)
