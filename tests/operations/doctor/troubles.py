"""A trouble for each check of doctor, which makes the check fail and is then removed again."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from types import SimpleNamespace
from unittest.mock import AsyncMock, patch

import asyncpg

from app.operations.doctor.postgresql import BLOCKED_SECONDS
from app.operations.retention.drop import KEPT_REASON, KEPT_SINCE
from app.storage.queries import allow_idle_transaction
from app.voting import keys
from app.voting.rules.functions import RuleFunctions
from app.voting.votes import Vote
from tests.operations.doctor.conftest import LONG_AGO, CheckedBoard
from tests.operations.doctor.file_limit import no_larger_files
from tests.support import Board
from tests.waiting import CEILING, until

# Makes the trouble while it is open; yields the settings to check with.
Trouble = Callable[[CheckedBoard], AbstractAsyncContextManager[dict[str, object]]]


def settings(**changes: object) -> Trouble:
    @asynccontextmanager
    async def changed(checked_board: CheckedBoard) -> AsyncIterator[dict[str, object]]:
        yield changes

    return changed


def config(name: str, wrong: str, right: str) -> Trouble:
    @asynccontextmanager
    async def configured(checked_board: CheckedBoard) -> AsyncIterator[dict[str, object]]:
        await checked_board.services.redis.config_set(name, wrong)
        yield {}
        await checked_board.services.redis.config_set(name, right)
        await rewritten(checked_board)

    return configured


@asynccontextmanager
async def divided_budget(checked_board: CheckedBoard) -> AsyncIterator[dict[str, object]]:
    """Have a budget, and count the votes of an account in several places."""
    redis = checked_board.services.redis
    await redis.hset(keys.rules(0), "budget", 3)
    with patch.object(RuleFunctions, "is_divided", AsyncMock(return_value=True)):
        yield {}
    await redis.hset(keys.rules(0), "budget", 0)


def note(**fields: object) -> Trouble:
    """Let the worker have written these notes to Redis."""

    @asynccontextmanager
    async def noted(checked_board: CheckedBoard) -> AsyncIterator[dict[str, object]]:
        await checked_board.services.redis.hset(keys.METRICS_WORKER, mapping=fields)
        yield {}
        await checked_board.services.redis.delete(keys.METRICS_WORKER)

    return noted


def late(job: str, interval: int) -> Trouble:
    then = f"{time.time() - 2 * interval - LONG_AGO:.3f}"
    return note(**{f"{job}:{what}_at": then for what in ("started", "ended")})


def statements(wrong: str, right: str, **changes: object) -> Trouble:
    @asynccontextmanager
    async def executed(checked_board: CheckedBoard) -> AsyncIterator[dict[str, object]]:
        await checked_board.services.db.execute(wrong)
        yield changes
        await checked_board.services.db.execute(right)

    return executed


def clock(module: str) -> Trouble:
    """Let this machine's clock be a minute ahead of the server's."""

    @asynccontextmanager
    async def ahead(checked_board: CheckedBoard) -> AsyncIterator[dict[str, object]]:
        with patch(f"{module}.time", SimpleNamespace(time=lambda: time.time() + 60)):
            yield {}

    return ahead


@asynccontextmanager
async def redis_away(checked_board: CheckedBoard) -> AsyncIterator[dict[str, object]]:
    checked_board.valkey.halt()
    yield {}
    checked_board.valkey.restart()


@asynccontextmanager
async def full_disk(checked_board: CheckedBoard) -> AsyncIterator[dict[str, object]]:
    """Keep Valkey's files from growing."""
    with no_larger_files(checked_board.valkey.pid):
        await checked_board.services.redis.set("one", "too much")
        await until(lambda: last_write(checked_board, "err"), "for a write that fails")
        yield {}
    await until(
        lambda: last_write(checked_board, "ok"), "for the next attempt, which comes every second"
    )
    await checked_board.services.redis.delete("one")


async def last_write(checked_board: CheckedBoard, status: str) -> bool:
    return (await checked_board.services.redis.info("persistence"))["aof_last_write_status"] == status


@asynccontextmanager
async def no_room(_: CheckedBoard) -> AsyncIterator[dict[str, object]]:
    with patch("app.operations.doctor.disk.SPARE_BYTES", 2**62):
        yield {"embedded_database": True}


@asynccontextmanager
async def full_memory(checked_board: CheckedBoard) -> AsyncIterator[dict[str, object]]:
    used = (await checked_board.services.redis.info("memory"))["used_memory"]
    await checked_board.services.redis.config_set("maxmemory", int(used / 0.9))
    yield {}
    await checked_board.services.redis.config_set("maxmemory", 0)


@asynccontextmanager
async def no_functions(checked_board: CheckedBoard) -> AsyncIterator[dict[str, object]]:
    await checked_board.services.redis.execute_command("FUNCTION", "FLUSH")
    await checked_board.services.redis.execute_command("ACL", "SETUSER", "default", "-function")
    yield {}
    await checked_board.services.redis.execute_command("ACL", "SETUSER", "default", "+function")


@asynccontextmanager
async def a_waiting_event(checked_board: CheckedBoard) -> AsyncIterator[dict[str, object]]:
    redis = checked_board.services.redis
    await redis.delete(keys.events(0))
    await redis.xadd(keys.events(0), {"vote": "1 1 0 1 1"}, id=f"{2**40}-0")
    yield {}
    await redis.delete(keys.events(0))


@asynccontextmanager
async def a_waiting_project(checked_board: CheckedBoard) -> AsyncIterator[dict[str, object]]:
    board = Board(checked_board.services.db)
    vote = Vote(await board.project(), (await board.user()).id, 1)
    await checked_board.services.batcher.cast(vote)
    await checked_board.services.redis.hset(
        keys.METRICS_WORKER, "sync_tallies:ended_at", f"{time.time() - LONG_AGO:.3f}"
    )
    yield {}


async def rewritten(checked_board: CheckedBoard) -> None:
    """Wait for the rewrite of the append-only file: until it ends, Valkey refuses to stop."""

    async def is_written() -> bool:
        info = await checked_board.services.redis.info("persistence")
        return not info["aof_rewrite_in_progress"] and not info["aof_rewrite_scheduled"]

    await until(is_written, "for the file")


@asynccontextmanager
async def a_held_lock(checked_board: CheckedBoard) -> AsyncIterator[dict[str, object]]:
    """Let a session hold a lock, and another one wait for it for longer than doctor tolerates."""
    db = checked_board.services.db
    waited = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
    waited += f" AND query_start < clock_timestamp() - interval '{BLOCKED_SECONDS} s'"
    async with db.acquire() as holder, db.acquire() as waiter:
        async with holder.transaction():
            await allow_idle_transaction(holder, CEILING)
            await holder.execute("LOCK TABLE best_places IN ACCESS EXCLUSIVE MODE")
            lock = "SET LOCAL lock_timeout = 0; LOCK TABLE best_places IN SHARE MODE"
            waiting = asyncio.create_task(waiter.execute(lock, timeout=CEILING))
            await until(lambda: db.fetchval(waited), "for a session that waits")
            yield {}
        with contextlib.suppress(asyncpg.PostgresError):
            await waiting


NOWHERE = "postgresql://me:geheim@127.0.0.1:1/upvote"
# Checks that pass whatever the operator has chosen.
NEVER_FAIL = {"limits", "last recovery"}


@asynccontextmanager
async def an_old_month(checked_board: CheckedBoard) -> AsyncIterator[dict[str, object]]:
    """Let the worker have kept an old month for some nights."""
    four_days_ago = f"{time.time() - 4 * 86_400:.0f}"
    kept = note(**{KEPT_REASON: "another session is reading the event log", KEPT_SINCE: four_days_ago})
    old = statements(OLD_MONTH, "DROP TABLE vote_events_2020_01", events_retention=30)
    async with kept(checked_board), old(checked_board) as changes:
        yield changes


OLD_MONTH = "SELECT make_vote_events_partition('2020-01-01')"

TROUBLES: dict[str, Trouble] = {
    "public address": settings(trusted_proxies="127.0.0.1"),
    "secret key": settings(secret_key="changeme-changeme"),
    "intervals": settings(sync_interval=1, persist_interval=5),
    "disk": no_room,
    "redis": redis_away,
    "appendonly": config("appendonly", "no", "yes"),
    "append-only file": full_disk,
    "appendfsync": config("appendfsync", "no", "everysec"),
    "maxmemory-policy": config("maxmemory-policy", "allkeys-lru", "noeviction"),
    "memory": full_memory,
    "clock of redis": clock("app.operations.doctor.redis"),
    "shards": settings(vote_shards=2),
    "budget": divided_budget,
    "vote functions": no_functions,
    "events": a_waiting_event,
    "changed projects": a_waiting_project,
    "drift": note(**{"drift:at": time.time(), "drift:found": 3, "drift:remaining": 2}),
    "worker": late("persist_events", 100),
    "postgresql": settings(database_url=NOWHERE),
    "migrations": statements(
        "DELETE FROM schema_migrations WHERE version = '0003'",
        "INSERT INTO schema_migrations VALUES ('0003')",
    ),
    "connections": settings(web_workers=60),
    "locks": a_held_lock,
    "partitions": statements(
        "DO $$ BEGIN EXECUTE 'DROP TABLE vote_events_' || to_char("
        "(now() AT TIME ZONE 'UTC') + interval '1 month', 'YYYY_MM'); END $$",
        "SELECT make_vote_events_partition(((now() AT TIME ZONE 'UTC') + interval '1 month')::date)",
    ),
    "event log": an_old_month,
    "redis in use": statements(
        "INSERT INTO redis_uses (process, shard, server, address, votes, worker, since, seen_at) "
        "SELECT server, 9, server, 'redis://' || server, true, false, since, since + interval '9 s' "
        "FROM unnest('{one,two}'::text[]) AS server, "
        "LATERAL (SELECT clock_timestamp() - interval '9 s' AS since) AS times",
        "DELETE FROM redis_uses",
    ),
    "events set aside": statements(
        "INSERT INTO vote_events_set_aside VALUES (0, 'anothers', 1, 0, 1, 1, 0, 1, 1, true)",
        "DELETE FROM vote_events_set_aside",
    ),
    "clock of postgresql": clock("app.operations.doctor.postgresql"),
}
