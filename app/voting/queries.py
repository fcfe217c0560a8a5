"""The SQL of voting: reading votes for hydration, persisting events, syncing tallies."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from asyncpg import Connection, Pool, Record

from app.storage.connections import Connection as LimitedConnection
from app.storage.timeouts import within
from app.voting.votes import Closed


@dataclass(frozen=True)
class Checkpoint:
    """The id of the last stream entry that is in PostgreSQL."""

    last_ms: int
    last_seq: int
    epoch: str | None


async def insert_checkpoint(db: Connection, shard: int) -> None:
    """Make the checkpoint of a shard that has none yet."""
    await db.execute("INSERT INTO stream_checkpoints (shard) VALUES ($1) ON CONFLICT DO NOTHING", shard)


async def select_checkpoint_for_update(db: Connection, shard: int) -> Checkpoint | None:
    """Lock the shard's checkpoint; a second worker waits here and then sees the first one's work."""
    row = await db.fetchrow(
        "SELECT last_ms, last_seq, epoch FROM stream_checkpoints WHERE shard = $1 FOR UPDATE", shard
    )
    return row and Checkpoint(**row)


async def update_checkpoint(db: Connection, shard: int, checkpoint: Checkpoint) -> None:
    await db.execute(
        """
        UPDATE stream_checkpoints SET last_ms = $2, last_seq = $3, updated_at = now()
        WHERE shard = $1
        """,
        shard,
        checkpoint.last_ms,
        checkpoint.last_seq,
    )


COMPARISON = 7_302_001  # the first key of our advisory locks; the second is the shard


async def lock_comparison(db: Connection, shard: int) -> None:
    """Wait until nobody else compares the shard; the lock goes when the connection does."""
    await db.execute("SELECT pg_advisory_lock($1, $2)", COMPARISON, shard)


async def unlock_comparison(db: Connection, shard: int) -> None:
    await db.execute("SELECT pg_advisory_unlock($1, $2)", COMPARISON, shard)


async def insert_epoch(
    db: Connection, shard: int, epoch: str, reason: str, checkpoint: Checkpoint
) -> None:
    """Begin an epoch of a shard; what came after the checkpoint may have been lost."""
    await db.execute(
        """
        INSERT INTO shard_epochs (epoch, shard, reason, lost_from)
        VALUES ($1, $2, $3, to_timestamp(nullif($4::bigint, 0) / 1000.0))
        """,
        epoch,
        shard,
        reason,
        checkpoint.last_ms,
    )
    await db.execute("UPDATE stream_checkpoints SET epoch = $2 WHERE shard = $1", shard, epoch)


async def select_epoch(db: Pool, shard: int) -> str | None:
    """The shard's epoch; None before its first vote."""
    return await db.fetchval("SELECT epoch FROM stream_checkpoints WHERE shard = $1", shard)


async def select_epoch_for_share(db: Connection, shard: int) -> str | None:
    """The shard's epoch; no other begins before the transaction ends."""
    return await db.fetchval("SELECT epoch FROM stream_checkpoints WHERE shard = $1 FOR SHARE", shard)


# Counted project by project, by the index: of all projects only few have to be, which no planner knows.
COUNTED = """
    LATERAL (
        SELECT count(*) FILTER (WHERE value = 1) AS up, count(*) FILTER (WHERE value = -1) AS down
        FROM votes WHERE votes.project_id = wrong.id
    ) AS counted
"""


async def update_lagging_tallies(db: Pool) -> None:
    """Count anew what was persisted but not synced: Redis no longer knows that it has to be."""
    await db.execute(
        f"""
        UPDATE projects
        SET upvotes = up, downvotes = down, vote_version = wrong.version,
            momentum = momentum + (up - down - score) * momentum_weight(now() - created_at)
        FROM (
            SELECT id, vote_heads.version FROM projects JOIN vote_heads ON project_id = id
            WHERE vote_heads.version > vote_version
        ) AS wrong, {COUNTED}
        WHERE projects.id = wrong.id AND projects.vote_version < wrong.version
        """  # noqa: S608
    )


async def update_leading_tallies(db: Connection, shard: int, shards: int) -> None:
    """Count anew what was synced but not persisted, once it is lost: Redis told it, no event did.

    The version stays, since it was told.
    """
    await db.execute(
        f"""
        UPDATE projects
        SET upvotes = up, downvotes = down,
            momentum = momentum + (up - down - score) * momentum_weight(now() - created_at)
        FROM (
            SELECT id FROM projects LEFT JOIN vote_heads ON project_id = id
            WHERE vote_version > coalesce(version, 0) AND mod(id, $2) = $1
        ) AS wrong, {COUNTED}
        WHERE projects.id = wrong.id
        """,  # noqa: S608
        shard,
        shards,
    )


async def wait_for_persist(db: Connection, shard: int) -> None:
    """Return when no persist of the shard that began earlier is still under way."""
    await db.execute("SELECT 1 FROM stream_checkpoints WHERE shard = $1 FOR SHARE", shard)


# More versions than a project can have been given while they waited to be persisted: ten thousand
# votes a second, all on one project, during a hundred seconds without PostgreSQL.
VERSION_LEAP = 1_000_000


async def select_start(db: Connection, project_id: int, shard: int) -> int | None:
    """The version that a cold project starts from, 0 for one without votes; None: no such project.

    It is where the event log or the last sync stands. It lies VERSION_LEAP above for each epoch since
    then that began with a loss, so that no version that was told is told again.
    """
    return await db.fetchval(
        """
        SELECT greatest(vote_heads.version, vote_version) + $3::bigint * (
            SELECT count(*) FROM shard_epochs
            WHERE shard = $2 AND reason <> 'first' AND started_at > greatest(
                projects.created_at,
                (SELECT last.started_at FROM shard_epochs AS last WHERE last.epoch = vote_heads.epoch)
            )
        )
        FROM projects
        LEFT JOIN vote_heads ON vote_heads.project_id = projects.id
        WHERE projects.id = $1
        """,
        project_id,
        shard,
        VERSION_LEAP,
    )


async def select_closed(db: Connection, project_id: int) -> tuple[Closed, int]:
    """Whether a project that exists is closed for votes, and its author."""
    row = await db.fetchrow("SELECT closed, author_id FROM projects WHERE id = $1", project_id)
    return Closed(row["closed"]), row["author_id"]


async def select_closed_for_update(db: Connection, project_id: int) -> Closed:
    """Whether a project is closed for votes; it stays so until the transaction ends."""
    return Closed(
        await db.fetchval("SELECT closed FROM projects WHERE id = $1 FOR NO KEY UPDATE", project_id)
    )


async def update_closed_published(db: Connection, project_id: int, closed: Closed) -> None:
    """Note what Redis has been told."""
    await db.execute(
        "UPDATE projects SET closed_told = $2 WHERE id = $1 AND closed_told <> $2", project_id, closed
    )


async def select_unpublished(db: Pool) -> list[int]:
    """The projects of which Redis does not know yet that they were closed or opened."""
    rows = await db.fetch("SELECT id FROM projects WHERE closed <> closed_told ORDER BY id LIMIT 1000")
    return [row["id"] for row in rows]


async def select_account_age(db: Pool, user_id: int) -> float:
    """Seconds since a user has registered; 0 for nobody."""
    query = "SELECT extract(epoch FROM now() - created_at)::float8 FROM users WHERE id = $1"
    return await db.fetchval(query, user_id) or 0.0


async def select_heads(db: Pool, project_ids: Sequence[int]) -> dict[int, int]:
    """The version of the last persisted event of each project that has one."""
    rows = await db.fetch(
        "SELECT project_id, version FROM vote_heads WHERE project_id = ANY ($1)", project_ids
    )
    return {row["project_id"]: row["version"] for row in rows}


async def select_votes(
    db: LimitedConnection, project_id: int, chunk: int
) -> AsyncIterator[Sequence[Record]]:
    """All votes on a project as (user_id, value), `chunk` at a time; needs a transaction."""
    cursor = await db.cursor("SELECT user_id, value FROM votes WHERE project_id = $1", project_id)
    while True:
        async with within(db.query_seconds):
            rows = await cursor.fetch(chunk)
        if not rows:
            return
        yield rows


async def update_tallies(db: Connection, tallies: Sequence[tuple[int, int, int, int]]) -> None:
    """Write live tallies, given as (project, upvotes, downvotes, version); an older one is ignored."""
    await db.execute(
        """
        UPDATE projects
        SET upvotes = live.upvotes, downvotes = live.downvotes, vote_version = live.version,
            momentum = momentum + (live.upvotes - live.downvotes - score)
                * momentum_weight(now() - created_at)
        FROM unnest($1::bigint[], $2::integer[], $3::integer[], $4::bigint[])
             AS live (id, upvotes, downvotes, version)
        WHERE projects.id = live.id AND projects.vote_version < live.version
        """,
        *[list(column) for column in zip(*tallies, strict=True)],
    )


async def make_partition(db: Connection, months_ahead: int) -> None:
    """Make the event log's partition of the month that lies so many months ahead; 0 is this one, -1
    the last one.
    """
    await db.execute(
        """
        SELECT make_vote_events_partition(
            ((now() AT TIME ZONE 'UTC') + make_interval(months => $1))::date)
        """,
        months_ahead,
    )
