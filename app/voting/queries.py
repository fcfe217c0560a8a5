"""The SQL of voting: checkpoints, epochs, hydration, closing and sync."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from asyncpg import Connection, Pool, Record

from app.storage.connections import Connection as LimitedConnection
from app.storage.timeouts import within
from app.voting.events import EntryId
from app.voting.votes import Closed


@dataclass(frozen=True)
class Checkpoint:
    """The id of a shard's last stream entry that is in PostgreSQL, and the shard's epoch and server.

    `board` is the board's identity. `has_set_aside`: events that were set aside wait to be taken in.
    """

    last_ms: int
    last_seq: int
    epoch: str | None
    server: str | None
    board: str
    has_set_aside: bool

    @property
    def entry(self) -> EntryId:
        return self.last_ms, self.last_seq


async def insert_checkpoint(db: Connection, shard: int) -> None:
    """Insert the checkpoint of a shard, unless it has one."""
    await db.execute("INSERT INTO stream_checkpoints (shard) VALUES ($1) ON CONFLICT DO NOTHING", shard)


CHECKPOINT = """
    SELECT last_ms, last_seq, epoch, server, (SELECT id::text FROM board_identity) AS board,
           EXISTS (
               SELECT FROM vote_events_set_aside AS aside
               WHERE aside.shard = $1 AND finished_at IS NULL AND NOT "foreign"
           ) AS has_set_aside
    FROM stream_checkpoints WHERE shard = $1
"""


async def select_checkpoint_for_update(db: Connection, shard: int) -> Checkpoint | None:
    """Lock and return the shard's checkpoint, or None.

    A second worker waits here, and then sees the work of the first one.
    """
    row = await db.fetchrow(f"{CHECKPOINT} FOR UPDATE", shard)
    return row and Checkpoint(**row)


async def select_checkpoint(db: Connection, shard: int) -> Checkpoint | None:
    """Return the shard's checkpoint, or None before its first vote."""
    row = await db.fetchrow(CHECKPOINT, shard)
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


async def select_epoch(db: Pool, shard: int) -> str | None:
    """Return the shard's epoch, or None before its first vote."""
    return await db.fetchval("SELECT epoch FROM stream_checkpoints WHERE shard = $1", shard)


async def select_epoch_for_share(db: Connection, shard: int) -> str | None:
    """Return the shard's epoch; no other epoch begins before the transaction ends."""
    return await db.fetchval("SELECT epoch FROM stream_checkpoints WHERE shard = $1 FOR SHARE", shard)


# Counts by the index, one project after another: only few projects are wrong, but the planner cannot
# know that.
COUNT_VOTES = """
    LATERAL (
        SELECT count(*) FILTER (WHERE value = 1) AS up, count(*) FILTER (WHERE value = -1) AS down
        FROM votes WHERE votes.project_id = wrong.id
    ) AS counted
"""


async def update_unsynced_tallies(db: Pool) -> None:
    """Recount projects whose tally is behind the event log (vote_version < the head).

    Their marks were lost with the Redis of the last epoch.
    """
    await db.execute(
        f"""
        UPDATE projects
        SET upvotes = up, downvotes = down, vote_version = wrong.version,
            momentum = momentum + (up - down - score) * momentum_weight(now() - created_at)
        FROM (
            SELECT id, vote_heads.version FROM projects JOIN vote_heads ON project_id = id
            WHERE vote_heads.version > vote_version
        ) AS wrong, {COUNT_VOTES}
        WHERE projects.id = wrong.id AND projects.vote_version < wrong.version
        """  # noqa: S608
    )


async def update_lost_tallies(db: Connection, shard: int, shards: int) -> None:
    """Recount projects whose tally is ahead of the event log (vote_version > the head): those events
    are lost.

    The version stays, since clients have seen it.
    """
    await db.execute(
        f"""
        UPDATE projects
        SET upvotes = up, downvotes = down,
            momentum = momentum + (up - down - score) * momentum_weight(now() - created_at)
        FROM (
            SELECT id FROM projects LEFT JOIN vote_heads ON project_id = id
            WHERE vote_version > coalesce(version, 0) AND mod(id, $2) = $1
        ) AS wrong, {COUNT_VOTES}
        WHERE projects.id = wrong.id
        """,  # noqa: S608
        shard,
        shards,
    )


async def wait_for_persist(db: Connection, shard: int) -> tuple[EntryId, str | None]:
    """Return checkpoint and epoch when every persist of the shard that is running now has ended."""
    row = await db.fetchrow(
        "SELECT last_ms, last_seq, epoch FROM stream_checkpoints WHERE shard = $1 FOR SHARE", shard
    )
    return ((row["last_ms"], row["last_seq"]), row["epoch"]) if row else ((0, 0), None)


# More versions than a project can get while its events wait to be persisted: ten thousand votes a
# second, all on one project, for a hundred seconds without PostgreSQL.
VERSION_LEAP = 1_000_000


async def select_start(db: Connection, project_id: int, shard: int) -> int | None:
    """Return the version that a cold project starts from, or None if there is no such project.

    It is the version of the last persisted event or of the last sync, whichever is higher, and 0
    without votes. Each epoch that began after the epoch of that event (`vote_heads.epoch`) and after
    the project was created adds VERSION_LEAP, except a shard's first one. So no version that clients
    have seen is given to another change.
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


_CLOSED = """
    SELECT closed, author_id, ARRAY(SELECT user_id FROM project_members
                                    WHERE project_id = $1 AND accepted_at IS NOT NULL) AS members
    FROM projects WHERE id = $1
"""


async def select_closed(db: Connection, project_id: int) -> tuple[Closed, list[int]]:
    """Return whether a project is closed for votes, and its author and the members of its team."""
    row = await db.fetchrow(_CLOSED, project_id)
    return Closed(row["closed"]), [row["author_id"], *sorted(row["members"])]


async def select_closed_for_update(db: Connection, project_id: int) -> tuple[Closed, list[int]]:
    """As select_closed; neither can change before the transaction ends."""
    await db.execute("SELECT FROM projects WHERE id = $1 FOR NO KEY UPDATE", project_id)
    row = await db.fetchrow(_CLOSED, project_id)
    return Closed(row["closed"]), [row["author_id"], *sorted(row["members"])]


async def update_closed_published(db: Connection, project_id: int, closed: Closed | int) -> None:
    """Store the closed state that was published to Redis, or -1 while that is not known."""
    await db.execute(
        "UPDATE projects SET closed_told = $2 WHERE id = $1 AND closed_told <> $2", project_id, closed
    )


async def select_unpublished(db: Pool) -> list[int]:
    """Return the ids of up to 1000 projects whose closed state is not published to Redis yet."""
    rows = await db.fetch("SELECT id FROM projects WHERE closed <> closed_told ORDER BY id LIMIT 1000")
    return [row["id"] for row in rows]


async def select_account_age(db: Pool, user_id: int) -> float:
    """Return the seconds since a user registered; 0 for an unknown user."""
    query = "SELECT extract(epoch FROM now() - created_at)::float8 FROM users WHERE id = $1"
    return await db.fetchval(query, user_id) or 0.0


async def select_heads(db: Pool, project_ids: Sequence[int]) -> dict[int, int]:
    """Return project -> version of its last persisted event. Projects without events are left out."""
    rows = await db.fetch(
        "SELECT project_id, version FROM vote_heads WHERE project_id = ANY ($1)", project_ids
    )
    return {row["project_id"]: row["version"] for row in rows}


async def select_votes(
    db: LimitedConnection, project_id: int, chunk: int
) -> AsyncIterator[Sequence[Record]]:
    """Yield all votes on a project as (user_id, value), `chunk` at a time; needs a transaction."""
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
