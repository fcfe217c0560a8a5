"""The SQL of the verification; each statement takes a chunk of projects."""

from collections.abc import AsyncIterator, Iterable, Sequence

from asyncpg import Connection, Pool, Record

from app.accounts.withdrawals.queries import WITHDRAWN
from app.operations.verify.findings import LossWindow, SetAside
from app.operations.verify.rows import BrokenLog, LateVotes, StoredProject, SyncedTally, WrongVote


async def count_projects(db: Pool) -> int:
    return await db.fetchval("SELECT count(*) FROM projects")


async def select_projects_after(db: Pool, after: int, limit: int) -> list[tuple[int, int]]:
    """Return the next projects by id, each with its approximate number of events."""
    rows = await db.fetch(
        """
        SELECT id, coalesce(version, 0) AS events
        FROM projects LEFT JOIN vote_heads ON vote_heads.project_id = id
        WHERE id > $1 ORDER BY id LIMIT $2
        """,
        after,
        limit,
    )
    return [(row["id"], row["events"]) for row in rows]


async def select_loss_windows(db: Pool) -> list[LossWindow]:
    """Return the time windows in which Redis may have lost acknowledged votes, oldest first."""
    rows = await db.fetch(
        """
        SELECT shard, reason, lost_from, started_at, is_complete FROM shard_epochs
        WHERE reason <> 'first' AND lost_from IS NOT NULL ORDER BY started_at
        """
    )
    return [LossWindow(**row) for row in rows]


async def select_set_aside(db: Pool) -> list[SetAside]:
    """Return the events that are set aside and wait to be taken in."""
    rows = await db.fetch(
        """
        SELECT shard, epoch, "foreign", count(*) AS count,
               to_timestamp(min(ms) / 1000.0) AS since, to_timestamp(max(ms) / 1000.0) AS until
        FROM vote_events_set_aside WHERE finished_at IS NULL
        GROUP BY shard, epoch, "foreign" ORDER BY shard, min(ms)
        """
    )
    return [SetAside(**row) for row in rows]


async def select_synced_tallies(
    db: Connection | Pool, project_ids: Sequence[int]
) -> dict[int, SyncedTally]:
    """Return the tallies in `projects`, by project."""
    rows = await db.fetch(
        """
        SELECT id AS project_id, upvotes AS up, downvotes AS down, vote_version AS version,
               closed, closed_told AS closed_published
        FROM projects WHERE id = ANY ($1) ORDER BY id
        """,
        project_ids,
    )
    return {row["project_id"]: SyncedTally(**row) for row in rows}


async def select_stored_projects(
    db: Connection, synced: Iterable[SyncedTally], shards: int
) -> list[StoredProject]:
    """Return the persisted state of the projects, with votes counted at each synced tally's version.

    An event changes the counts by a known amount, so later events are subtracted again.
    """
    versions = {tally.project_id: tally.version for tally in synced}
    rows = await db.fetch(
        """
        WITH synced AS (SELECT * FROM unnest($1::bigint[], $2::bigint[]) AS _ (project_id, upto))
        SELECT synced.project_id, coalesce(vote_heads.version, 0) AS head,
               vote_heads.epoch IS NOT DISTINCT FROM stream_checkpoints.epoch AS in_epoch,
               coalesce(log.events, 0) AS events,
               coalesce(log.last_version, vote_bases.version, 0) AS last_version,
               coalesce(log.last_at, vote_bases.last_at) AS last_at,
               coalesce(counted.votes, 0) AS votes,
               coalesce(counted.up, 0) - coalesce(log.up_since, 0) AS up,
               coalesce(counted.down, 0) - coalesce(log.down_since, 0) AS down
        FROM synced
        LEFT JOIN vote_heads USING (project_id)
        LEFT JOIN vote_bases USING (project_id)
        LEFT JOIN stream_checkpoints ON shard = synced.project_id % $3
        LEFT JOIN (
            SELECT project_id, count(*) AS votes,
                   count(*) FILTER (WHERE value = 1) AS up,
                   count(*) FILTER (WHERE value = -1) AS down
            FROM votes WHERE project_id = ANY ($1) GROUP BY project_id
        ) AS counted USING (project_id)
        LEFT JOIN (
            SELECT project_id, count(*) AS events,
                   max(version) AS last_version, max(created_at) AS last_at,
                   sum((new_value = 1)::int - (old_value = 1)::int)
                       FILTER (WHERE version > upto) AS up_since,
                   sum((new_value = -1)::int - (old_value = -1)::int)
                       FILTER (WHERE version > upto) AS down_since
            FROM vote_events JOIN synced USING (project_id)
            WHERE project_id = ANY ($1) GROUP BY project_id
        ) AS log USING (project_id)
        ORDER BY project_id
        """,
        list(versions),
        list(versions.values()),
        shards,
    )
    return [StoredProject(**row) for row in rows]


async def select_broken_logs(db: Connection, project_ids: Sequence[int]) -> list[BrokenLog]:
    """Return gaps and contradictions in the event logs; one row for each project and kind.

    A gap is `lost` if an epoch of Redis began within it, and `rejected` if all its events are in
    vote_events_rejected. The epoch may be of any shard, since VOTE_SHARDS may have changed. A log
    whose old events were dropped continues from its base; the users' votes at that time are unknown.
    """
    rows = await db.fetch(
        """
        WITH log AS (
            SELECT project_id, user_id, version, old_value, created_at,
                   lag(version, 1, coalesce(base_version, 0)) OVER in_project AS version_before,
                   lag(created_at, 1, base_at) OVER in_project AS time_before,
                   lag(new_value, 1, CASE WHEN base_version IS NULL THEN 0::smallint ELSE old_value END)
                       OVER of_user AS held,
                   lag(created_at) OVER of_user AS held_since
            FROM vote_events LEFT JOIN (
                SELECT project_id, version AS base_version, last_at AS base_at FROM vote_bases
            ) AS base USING (project_id)
            WHERE project_id = ANY ($1)
            WINDOW in_project AS (PARTITION BY project_id ORDER BY version, created_at),
                   of_user AS (PARTITION BY project_id, user_id ORDER BY version, created_at)
        ), suspects AS (
            SELECT * FROM log WHERE version <> version_before + 1 OR old_value <> held
        ), broken AS (
            SELECT *, time_before AS since, CASE
                WHEN version <= version_before THEN 'duplicate'
                WHEN EXISTS (
                    SELECT FROM shard_epochs
                    WHERE reason <> 'first'
                    -- Without lost_from nothing had been persisted yet when Redis was lost.
                    AND coalesce(lost_from, '-infinity') <= created_at
                    -- If PostgreSQL was lost, all events of the window are written after it.
                    AND coalesce(time_before, '-infinity')
                        <= CASE reason WHEN 'rewound' THEN started_at
                                       ELSE coalesce(lost_from, '-infinity') END
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
            SELECT *, coalesce(held_since, time_before), 'mismatch'
            FROM suspects WHERE old_value <> held
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
    """Return differences between `votes` and the replayed events; one row for each project.

    Votes whose events were all dropped are checked by retention.select_wrong_bases.
    """
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
        LEFT JOIN vote_bases USING (project_id)
        WHERE coalesce(value, 0) <> coalesce(new_value, 0)
          AND NOT (new_value IS NULL AND votes.version <= coalesce(vote_bases.version, 0))
        ORDER BY project_id, user_id
        """,
        project_ids,
    )
    return [WrongVote(**row) for row in rows]


async def select_late_votes(db: Connection, project_ids: Sequence[int]) -> list[LateVotes]:
    """Return votes of accounts whose votes were withdrawn; one row for each project."""
    rows = await db.fetch(
        f"""
        SELECT project_id, count(*) AS count, min(user_id) AS user_id,
               min(voted_at) AS since, max(voted_at) AS until
        FROM votes WHERE project_id = ANY ($1) AND user_id IN ({WITHDRAWN})
        GROUP BY project_id
        """,  # noqa: S608
        project_ids,
    )
    return [LateVotes(**row) for row in rows]


async def select_votes(
    db: Connection, project_ids: Sequence[int], chunk: int
) -> AsyncIterator[Sequence[Record]]:
    """Yield all votes of the projects as (project_id, user_id, value), `chunk` at a time."""
    cursor = await db.cursor(
        "SELECT project_id, user_id, value FROM votes WHERE project_id = ANY ($1)", project_ids
    )
    while rows := await cursor.fetch(chunk):
        yield rows


async def select_old_values_since(
    db: Connection, versions: dict[int, int]
) -> list[tuple[int, int, int]]:
    """Return each user's vote before their first persisted event after the given versions.

    `versions` maps project to version; the rows are (project, user, value).
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
