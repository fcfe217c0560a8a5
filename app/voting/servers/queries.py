"""The SQL of `redis_uses`: which process uses which Redis server, and when it last did."""

from dataclasses import dataclass

from asyncpg import Connection, Pool

# A server counts as unused when no process has reported it for this long (s).
LEASE_SECONDS = 3.0


@dataclass(frozen=True)
class Uses:
    """What PostgreSQL knows about the servers of a shard, as seen by a process that uses one of them.

    `votes`: its server accepts votes. `used_for` is how long (s) this process has used it without a
    pause. `has_worker`: a worker uses the same server. `others_vote`, `others_work`: another server,
    reported within the lease, accepts votes or has a worker. `side_by_side`: one was reported a second
    or more after this process began to use its own; before that, it may be the same server before a
    restart. `board_revision`: that of the board's settings, which the worker follows by these reports,
    as each statement of its own would wake PostgreSQL once more.
    """

    votes: bool
    used_for: float
    has_worker: bool
    others_vote: bool
    others_work: bool
    side_by_side: bool
    board_revision: int


async def upsert_use(
    db: Connection | Pool,
    process: str,
    shard: int,
    server: str,
    address: str,
    votes: bool | None,
    worker: bool,
) -> Uses:
    """Report that a process uses a server now, and return what is known about all servers.

    `votes`: the server accepts votes. With None it does unless another one was compared last.
    """
    row = await db.fetchrow(
        """
        WITH mine AS (
            INSERT INTO redis_uses (process, shard, server, address, votes, worker)
            VALUES ($1, $2, $3, $4, coalesce($5, NOT EXISTS (
                SELECT FROM stream_checkpoints WHERE shard = $2 AND server <> $3
            )), $6)
            ON CONFLICT (process, shard) DO UPDATE SET
                server = excluded.server, address = excluded.address,
                votes = excluded.votes, worker = excluded.worker, seen_at = clock_timestamp(),
                since = CASE
                    WHEN redis_uses.server = excluded.server
                         AND redis_uses.seen_at > clock_timestamp() - make_interval(secs => $7)
                    THEN redis_uses.since ELSE clock_timestamp() END
            RETURNING server, votes, worker, since
        ), others AS (
            SELECT other.*, other.server = mine.server AS same,
                   other.seen_at > mine.since + interval '1 second' AS side_by_side
            FROM redis_uses AS other, mine
            WHERE other.shard = $2 AND other.process <> $1
                  AND other.seen_at > clock_timestamp() - make_interval(secs => $7)
        )
        SELECT votes, extract(epoch FROM clock_timestamp() - since)::float8 AS used_for,
               worker OR EXISTS (SELECT FROM others WHERE same AND worker) AS has_worker,
               EXISTS (SELECT FROM others WHERE NOT same AND votes) AS others_vote,
               EXISTS (SELECT FROM others WHERE NOT same AND worker) AS others_work,
               EXISTS (SELECT FROM others WHERE NOT same AND side_by_side) AS side_by_side,
               (SELECT revision FROM board_settings) AS board_revision
        FROM mine
        """,
        process,
        shard,
        server,
        address,
        votes,
        worker,
        LEASE_SECONDS,
    )
    return Uses(**row)


async def select_server(db: Pool | Connection, shard: int) -> str | None:
    """Return the server of a shard that was compared last."""
    return await db.fetchval("SELECT server FROM stream_checkpoints WHERE shard = $1", shard)


async def update_votes_stopped(db: Connection, shard: int, server: str) -> None:
    """Report that a server accepts no votes any more, for all processes that use it."""
    await db.execute(
        "UPDATE redis_uses SET votes = false WHERE shard = $1 AND server = $2", shard, server
    )


async def delete_old_uses(db: Connection) -> None:
    """Delete the reports of processes that ended."""
    await db.execute("DELETE FROM redis_uses WHERE seen_at < clock_timestamp() - interval '1 hour'")


@dataclass(frozen=True)
class UsedServer:
    """A Redis server that processes have reported within the last seconds, and which ones."""

    address: str
    votes: bool
    processes: str


async def select_used_servers(db: Connection) -> list[UsedServer]:
    """Return the Redis servers that are used for the same shard at the same time, or []."""
    rows = await db.fetch(
        """
        WITH recent AS (
            SELECT * FROM redis_uses WHERE seen_at > clock_timestamp() - interval '10 seconds'
        ), side_by_side AS (
            SELECT mine.* FROM recent AS mine WHERE EXISTS (
                SELECT FROM recent AS other
                WHERE other.shard = mine.shard AND other.server <> mine.server
                      AND other.seen_at > mine.since + interval '1 second'
                      AND mine.seen_at > other.since + interval '1 second'
            )
        )
        SELECT address, bool_or(votes) AS votes, string_agg(DISTINCT process, ', ') AS processes
        FROM side_by_side GROUP BY address, server ORDER BY bool_or(votes) DESC, address
        """
    )
    return [UsedServer(**row) for row in rows]
