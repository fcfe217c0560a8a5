"""Checks of PostgreSQL: the server, its connections, the schema and the event log."""

import time
from collections.abc import Awaitable, Callable
from typing import Any

import asyncpg
from asyncpg import Connection

from app.operations.doctor import clock, queries, recovery
from app.operations.doctor.check import Check, fail, ok, ok_or_fail, server_address
from app.operations.doctor.links import check_links
from app.operations.doctor.mail import check_mails
from app.operations.doctor.webhooks import check_webhooks
from app.operations.retention import queries as retention
from app.operations.retention.drop import KEPT_REASON, KEPT_SINCE
from app.settings import Settings
from app.storage import poolers
from app.storage.away import DATABASE_AWAY, REDIS_AWAY
from app.storage.queries import select_migrations
from app.storage.schema import known_migrations
from app.voting import keys

TIMEOUT_SECONDS = 2.0
MIN_VERSION = 150_000
POOL_SIZE = 10  # connections that each web process and the worker may open
LATE_DAYS = 3  # the worker tries every night, so it has had three chances to drop a month
BLOCKED_SECONDS = 1.0  # our statements need a thousandth of that
MAX_SHARE_IN_USE = 0.9  # of all connections


async def check_postgresql(settings: Settings, redis: Any) -> list[Check]:
    """Return the checks of PostgreSQL, or a single one if it cannot be connected to.

    Redis has the worker's notes on why it keeps old events; without them they count as kept on purpose.
    """
    url = settings.database_url or ""
    try:
        db = await asyncpg.connect(url, timeout=TIMEOUT_SECONDS, command_timeout=TIMEOUT_SECONDS)
    except (asyncpg.PostgresError, *DATABASE_AWAY) as error:
        problem = f"cannot connect to {server_address(url)} ({str(error) or type(error).__name__})"
        return [fail("postgresql", problem, _connection_advice(error))]
    try:
        needed = POOL_SIZE * (settings.web_workers + 1)
        return [
            await _run("postgresql", db, lambda db: _version(db, url)),
            await _run("migrations", db, _migrations),
            await _run("connections", db, lambda db: _connections(db, needed)),
            await _run("locks", db, _locks),
            await _run("partitions", db, _partitions),
            await _run("event log", db, lambda db: _event_log(db, redis, settings.events_retention)),
            *[await _run(name, db, check) for name, check in recovery.CHECKS.items()],
            await _run("mails", db, check_mails),
            await _run("webhooks", db, check_webhooks),
            await _run("links", db, lambda db: check_links(db, settings)),
            await _run("clock of postgresql", db, _clock),
        ]
    finally:
        db.terminate()


def _connection_advice(error: Exception) -> str:
    match error:
        case asyncpg.InvalidCatalogNameError():
            return "Run upvote migrate, which creates it if the role may, or correct DATABASE_URL"
        case asyncpg.InvalidAuthorizationSpecificationError():
            return "Correct the user and the password in DATABASE_URL, or PostgreSQL's pg_hba.conf"
        case asyncpg.TooManyConnectionsError():
            return "Raise max_connections of PostgreSQL, or lower WEB_WORKERS"
    return "Start PostgreSQL (upvote serve starts its own), or correct DATABASE_URL"


async def _run(name: str, db: Connection, check: Callable[[Connection], Awaitable[Check]]) -> Check:
    """Return the check's result; a check that raises has failed."""
    try:
        return await check(db)
    except asyncpg.UndefinedTableError as error:
        return fail(name, f"a table is missing ({error})", "Run upvote migrate")
    except asyncpg.InsufficientPrivilegeError as error:
        advice = "Make the role in DATABASE_URL the owner of the database and everything in it"
        return fail(name, str(error), advice)
    except (asyncpg.PostgresError, *DATABASE_AWAY) as error:
        problem = f"could not be checked ({str(error) or type(error).__name__})"
        return fail(name, problem, "Look at PostgreSQL's log")


async def _version(db: Connection, url: str) -> Check:
    if await poolers.is_transaction_pooler(url):
        return fail("postgresql", poolers.PROBLEM, poolers.ADVICE)
    version = await queries.select_version(db)
    value = f"PostgreSQL {version // 10_000}.{version % 10_000} at {server_address(url)}"
    if version < MIN_VERSION:
        return fail("postgresql", f"{value} is too old", "Upgrade to PostgreSQL 15 or newer")
    return ok("postgresql", value)


async def _migrations(db: Connection) -> Check:
    known = known_migrations()
    applied = set(await select_migrations(db))
    if newer := sorted(applied - known):
        problem = f"{', '.join(newer)} applied, but unknown to this version of Upvote"
        return fail("migrations", problem, "Run the newer version of Upvote everywhere")
    missing = sorted(known - applied)
    value = f"{', '.join(missing)} missing" if missing else f"all {len(known)} applied"
    return ok_or_fail("migrations", not missing, value, "Run upvote migrate")


async def _connections(db: Connection, needed: int) -> Check:
    found = await queries.select_connections(db)
    value = f"{found.used} of {found.max} in use, this board opens up to {needed}"
    passed = needed <= found.max and found.used < MAX_SHARE_IN_USE * found.max
    advice = "Raise max_connections of PostgreSQL, or lower WEB_WORKERS"
    return ok_or_fail("connections", passed, value, advice)


async def _locks(db: Connection) -> Check:
    blocking = await queries.select_blocking(db, BLOCKED_SECONDS)
    if not blocking:
        return ok("locks", "nothing waits for a lock")
    worst = blocking[0]
    others = f", and {len(blocking) - 1} more" if len(blocking) > 1 else ""
    problem = (
        f"the session with pid {worst.pid} ({worst.program or 'unnamed'} at {worst.client}, "
        f"{worst.state}) has blocked others for {worst.seconds:.0f} s{others}"
    )
    advice = f"End its program, or run SELECT pg_terminate_backend({worst.pid}) in psql"
    return fail("locks", problem, advice)


async def _partitions(db: Connection) -> Check:
    found = await queries.select_partitions(db)
    if not found.this_month or not found.next_month:
        month = "next" if found.this_month else "this"
        advice = "Start upvote worker, which makes the partitions when it starts and every night"
        return fail("partitions", f"vote_events has no partition for {month} month", advice)
    if not found.default_empty:
        advice = (
            "Move them to their months' partitions: docs/runbooks.md, section partitions, has the SQL"
        )
        return fail("partitions", "events are in vote_events_default", advice)
    return ok("partitions", "this and next month exist, no events outside")


async def _event_log(db: Connection, redis: Any, days: int) -> Check:
    log = await retention.select_log(db)
    old = len(await retention.select_old_partitions(db, days)) if days else 0
    months = "1 month" if old == 1 else f"{old} months"
    if old and (reason := await _reason_to_keep(redis)):
        problem = f"{months} older than EVENTS_RETENTION not dropped for {LATE_DAYS} nights: {reason}"
        return fail("event log", problem, "Fix this, or look in the worker's log")
    since = f"since {log.since:%Y-%m}" if log.since else "empty"
    kept = f"kept for {days} days" if days else "kept forever"
    waiting = f", {months} to be dropped in the coming nights" if old else ""
    return ok("event log", f"{since}, {log.size / 1_048_576:.0f} MB, {kept}{waiting}")


async def _reason_to_keep(redis: Any) -> str:
    """Return why the worker has kept old events for LATE_DAYS, or ""."""
    try:
        reason, since = await redis.hmget(keys.METRICS_WORKER, KEPT_REASON, KEPT_SINCE)
    except REDIS_AWAY:
        return ""
    is_late = since is not None and time.time() - float(since) > LATE_DAYS * 86_400
    return reason.decode() if is_late else ""


async def _clock(db: Connection) -> Check:
    before = time.time()
    server_time = (await queries.select_now(db)).timestamp()
    return clock.compare("postgresql", before, server_time, time.time())
