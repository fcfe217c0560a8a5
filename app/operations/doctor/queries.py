"""The SQL of the doctor."""

from dataclasses import dataclass
from datetime import datetime

from asyncpg import Connection


@dataclass(frozen=True)
class Connections:
    """How many connections PostgreSQL has for ordinary roles, and how many are in use."""

    max: int
    used: int


@dataclass(frozen=True)
class Partitions:
    """Whether the event log has partitions for this and next month, and all events are in a month."""

    this_month: bool
    next_month: bool
    default_empty: bool


@dataclass(frozen=True)
class Blocking:
    """A session for whose lock others wait, and for how long (s) the first of them has waited."""

    pid: int
    program: str
    client: str
    state: str
    seconds: float


async def select_blocking(db: Connection, seconds: float) -> list[Blocking]:
    """Return the sessions that have blocked others in this database for so long, the worst first."""
    rows = await db.fetch(
        """
        SELECT pid, coalesce(application_name, '') AS program, coalesce(state, '') AS state,
               coalesce(host(client_addr), 'this machine') AS client, max(waited) AS seconds
        FROM (
            SELECT unnest(pg_blocking_pids(pid)) AS pid,
                   extract(epoch FROM clock_timestamp() - query_start)::float8 AS waited
            FROM pg_stat_activity
            WHERE wait_event_type = 'Lock' AND datname = current_database()
        ) AS waiting
        JOIN pg_stat_activity USING (pid)
        WHERE waited > $1
        GROUP BY pid, application_name, state, client_addr ORDER BY seconds DESC
        """,
        seconds,
    )
    return [Blocking(**row) for row in rows]


async def select_version(db: Connection) -> int:
    """Return the version as a number: 150004 is 15.4."""
    return int(await db.fetchval("SHOW server_version_num"))


async def select_now(db: Connection) -> datetime:
    return await db.fetchval("SELECT clock_timestamp()")


async def select_connections(db: Connection) -> Connections:
    row = await db.fetchrow(
        """
        SELECT current_setting('max_connections')::int
               - current_setting('superuser_reserved_connections')::int
               - coalesce(current_setting('reserved_connections', true)::int, 0) AS max,
               (SELECT count(*)::int FROM pg_stat_activity WHERE backend_type = 'client backend')
                   AS used
        """
    )
    return Connections(**row)


async def count_set_aside(db: Connection) -> tuple[int, int]:
    """Return how many events wait that were set aside: of this board, and of epochs unknown to it."""
    return await db.fetchrow(
        """
        SELECT count(*) FILTER (WHERE NOT "foreign"), count(*) FILTER (WHERE "foreign")
        FROM vote_events_set_aside WHERE finished_at IS NULL
        """
    )


async def select_last_recovery(db: Connection) -> tuple[str, datetime, bool] | None:
    """Return reason, time and completeness of the last epoch in which one server lacked something."""
    return await db.fetchrow(
        """
        SELECT reason, started_at, is_complete FROM shard_epochs
        WHERE reason <> 'first' AND lost_from IS NOT NULL
              AND started_at > clock_timestamp() - interval '1 day'
        ORDER BY started_at DESC LIMIT 1
        """
    )


async def select_open_links(db: Connection) -> tuple[int, int, int]:
    """Return how many invitations are open, how many links to set a password, and how many webhooks
    wait for the address of the results.
    """
    return await db.fetchrow(
        """
        SELECT (SELECT count(*) FROM invitations WHERE revoked_at IS NULL AND used < uses
                AND coalesce(until, 'infinity') > now()) AS invitations,
               (SELECT count(*) FROM password_links
                WHERE made_at > now() - interval '1 day') AS passwords,
               (SELECT count(*) FROM webhooks
                WHERE 'results.final' = ANY (events) AND disabled_at IS NULL) AS webhooks
        """
    )


async def select_partitions(db: Connection) -> Partitions:
    row = await db.fetchrow(
        """
        WITH months AS (
            SELECT n, 'vote_events_' || to_char(
                (now() AT TIME ZONE 'UTC') + make_interval(months => n), 'YYYY_MM') AS name
            FROM generate_series(0, 1) AS n
        )
        SELECT bool_and(to_regclass(name) IS NOT NULL) FILTER (WHERE n = 0) AS this_month,
               bool_and(to_regclass(name) IS NOT NULL) FILTER (WHERE n = 1) AS next_month,
               NOT EXISTS (SELECT FROM vote_events_default) AS default_empty
        FROM months
        """
    )
    return Partitions(**row)
