"""The SQL of what looks odd: bursts of accounts with the same single vote, and the findings."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from asyncpg import Connection, Pool, Record


@dataclass(frozen=True)
class Finding:
    """A burst of accounts that looks odd, with its project.

    `votes` are all votes of this value on the project, `suspended` how many of the accounts are.
    """

    project_id: int
    title: str
    value: int
    first_id: int
    accounts: int
    suspended: int
    made_from: datetime
    made_until: datetime
    voted_from: datetime
    voted_until: datetime
    oldest: timedelta
    votes: int
    other_lone: int
    other_votes: int

    @property
    def key(self) -> str:
        """Return what names the finding in an address."""
        return f"{self.project_id}-{'up' if self.value == 1 else 'down'}-{self.first_id}"


# All votes of the accounts are numbered in the order in which the accounts were made: among all votes,
# among those on one project, and among those of one value on one project; and so are the votes of
# accounts with one vote. The difference of two such numbers says how many votes belong to the accounts
# that were made between two of them, so no burst needs a count of its own.
_BURSTS = """
    WITH recent AS MATERIALIZED (
        SELECT id, created_at FROM users WHERE created_at > now() - $4::interval
        ORDER BY id DESC LIMIT $3
    ), cast_votes AS MATERIALIZED (
        SELECT user_id, project_id, value, voted_at, created_at,
               (count(*) OVER (PARTITION BY user_id) = 1)::int AS lone
        FROM recent JOIN votes ON votes.user_id = recent.id
    ), numbered AS (
        SELECT *,
               count(*) OVER everything AS number, sum(lone) OVER everything AS lone_number,
               count(*) OVER on_project AS project_number,
               sum(lone) OVER on_project AS project_lone_number,
               count(*) OVER same_vote AS same_number,
               created_at - lag(created_at) OVER same_lone_vote > $2::interval AS begins
        FROM cast_votes
        WINDOW everything AS (ORDER BY created_at, user_id, project_id ROWS UNBOUNDED PRECEDING),
               on_project AS (PARTITION BY project_id ORDER BY created_at, user_id
                              ROWS UNBOUNDED PRECEDING),
               same_vote AS (PARTITION BY project_id, value ORDER BY created_at, user_id
                             ROWS UNBOUNDED PRECEDING),
               same_lone_vote AS (PARTITION BY project_id, value, lone ORDER BY created_at, user_id)
    ), lone_votes AS (
        SELECT *, count(*) FILTER (WHERE begins) OVER (
            PARTITION BY project_id, value ORDER BY created_at, user_id ROWS UNBOUNDED PRECEDING
        ) AS burst
        FROM numbered WHERE lone = 1
    )
    SELECT project_id, value, array_agg(user_id ORDER BY created_at, user_id) AS user_ids,
           min(created_at) AS made_from, max(created_at) AS made_until,
           min(voted_at) AS voted_from, max(voted_at) AS voted_until,
           greatest(max(voted_at - lone_votes.created_at), '0') AS oldest,
           max(same_number) - min(same_number) + 1 AS here,
           (max(lone_number) - min(lone_number) - max(project_lone_number)
               + min(project_lone_number))::bigint AS other_lone,
           max(number) - min(number) - max(project_number) + min(project_number) AS other_votes
    FROM lone_votes
    GROUP BY project_id, value, burst
    HAVING count(*) >= $1
"""


async def select_bursts(
    db: Pool, min_accounts: int, gap: timedelta, max_accounts: int, max_age: timedelta
) -> list[Record]:
    """Return the bursts among the newest accounts, on projects that are in a list."""
    rows = await db.fetch(_BURSTS, min_accounts, gap, max_accounts, max_age)
    listed = await db.fetch(
        """
        SELECT id FROM projects
        WHERE id = ANY ($1::bigint[]) AND deleted_at IS NULL AND hidden_at IS NULL
        """,
        [row["project_id"] for row in rows],
    )
    ids = {row["id"] for row in listed}
    return [row for row in rows if row["project_id"] in ids]


async def replace_odd_votes(db: Pool, rows: Sequence[tuple[Any, ...]]) -> None:
    """Store the findings in place of those before, without accounts whose votes are being withdrawn.

    Each row has the columns of `odd_votes` without `first_id` and `votes`.
    """
    async with db.acquire() as connection, connection.transaction():
        await connection.execute("LOCK TABLE odd_votes IN SHARE ROW EXCLUSIVE MODE")
        await connection.execute("DELETE FROM odd_votes")
        await connection.executemany(
            """
            INSERT INTO odd_votes (
                project_id, value, first_id, user_ids, made_from, made_until, voted_from, voted_until,
                oldest, votes, other_lone, other_votes, excess
            )
            SELECT $1, $2::smallint, ($3::bigint[])[1], $3, $4, $5, $6, $7, $8,
                   (SELECT count(*) FROM votes WHERE project_id = $1 AND value = $2), $9, $10, $11
            WHERE NOT EXISTS (
                SELECT FROM withdrawals
                WHERE user_id = ANY ($3::bigint[]) AND finished_at IS NULL AND by_moderator
            )
            """,
            rows,
        )


async def delete_odd_votes_of(db: Connection, user_ids: Sequence[int]) -> None:
    """Delete the findings with one of these accounts, whose votes are about to be withdrawn."""
    await db.execute("DELETE FROM odd_votes WHERE user_ids && $1::bigint[]", user_ids)


async def select_findings(db: Pool, project_id: int | None = None) -> list[Finding]:
    """Return all findings, or those of one project, the oddest first."""
    rows = await db.fetch(
        """
        SELECT project_id, title, value, first_id, cardinality(user_ids) AS accounts,
               (SELECT count(*) FROM users WHERE id = ANY (user_ids) AND suspended_at IS NOT NULL)
                   AS suspended,
               made_from, made_until, voted_from, voted_until, oldest, votes, other_lone, other_votes
        FROM odd_votes JOIN projects ON projects.id = project_id
        WHERE $1::bigint IS NULL OR project_id = $1
        ORDER BY excess DESC, project_id, value, first_id
        """,
        project_id,
    )
    return [Finding(**row) for row in rows]


async def select_finding_accounts(
    db: Pool, project_id: int, value: int, first_id: int
) -> list[int] | None:
    """Return the accounts of a finding, or None if there is no such finding any more."""
    return await db.fetchval(
        "SELECT user_ids FROM odd_votes WHERE project_id = $1 AND value = $2 AND first_id = $3",
        project_id,
        value,
        first_id,
    )


async def select_finding_count(db: Pool) -> int:
    return await db.fetchval("SELECT count(*) FROM odd_votes")
