"""The SQL of the audit. Each statement takes a chunk of projects and returns what is wrong with them."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from asyncpg import Connection, Pool, Record

from app.audit.findings import LossWindow


@dataclass(frozen=True)
class Ledger:
    """What PostgreSQL holds of a project.

    `head` is the version of its last persisted event as vote_heads has it, `last_version` as the
    events have it; `counted_up` and `counted_down` are the votes counted as of `vote_version`.
    """

    project_id: int
    upvotes: int
    downvotes: int
    vote_version: int
    head: int
    events: int
    last_version: int
    last_at: datetime | None
    votes: int
    counted_up: int
    counted_down: int


@dataclass(frozen=True)
class BrokenLog:
    """The first of `count` events of a project at which its log is broken in one way."""

    project_id: int
    kind: str
    count: int
    version: int
    version_before: int
    user_id: int
    old_value: int
    held: int
    since: datetime | None
    until: datetime


@dataclass(frozen=True)
class WrongVote:
    """The first of `count` votes of a project that differ from the replay of its events."""

    project_id: int
    count: int
    user_id: int
    value: int
    replayed: int
    since: datetime
    until: datetime


@dataclass(frozen=True)
class MendedVote:
    """A row of `votes` before and after; 0 is no row."""

    user_id: int
    old: int
    new: int


async def count_projects(db: Pool) -> int:
    return await db.fetchval("SELECT count(*) FROM projects")


async def select_projects_after(db: Pool, after: int, most: int) -> list[tuple[int, int]]:
    """The next projects by id, each with about how many events it has."""
    rows = await db.fetch(
        """
        SELECT id, coalesce(version, 0) AS events
        FROM projects LEFT JOIN vote_heads ON vote_heads.project_id = id
        WHERE id > $1 ORDER BY id LIMIT $2
        """,
        after,
        most,
    )
    return [(row["id"], row["events"]) for row in rows]


async def select_loss_windows(db: Pool) -> list[LossWindow]:
    """When acknowledged votes may have been lost with Redis, oldest first."""
    rows = await db.fetch(
        """
        SELECT shard, reason, lost_from, started_at FROM shard_epochs
        WHERE reason <> 'first' AND lost_from IS NOT NULL ORDER BY started_at
        """
    )
    return [LossWindow(**row) for row in rows]


async def select_ledgers(db: Connection, project_ids: Sequence[int]) -> list[Ledger]:
    """What there is of the projects, counted.

    Each event changes the counts by a known amount, so taking off what came after `vote_version`
    gives the counts at that version, also while newer tallies wait for the next sync.
    """
    rows = await db.fetch(
        """
        SELECT id AS project_id, upvotes, downvotes, vote_version,
               coalesce(vote_heads.version, 0) AS head,
               coalesce(log.events, 0) AS events,
               coalesce(log.last_version, 0) AS last_version,
               log.last_at,
               coalesce(counted.votes, 0) AS votes,
               coalesce(counted.up, 0) - coalesce(log.up_since, 0) AS counted_up,
               coalesce(counted.down, 0) - coalesce(log.down_since, 0) AS counted_down
        FROM projects
        LEFT JOIN vote_heads ON vote_heads.project_id = id
        LEFT JOIN (
            SELECT project_id, count(*) AS votes,
                   count(*) FILTER (WHERE value = 1) AS up,
                   count(*) FILTER (WHERE value = -1) AS down
            FROM votes WHERE project_id = ANY ($1) GROUP BY project_id
        ) AS counted ON counted.project_id = id
        LEFT JOIN (
            SELECT project_id, count(*) AS events,
                   max(version) AS last_version, max(vote_events.created_at) AS last_at,
                   sum((new_value = 1)::int - (old_value = 1)::int)
                       FILTER (WHERE version > vote_version) AS up_since,
                   sum((new_value = -1)::int - (old_value = -1)::int)
                       FILTER (WHERE version > vote_version) AS down_since
            FROM vote_events JOIN projects ON projects.id = project_id
            WHERE project_id = ANY ($1) GROUP BY project_id
        ) AS log ON log.project_id = id
        WHERE id = ANY ($1) ORDER BY id
        """,
        project_ids,
    )
    return [Ledger(**row) for row in rows]


async def select_broken_logs(db: Connection, project_ids: Sequence[int]) -> list[BrokenLog]:
    """Where a log is not gapless or does not fit itself; one row a project and kind.

    A gap is `lost` when an epoch of Redis began within it, and `rejected` when all that is missing
    was set aside. Which shard lost something is not asked: VOTE_SHARDS may have changed since.
    """
    rows = await db.fetch(
        """
        WITH log AS (
            SELECT project_id, user_id, version, old_value, created_at,
                   lag(version, 1, 0::bigint) OVER in_project AS version_before,
                   lag(created_at) OVER in_project AS time_before,
                   lag(new_value, 1, 0::smallint) OVER of_user AS held,
                   lag(created_at) OVER of_user AS held_since
            FROM vote_events WHERE project_id = ANY ($1)
            WINDOW in_project AS (PARTITION BY project_id ORDER BY version, created_at),
                   of_user AS (PARTITION BY project_id, user_id ORDER BY version, created_at)
        ), suspects AS (
            SELECT * FROM log WHERE version <> version_before + 1 OR old_value <> held
        ), broken AS (
            SELECT *, time_before AS since, CASE
                WHEN version = version_before THEN 'duplicate'
                WHEN EXISTS (
                    SELECT FROM shard_epochs
                    WHERE reason <> 'first'
                    AND lost_from BETWEEN coalesce(time_before, '-infinity') AND created_at
                ) THEN 'lost'
                WHEN version - version_before - 1 = (
                    SELECT count(DISTINCT split_part(vote, ' ', 5)) FROM vote_events_rejected
                    WHERE split_part(vote, ' ', 1)::bigint = project_id
                    AND split_part(vote, ' ', 5)::bigint > version_before
                    AND split_part(vote, ' ', 5)::bigint < version
                ) THEN 'rejected'
                ELSE 'gap' END AS kind
            FROM suspects WHERE version <> version_before + 1
            UNION ALL
            SELECT *, coalesce(held_since, time_before), 'misfit' FROM suspects WHERE old_value <> held
        )
        SELECT DISTINCT ON (project_id, kind)
               project_id, kind, count(*) OVER (PARTITION BY project_id, kind) AS count,
               version, version_before, user_id, old_value, held, since, created_at AS until
        FROM broken ORDER BY project_id, kind, version
        """,
        project_ids,
    )
    return [BrokenLog(**row) for row in rows]


async def select_wrong_votes(db: Connection, project_ids: Sequence[int]) -> list[WrongVote]:
    """Where `votes` is not what the events lead to; one row a project."""
    rows = await db.fetch(
        """
        WITH replay AS (
            SELECT DISTINCT ON (project_id, user_id) project_id, user_id, new_value, created_at
            FROM vote_events WHERE project_id = ANY ($1)
            ORDER BY project_id, user_id, version DESC, created_at DESC
        )
        SELECT DISTINCT ON (project_id)
               project_id, count(*) OVER (PARTITION BY project_id) AS count, user_id,
               coalesce(value, 0) AS value, coalesce(new_value, 0) AS replayed,
               least(voted_at, created_at) AS since, greatest(voted_at, created_at) AS until
        FROM (SELECT * FROM votes WHERE project_id = ANY ($1)) AS votes
        FULL JOIN replay USING (project_id, user_id)
        WHERE coalesce(value, 0) <> coalesce(new_value, 0)
        ORDER BY project_id, user_id
        """,
        project_ids,
    )
    return [WrongVote(**row) for row in rows]


async def select_votes(
    db: Connection, project_ids: Sequence[int], chunk: int
) -> AsyncIterator[Sequence[Record]]:
    """All votes of the projects as (project_id, user_id, value), `chunk` at a time."""
    cursor = await db.cursor(
        "SELECT project_id, user_id, value FROM votes WHERE project_id = ANY ($1)", project_ids
    )
    while rows := await cursor.fetch(chunk):
        yield rows


async def select_old_values_since(
    db: Connection, versions: dict[int, int]
) -> list[tuple[int, int, int]]:
    """What each user held before the first persisted event after the given versions.

    Takes project -> version; returns (project, user, value).
    """
    rows = await db.fetch(
        """
        SELECT DISTINCT ON (project_id, user_id) project_id, user_id, old_value
        FROM unnest($1::bigint[], $2::bigint[]) AS seen (project_id, version)
        JOIN vote_events USING (project_id)
        WHERE vote_events.version > seen.version
        ORDER BY project_id, user_id, vote_events.version
        """,
        list(versions),
        list(versions.values()),
    )
    return [(row["project_id"], row["user_id"], row["old_value"]) for row in rows]


async def update_votes_from_events(db: Connection, project_id: int) -> list[MendedVote]:
    """Bring a project's rows of `votes` to what its events lead to."""
    rows = await db.fetch(
        """
        WITH replay AS (
            SELECT DISTINCT ON (user_id) user_id, new_value, version, created_at
            FROM vote_events WHERE project_id = $1
            ORDER BY user_id, version DESC, created_at DESC
        ), wrong AS (
            SELECT user_id, coalesce(value, 0) AS old, coalesce(new_value, 0) AS new,
                   replay.version, created_at
            FROM (SELECT * FROM votes WHERE project_id = $1) AS votes
            FULL JOIN replay USING (user_id)
            WHERE coalesce(value, 0) <> coalesce(new_value, 0)
        ), gone AS (
            DELETE FROM votes USING wrong
            WHERE votes.project_id = $1 AND votes.user_id = wrong.user_id AND new = 0
        ), put AS (
            INSERT INTO votes (project_id, user_id, value, version, voted_at)
            SELECT $1, user_id, new, version, created_at FROM wrong WHERE new <> 0
            ON CONFLICT (project_id, user_id) DO UPDATE
            SET value = excluded.value, version = excluded.version, voted_at = excluded.voted_at
        )
        SELECT user_id, old, new FROM wrong ORDER BY user_id
        """,
        project_id,
    )
    return [MendedVote(**row) for row in rows]


async def update_head_from_events(db: Connection, project_id: int) -> None:
    """Let vote_heads say what the project's events say."""
    await db.execute(
        """
        INSERT INTO vote_heads (project_id, version)
        SELECT project_id, max(version) FROM vote_events WHERE project_id = $1 GROUP BY project_id
        ON CONFLICT (project_id) DO UPDATE SET version = excluded.version
        """,
        project_id,
    )


async def delete_head_without_events(db: Connection, project_id: int) -> None:
    await db.execute(
        """
        DELETE FROM vote_heads WHERE project_id = $1
        AND NOT EXISTS (SELECT FROM vote_events WHERE project_id = $1)
        """,
        project_id,
    )


async def select_synced_version(db: Pool, project_id: int) -> int:
    """The version of the last synced tally."""
    return await db.fetchval("SELECT vote_version FROM projects WHERE id = $1", project_id)


async def update_tally_from_votes(db: Pool, project_id: int, seen: int) -> bool:
    """Count a project's votes anew; False when a sync wrote a version that is neither persisted nor
    `seen`, whose votes are therefore not all in `votes`.

    A version never falls: events that were lost may have used those above the last persisted one.
    """
    return bool(
        await db.fetchval(
            """
            UPDATE projects
            SET upvotes = counted.up, downvotes = counted.down,
                vote_version = greatest(vote_version, counted.head)
            FROM (
                SELECT count(*) FILTER (WHERE value = 1) AS up,
                       count(*) FILTER (WHERE value = -1) AS down,
                       coalesce((SELECT version FROM vote_heads WHERE project_id = $1), 0) AS head
                FROM votes WHERE project_id = $1
            ) AS counted
            WHERE id = $1 AND vote_version <= greatest(counted.head, $2)
            RETURNING true
            """,
            project_id,
            seen,
        )
    )
