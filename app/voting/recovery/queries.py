"""The SQL of a comparison: epochs, events that are taken in late, and those set aside.

Events are taken in through the table `incoming` of persist: these statements bring them into the form
in which persist writes them.
"""

from collections.abc import Sequence

from asyncpg import Connection, Pool

from app.storage.queries import count_rows


async def select_is_known(db: Connection, shard: int, epoch: str) -> bool:
    """Return whether this board has had the epoch."""
    return await db.fetchval(
        "SELECT EXISTS (SELECT FROM shard_epochs WHERE shard = $1 AND epoch = $2)", shard, epoch
    )


async def select_epochs(db: Connection, shard: int) -> list[str]:
    """Return the last epochs of a shard, oldest first."""
    rows = await db.fetch(
        "SELECT epoch FROM shard_epochs WHERE shard = $1 ORDER BY started_at DESC LIMIT 20", shard
    )
    return [row["epoch"] for row in reversed(rows)]


async def select_is_persisted(
    db: Connection, shard: int, entry: tuple[int, int], project_id: int, version: int
) -> bool:
    """Return whether an event is in PostgreSQL, accepted or rejected."""
    return await db.fetchval(
        """
        SELECT EXISTS (
            SELECT FROM vote_events
            WHERE project_id = $2 AND version = $3
                  AND created_at = to_timestamp($4::bigint / 1000::double precision)
        ) OR EXISTS (SELECT FROM vote_events_rejected WHERE shard = $1 AND entry_id = $5)
        """,
        shard,
        project_id,
        version,
        entry[0],
        f"{entry[0]}-{entry[1]}",
    )


async def update_server(db: Connection, shard: int, server: str) -> None:
    """Note which Redis server is in charge of a shard."""
    await db.execute("UPDATE stream_checkpoints SET server = $2 WHERE shard = $1", shard, server)


async def insert_epoch(
    db: Connection, shard: int, epoch: str, reason: str, lost_from_ms: int, *, is_complete: bool
) -> None:
    """Begin an epoch of a shard. Acknowledged votes since that time (0: unknown) may be missing, unless
    it is known that none is.
    """
    await db.execute(
        """
        INSERT INTO shard_epochs (epoch, shard, reason, lost_from, is_complete)
        VALUES ($1, $2, $3, to_timestamp(nullif($4::bigint, 0) / 1000.0), $5)
        """,
        epoch,
        shard,
        reason,
        lost_from_ms,
        is_complete,
    )
    await db.execute("UPDATE stream_checkpoints SET epoch = $2 WHERE shard = $1", shard, epoch)


async def insert_lost_epochs(db: Connection, shard: int, epochs: Sequence[str]) -> None:
    """Insert epochs again that PostgreSQL has lost. Each makes the versions of cold projects leap."""
    await db.execute(
        """
        INSERT INTO shard_epochs (epoch, shard, reason) SELECT unnest($2::text[]), $1, 'rewound'
        ON CONFLICT DO NOTHING
        """,
        shard,
        list(epochs),
    )


async def delete_superseded(db: Connection) -> int:
    """Delete the incoming events that are in the event log, or whose user voted later on the project.

    Returns how many were deleted.
    """
    done = await db.execute(
        """
        WITH known AS MATERIALIZED (
            SELECT project_id, user_id, version, created_at FROM vote_events
            WHERE project_id IN (SELECT project_id FROM incoming)
                  AND created_at >= (SELECT min(voted_at) FROM incoming)
        )
        DELETE FROM incoming WHERE EXISTS (
            SELECT FROM known
            WHERE known.project_id = incoming.project_id AND known.user_id = incoming.user_id
                  AND (known.created_at, known.version) >= (incoming.voted_at, incoming.version)
        )
        """
    )
    return count_rows(done)


async def update_old_values(db: Connection) -> None:
    """Set the old value of each incoming event to the user's vote before it.

    Events that change nothing are deleted.
    """
    await db.execute(
        """
        UPDATE incoming SET old_value = before.value
        FROM (
            SELECT ctid AS row, coalesce(
                lag(new_value) OVER (PARTITION BY project_id, user_id ORDER BY ms, seq),
                (SELECT value FROM votes WHERE votes.project_id = incoming.project_id
                                         AND votes.user_id = incoming.user_id),
                0
            ) AS value
            FROM incoming
        ) AS before
        WHERE incoming.ctid = before.row
        """
    )
    await db.execute("DELETE FROM incoming WHERE old_value = new_value")


async def update_versions(db: Connection, *, keep: bool) -> int:
    """Number the incoming events after each project's last persisted event; return how many there are.

    With `keep` an event keeps its version, unless it is not above the version before.
    """
    await db.execute(
        """
        UPDATE incoming SET version = numbered.version
        FROM (
            SELECT row, n + greatest(
                coalesce((SELECT version FROM vote_heads WHERE project_id = ranked.project_id), 0),
                CASE WHEN $1 THEN max(version - n) OVER (PARTITION BY project_id ORDER BY n) ELSE 0 END
            ) AS version
            FROM (
                SELECT ctid AS row, project_id, version,
                       row_number() OVER (PARTITION BY project_id ORDER BY ms, seq, version) AS n
                FROM incoming
            ) AS ranked
        ) AS numbered
        WHERE incoming.ctid = numbered.row
        """,
        keep,
    )
    return await db.fetchval("SELECT count(*) FROM incoming")


async def insert_set_aside(db: Connection, shard: int, epoch: str, *, foreign: bool) -> int:
    """Set the incoming events aside that are not in the event log; return how many were new."""
    done = await db.execute(
        """
        INSERT INTO vote_events_set_aside
            (shard, epoch, ms, seq, project_id, user_id, old_value, new_value, version, "foreign")
        SELECT $1, $2, ms, seq, project_id, user_id, old_value, new_value, version, $3 FROM incoming
        WHERE $3 OR NOT EXISTS (
            SELECT FROM vote_events AS known
            WHERE known.project_id = incoming.project_id AND known.version = incoming.version
                  AND known.created_at = incoming.voted_at AND known.user_id = incoming.user_id
                  AND known.new_value = incoming.new_value
        )
        ON CONFLICT DO NOTHING
        """,
        shard,
        epoch,
        foreign,
    )
    return count_rows(done)


async def select_set_aside(db: Connection, shard: int, limit: int) -> list[tuple[bytes, bytes]]:
    """Return the oldest waiting events as entries of a stream."""
    rows = await db.fetch(
        """
        SELECT ms || '-' || seq AS entry,
               concat_ws(' ', project_id, user_id, old_value, new_value, version) AS vote
        FROM vote_events_set_aside WHERE shard = $1 AND finished_at IS NULL AND NOT "foreign"
        ORDER BY ms, seq, project_id, version LIMIT $2
        """,
        shard,
        limit,
    )
    return [(row["entry"].encode(), row["vote"].encode()) for row in rows]


async def update_finished(db: Connection, shard: int, upto: tuple[int, int, int, int]) -> None:
    """Finish the waiting events up to (ms, seq, project, version).

    What was written is still in `incoming`; the other events had been superseded.
    """
    await db.execute(
        """
        UPDATE vote_events_set_aside AS aside
        SET finished_at = clock_timestamp(), outcome = CASE WHEN EXISTS (
            SELECT FROM incoming AS written
            WHERE (written.ms, written.seq, written.project_id, written.user_id)
                = (aside.ms, aside.seq, aside.project_id, aside.user_id)
        ) THEN 'taken in' ELSE 'superseded' END
        WHERE shard = $1 AND finished_at IS NULL AND NOT "foreign"
              AND (ms, seq, project_id, version) <= ($2, $3, $4, $5)
        """,
        shard,
        *upto,
    )


async def select_votes(db: Connection, project_id: int) -> dict[int, int]:
    """Return user -> vote on the project, as persisted."""
    return dict(await db.fetch("SELECT user_id, value FROM votes WHERE project_id = $1", project_id))


async def update_foreign(db: Connection | Pool, *, dismiss: bool) -> None:
    """Let the foreign events that wait be taken in, or dismiss them."""
    if dismiss:
        await db.execute(
            """
            UPDATE vote_events_set_aside SET finished_at = clock_timestamp(), outcome = 'dismissed'
            WHERE finished_at IS NULL AND "foreign"
            """
        )
    else:
        await db.execute(
            'UPDATE vote_events_set_aside SET "foreign" = false WHERE finished_at IS NULL AND "foreign"'
        )


async def delete_finished(db: Pool) -> int:
    """Delete the events that were taken in, superseded or dismissed a month ago; return how many."""
    return count_rows(
        await db.execute(
            "DELETE FROM vote_events_set_aside WHERE finished_at < now() - interval '30 days'"
        )
    )


async def count_outcomes(db: Connection | Pool) -> dict[str, int]:
    """Return how many of the events that were set aside had each outcome."""
    rows = await db.fetch(
        "SELECT outcome, count(*) FROM vote_events_set_aside WHERE outcome IS NOT NULL GROUP BY 1"
    )
    return dict(rows)
