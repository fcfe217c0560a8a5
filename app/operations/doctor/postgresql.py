"""Checks of PostgreSQL: the server, the schema, the room for connections."""

import time
from collections.abc import Awaitable, Callable

import asyncpg
from asyncpg import Connection

from app.operations.doctor import clock, queries
from app.operations.doctor.check import Check, fail, judge, ok, where
from app.operations.retention import queries as retention
from app.settings import Settings
from app.storage.connections import DATABASE_AWAY
from app.storage.schema import known_migrations, select_migrations

SECONDS = 2.0
OLDEST_VERSION = 150_000
POOL = 10  # connections that each web process and the worker may open
LATE_DAYS = 3  # nights that the worker has to drop a month
FULL = 0.9  # of the connections there are


async def check_postgresql(settings: Settings) -> list[Check]:
    """One line if PostgreSQL does not answer, for nothing else can be known then."""
    url = settings.database_url or ""
    try:
        db = await asyncpg.connect(url, timeout=SECONDS, command_timeout=SECONDS)
    except (asyncpg.PostgresError, *DATABASE_AWAY) as error:
        wrong = f"does not answer at {where(url)} ({str(error) or type(error).__name__})"
        return [fail("postgresql", wrong, _how_to_get_in(error))]
    try:
        room = POOL * (settings.web_workers + 1)
        return [
            await _checked("postgresql", db, lambda db: _version(db, where(url))),
            await _checked("migrations", db, _migrations),
            await _checked("connections", db, lambda db: _connections(db, room)),
            await _checked("partitions", db, _partitions),
            await _checked("event log", db, lambda db: _log(db, settings.events_retention)),
            await _checked("clock of postgresql", db, _clock),
        ]
    finally:
        db.terminate()


def _how_to_get_in(error: Exception) -> str:
    match error:
        case asyncpg.InvalidCatalogNameError():
            return (
                "Run upvote migrate, which makes the database if the role may, or correct DATABASE_URL"
            )
        case asyncpg.InvalidAuthorizationSpecificationError():
            return "Correct the user and the password in DATABASE_URL, or PostgreSQL's pg_hba.conf"
        case asyncpg.TooManyConnectionsError():
            return "Raise max_connections of PostgreSQL, or lower WEB_WORKERS"
    return "Start it (upvote serve brings its own), or correct DATABASE_URL"


async def _checked(name: str, db: Connection, check: Callable[[Connection], Awaitable[Check]]) -> Check:
    try:
        return await check(db)
    except asyncpg.UndefinedTableError as error:
        return fail(name, f"the schema is not there ({error})", "Run upvote migrate")
    except asyncpg.InsufficientPrivilegeError as error:
        return fail(
            name, str(error), "Let the role of DATABASE_URL own the database and all that is in it"
        )
    except (asyncpg.PostgresError, *DATABASE_AWAY) as error:
        wrong = f"cannot be told ({str(error) or type(error).__name__})"
        return fail(name, wrong, "Look at PostgreSQL's log")


async def _version(db: Connection, address: str) -> Check:
    version = await queries.select_version(db)
    value = f"PostgreSQL {version // 10_000}.{version % 10_000} at {address}"
    return judge("postgresql", version >= OLDEST_VERSION, value, "Upgrade to PostgreSQL 15 or newer")


async def _migrations(db: Connection) -> Check:
    ours = known_migrations()
    applied = await select_migrations(db)
    if newer := sorted(applied - ours):
        wrong = f"{', '.join(newer)} applied, which this version does not know"
        return fail("migrations", wrong, "Run the newer version of Upvote everywhere")
    missing = sorted(ours - applied)
    value = f"{', '.join(missing)} missing" if missing else f"all {len(ours)} applied"
    return judge("migrations", not missing, value, "Run upvote migrate")


async def _connections(db: Connection, ours: int) -> Check:
    room = await queries.select_room(db)
    value = f"{room.used} of {room.most} in use, this board takes up to {ours}"
    advice = "Raise max_connections of PostgreSQL, or lower WEB_WORKERS"
    return judge("connections", ours <= room.most and room.used < FULL * room.most, value, advice)


async def _partitions(db: Connection) -> Check:
    found = await queries.select_partitions(db)
    advice = "Start upvote worker: it makes them at its start and every night"
    if not found.this_month or not found.next_month:
        month = "this" if not found.this_month else "next"
        return fail("partitions", f"of vote_events there is none for {month} month", advice)
    if not found.default_empty:
        advice = "Move them to the partition of their month; upvote worker makes it once they are out"
        return fail("partitions", "events lie in vote_events_default", advice)
    return judge("partitions", True, "made ahead, none astray", "")


async def _log(db: Connection, days: int) -> Check:
    log = await retention.select_log(db)
    since = f"since {log.since:%Y-%m}" if log.since else "empty"
    kept = f"{since}, {log.size / 1_048_576:.0f} MB, kept {f'{days} days' if days else 'for ever'}"
    late = await retention.select_old_partitions(db, days + LATE_DAYS) if days else []
    advice = (
        "See the line on drop_partitions, and `old events are kept` in the worker's log: it has why"
    )
    wrong = f"{len(late)} months older than EVENTS_RETENTION are still there"
    return fail("event log", wrong, advice) if late else ok("event log", kept)


async def _clock(db: Connection) -> Check:
    before = time.time()
    there = (await queries.select_now(db)).timestamp()
    return clock.compare("postgresql", before, there, time.time())
