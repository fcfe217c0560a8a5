"""The SQL of persist: COPY loads a batch of events, and set-based statements write it to the tables.

The table `incoming` is temporary and belongs to one connection, so it has no write-ahead log and no
index. The planner does not know how many events are in it, and keeps one plan for batches of any size.
So the statements look up projects and users one by one: for a join, the planner might choose to read
the whole tables.
"""

from collections.abc import Sequence
from io import BytesIO

from asyncpg import Connection

from app.storage.queries import count_rows
from app.voting.events import Entry

INCOMING = "project_id", "user_id", "old_value", "new_value", "version", "ms", "seq"


async def copy_incoming(db: Connection, entries: Sequence[Entry]) -> None:
    """Replace the content of `incoming` with the events of these stream entries."""
    await db.execute(
        """
        CREATE TEMPORARY TABLE IF NOT EXISTS incoming (
            project_id bigint, user_id bigint, old_value smallint, new_value smallint, version bigint,
            ms bigint, seq bigint,
            voted_at timestamptz
                GENERATED ALWAYS AS (to_timestamp(ms / 1000::double precision)) STORED
        ) ON COMMIT DELETE ROWS
        """
    )
    await db.execute("DELETE FROM incoming")
    lines = b"".join([b"%b %b\n" % (vote, entry.replace(b"-", b" ")) for entry, vote in entries])
    await db.copy_to_table(
        "incoming", source=BytesIO(lines), columns=INCOMING, format="text", delimiter=" "
    )


async def insert_events(db: Connection) -> int:
    """Append the events whose project and user exist to the event log; return how many.

    Raises UniqueViolationError if one of them is in the log already.
    """
    done = await db.execute(
        """
        INSERT INTO vote_events (project_id, user_id, old_value, new_value, version, created_at)
        SELECT project_id, user_id, old_value, new_value, version, voted_at
        FROM incoming
        WHERE (SELECT true FROM projects WHERE projects.id = project_id)
          AND (SELECT true FROM users WHERE users.id = user_id)
        """
    )
    return count_rows(done)


async def insert_rejected_events(db: Connection, shard: int) -> int:
    """Move events with an unknown project or user to vote_events_rejected; return how many."""
    return await db.fetchval(
        """
        WITH unknown_owner AS (
            DELETE FROM incoming
            WHERE (SELECT true FROM projects WHERE projects.id = project_id) IS NULL
               OR (SELECT true FROM users WHERE users.id = user_id) IS NULL
            RETURNING *
        ), rejected AS (
            INSERT INTO vote_events_rejected (shard, entry_id, vote)
            SELECT $1, ms || '-' || seq,
                   concat_ws(' ', project_id, user_id, old_value, new_value, version)
            FROM unknown_owner ON CONFLICT DO NOTHING
        )
        SELECT count(*) FROM unknown_owner
        """,
        shard,
    )


async def upsert_votes(db: Connection) -> None:
    """Update `votes`: the last event of each user and project decides."""
    await db.execute(
        """
        WITH last AS (
            SELECT DISTINCT ON (project_id, user_id) project_id, user_id, new_value, version, voted_at
            FROM incoming ORDER BY project_id, user_id, version DESC
        ), taken_back AS (
            DELETE FROM votes USING last
            WHERE new_value = 0 AND votes.project_id = last.project_id AND votes.user_id = last.user_id
        )
        INSERT INTO votes (project_id, user_id, value, version, voted_at)
        SELECT project_id, user_id, new_value, version, voted_at FROM last WHERE new_value <> 0
        ON CONFLICT (project_id, user_id) DO UPDATE
        SET value = excluded.value, version = excluded.version, voted_at = excluded.voted_at
        """
    )


async def upsert_heads(db: Connection, epoch: str | None) -> None:
    """Store the version of each project's last event, and its epoch."""
    await db.execute(
        """
        INSERT INTO vote_heads (project_id, version, epoch)
        SELECT project_id, max(version), $1 FROM incoming GROUP BY project_id
        ON CONFLICT (project_id) DO UPDATE
        SET version = greatest(vote_heads.version, excluded.version), epoch = excluded.epoch
        """,
        epoch,
    )


async def make_partition(db: Connection, months_ahead: int) -> None:
    """Create the event log's partition of a month: 0 is the current month, -1 the last one."""
    await db.execute(
        """
        SELECT make_vote_events_partition(
            ((now() AT TIME ZONE 'UTC') + make_interval(months => $1))::date)
        """,
        months_ahead,
    )
