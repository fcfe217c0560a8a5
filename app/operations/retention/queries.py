"""The SQL of retention. Names of partitions come from PostgreSQL's catalogue and match PARTITION."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from asyncpg import Connection, Pool

PARTITION = r"^vote_events_[0-9]{4}_[0-9]{2}$"


@dataclass(frozen=True)
class Partition:
    """One month of the event log; all of its events are older than `until`."""

    name: str
    until: datetime


@dataclass(frozen=True)
class Log:
    """The event log: its size on disk (bytes), and the start of its oldest month (None without one)."""

    size: int
    since: datetime | None


@dataclass(frozen=True)
class WrongBase:
    """A project with wrong votes from before its log begins; `up` and `down` are the right counts."""

    project_id: int
    last_at: datetime
    up: int
    down: int
    found_up: int
    found_down: int


async def select_old_partitions(db: Connection | Pool, days: int) -> list[Partition]:
    """Return the partitions whose events are all older than `days` days, oldest first."""
    rows = await db.fetch(
        r"""
        SELECT name, until FROM (
            SELECT relname AS name,
                   (to_date(right(relname, 7), 'YYYY_MM') + interval '1 month') AT TIME ZONE 'UTC'
                       AS until
            FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid
            WHERE inhparent = 'vote_events'::regclass AND relname ~ $2
        ) AS months
        WHERE until <= now() - make_interval(days => $1) ORDER BY name
        """,
        days,
        PARTITION,
    )
    return [Partition(**row) for row in rows]


async def select_log(db: Connection | Pool) -> Log:
    row = await db.fetchrow(
        r"""
        SELECT coalesce(sum(pg_total_relation_size(inhrelid)), 0)::bigint AS size,
               (SELECT min(to_date(right(relname, 7), 'YYYY_MM')) AT TIME ZONE 'UTC' FROM pg_inherits
                JOIN pg_class ON pg_class.oid = inhrelid
                WHERE inhparent = 'vote_events'::regclass AND relname ~ $1) AS since
        FROM pg_inherits WHERE inhparent = 'vote_events'::regclass
        """,
        PARTITION,
    )
    return Log(**row)


async def lock_partition(db: Connection, name: str) -> None:
    """Block writes to the partition until the transaction ends.

    Raises LockNotAvailableError if any lock of the transaction takes longer than half a second, because
    persisting would queue behind it. Half a second is less than deadlock_timeout, so in a deadlock this
    transaction fails and never the other one.
    """
    await db.execute("SET LOCAL lock_timeout = '500ms'")
    await db.execute(f"LOCK TABLE {name} IN SHARE MODE")


async def select_is_droppable(db: Connection, name: str) -> bool:
    """Return whether a partition holds the first events of all its projects, and all of its events are
    counted in `vote_heads` and `projects`.
    """
    return not await db.fetchval(
        f"""
        SELECT EXISTS (
            SELECT FROM (
                SELECT project_id, min(version) AS first, max(version) AS last
                FROM {name} GROUP BY project_id
            ) AS going
            JOIN projects ON projects.id = going.project_id
            LEFT JOIN vote_heads ON vote_heads.project_id = going.project_id
            LEFT JOIN vote_bases ON vote_bases.project_id = going.project_id
            WHERE coalesce(vote_heads.version, 0) < going.last OR vote_version < going.last
               OR vote_bases.version >= going.first
               OR EXISTS (
                   SELECT FROM vote_events AS staying
                   WHERE staying.project_id = going.project_id AND staying.version <= going.last
                     AND staying.tableoid <> '{name}'::regclass
               )
        )
        """  # noqa: S608
    )


async def upsert_bases(db: Connection, name: str) -> None:
    """Add the effects of the partition's events to the tally with which each project's log begins."""
    await db.execute(
        f"""
        INSERT INTO vote_bases (project_id, version, upvotes, downvotes, last_at)
        SELECT project_id, going.version, coalesce(upvotes, 0) + up, coalesce(downvotes, 0) + down, at
        FROM (
            SELECT project_id, max(version) AS version, max(created_at) AS at,
                   sum((new_value = 1)::int - (old_value = 1)::int) AS up,
                   sum((new_value = -1)::int - (old_value = -1)::int) AS down
            FROM {name} GROUP BY project_id
        ) AS going
        LEFT JOIN vote_bases USING (project_id)
        ON CONFLICT (project_id) DO UPDATE
        SET version = excluded.version, last_at = excluded.last_at,
            upvotes = excluded.upvotes, downvotes = excluded.downvotes
        """  # noqa: S608
    )


async def drop_partition(db: Connection, name: str) -> None:
    """Drop the partition; readers and writers of the event log wait for a moment.

    Raises LockNotAvailableError if another session reads the log for longer than that.
    """
    await db.execute(f"DROP TABLE {name}")


async def select_wrong_bases(db: Connection, project_ids: Sequence[int]) -> list[WrongBase]:
    """Return the projects whose votes without remaining events do not add up to their base.

    The base also counts votes that have changed since. The first event after it has their old values.
    """
    rows = await db.fetch(
        """
        WITH first AS (
            SELECT DISTINCT ON (project_id, user_id) project_id, user_id, old_value
            FROM vote_events JOIN vote_bases USING (project_id)
            WHERE project_id = ANY ($1) ORDER BY project_id, user_id, vote_events.version, created_at
        ), moved AS (
            SELECT project_id, count(*) FILTER (WHERE old_value = 1) AS up,
                   count(*) FILTER (WHERE old_value = -1) AS down
            FROM first GROUP BY project_id
        ), resting AS (
            SELECT project_id, count(*) FILTER (WHERE value = 1) AS up,
                   count(*) FILTER (WHERE value = -1) AS down
            FROM votes JOIN vote_bases AS base USING (project_id)
            LEFT JOIN first USING (project_id, user_id)
            WHERE project_id = ANY ($1) AND old_value IS NULL AND votes.version <= base.version
            GROUP BY project_id
        )
        SELECT project_id, last_at,
               upvotes - coalesce(moved.up, 0) AS up, downvotes - coalesce(moved.down, 0) AS down,
               coalesce(resting.up, 0) AS found_up, coalesce(resting.down, 0) AS found_down
        FROM vote_bases LEFT JOIN moved USING (project_id) LEFT JOIN resting USING (project_id)
        WHERE project_id = ANY ($1)
          AND (upvotes - coalesce(moved.up, 0), downvotes - coalesce(moved.down, 0))
              <> (coalesce(resting.up, 0), coalesce(resting.down, 0))
        """,
        project_ids,
    )
    return [WrongBase(**row) for row in rows]


async def select_dropped_events(db: Pool) -> tuple[datetime, int] | None:
    """Return the time of the last dropped event and the number of projects; None if all are kept."""
    row = await db.fetchrow("SELECT max(last_at) AS at, count(*) AS projects FROM vote_bases")
    return (row["at"], row["projects"]) if row["projects"] else None
