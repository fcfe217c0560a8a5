"""The SQL of persist: a batch of events comes in by COPY and goes on in sets.

The table `incoming` is the connection's own and temporary: it has no log and no index to be kept. How
many events are in it the planner does not know, and it keeps a plan for batches of any size. So
projects and users are looked up one by one: of a join it might think that reading all is cheaper.
"""

from collections.abc import Sequence
from io import BytesIO

from asyncpg import Connection

from app.voting.events import Entry

INCOMING = "project_id", "user_id", "old_value", "new_value", "version", "ms", "seq"


async def copy_incoming(db: Connection, entries: Sequence[Entry]) -> None:
    """Put the events of the stream's entries into `incoming`, instead of what is there."""
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
    """Append to the audit log those whose project and user exist; gives how many.

    An event that is there already raises UniqueViolationError.
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
    return int(done.removeprefix("INSERT 0 "))


async def insert_rejected_events(db: Connection, shard: int) -> int:
    """Set those aside whose project or user does not exist, as they stood in the stream; how many."""
    return await db.fetchval(
        """
        WITH stranger AS (
            DELETE FROM incoming
            WHERE (SELECT true FROM projects WHERE projects.id = project_id) IS NULL
               OR (SELECT true FROM users WHERE users.id = user_id) IS NULL
            RETURNING *
        ), rejected AS (
            INSERT INTO vote_events_rejected (shard, entry_id, vote)
            SELECT $1, ms || '-' || seq,
                   concat_ws(' ', project_id, user_id, old_value, new_value, version)
            FROM stranger ON CONFLICT DO NOTHING
        )
        SELECT count(*) FROM stranger
        """,
        shard,
    )


async def upsert_votes(db: Connection) -> None:
    """Bring `votes` to where the events leave it: the last event of each user and project counts."""
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
    """Note the version that each project's event log has reached, and in which epoch."""
    await db.execute(
        """
        INSERT INTO vote_heads (project_id, version, epoch)
        SELECT project_id, max(version), $1 FROM incoming GROUP BY project_id
        ON CONFLICT (project_id) DO UPDATE
        SET version = greatest(vote_heads.version, excluded.version), epoch = excluded.epoch
        """,
        epoch,
    )
