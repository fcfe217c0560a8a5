"""Connections leave a server that cannot serve any more, and locks do not outlive their owner."""

import asyncio
import gc
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import pytest
from redis.exceptions import ReadOnlyError

from app.storage import connections, postgres_sessions, queries, redis_client, redis_pool
from app.storage.away import DATABASE_AWAY, REDIS_AWAY
from app.storage.connections import open_database, open_redis
from app.voting import persist
from tests.conftest import OWN_LIMITS
from tests.faults.network import DATABASE
from tests.faults.tcp_proxy import TcpProxy
from tests.waiting import CEILING, until

SOON = 0.3  # s


@pytest.fixture
async def to_postgres(settings):
    directory = urlsplit(settings.database_url).query.removeprefix("host=")
    async with TcpProxy(Path(directory) / ".s.PGSQL.5432") as proxy:
        yield proxy, settings.model_copy(update={"database_url": DATABASE.format(port=proxy.port)})


@pytest.fixture
async def to_redis(settings):
    async with TcpProxy(Path(settings.redis_url.removeprefix("unix://"))) as proxy:
        # Choosing a database takes a round trip, as a password does.
        url = f"redis://127.0.0.1:{proxy.port}/1"
        yield proxy, settings.model_copy(update={"redis_url": url})


async def test_postgresql_ends_a_session_that_keeps_a_lock_and_does_nothing(
    settings, db, monkeypatch, functions
):
    limits = postgres_sessions.LIMITS | {"idle_in_transaction_session_timeout": f"{1000 * SOON:.0f}"}
    monkeypatch.setattr(postgres_sessions, "LIMITS", limits)
    frozen = await open_database(settings)
    async with frozen.acquire() as owner:
        await owner.execute("BEGIN")
        await persist.lock_checkpoint(owner, 0)
        async with db.acquire() as second, second.transaction():
            await persist.lock_checkpoint(second, 0)  # waits for the lock, and gets it
        with pytest.raises(DATABASE_AWAY):
            await owner.fetchval("SELECT 1")
    frozen.terminate()


async def test_postgresql_ends_a_session_that_keeps_an_advisory_lock(settings, db, monkeypatch):
    monkeypatch.setattr(queries, "IDLE_TRANSACTION_SECONDS", SOON)
    vanished = await open_database(settings)
    async with vanished.acquire() as owner:
        await queries.lock_session(owner, (1, 7))
        async with db.acquire() as second:
            await queries.lock_session(second, (1, 7))
            await queries.unlock_session(second, (1, 7))
            assert await second.fetchval("SHOW idle_session_timeout") == "0"
    vanished.terminate()


async def test_postgresql_notices_a_machine_that_vanished_within_seconds(to_postgres, monkeypatch):
    _, settings = to_postgres
    monkeypatch.setattr(postgres_sessions, "LIMITS", OWN_LIMITS)
    db = await open_database(settings)
    found = {name: await db.fetchval(f"SHOW {name}") for name in postgres_sessions.LIMITS}
    assert found["idle_in_transaction_session_timeout"] == "4s"
    assert found["lock_timeout"] == "10s"
    db.terminate()


async def test_the_next_statement_leaves_a_server_that_takes_no_writes(settings):
    db = await open_database(settings, max_size=1)
    await db.execute("SET default_transaction_read_only = on")  # as on a demoted primary
    with pytest.raises(DATABASE_AWAY):
        await db.execute("UPDATE stream_checkpoints SET shard = shard")
    await db.execute("UPDATE stream_checkpoints SET shard = shard")
    db.terminate()


async def test_failed_writes_reconnect_at_most_once_in_leave_seconds(settings, monkeypatch):
    """During a failover the address may lead to a server without writes for seconds."""
    monkeypatch.setattr(connections, "LEAVE_SECONDS", CEILING)
    db, served_by = await open_database(settings, max_size=1), []
    for _ in range(3):
        await db.execute("SET default_transaction_read_only = on")
        served_by.append(await db.fetchval("SELECT pg_backend_pid()"))
        with pytest.raises(DATABASE_AWAY):
            await db.execute("UPDATE stream_checkpoints SET shard = shard")
    assert served_by[0] != served_by[1] == served_by[2]
    db.terminate()


async def test_redis_connections_leave_a_primary_that_has_become_a_replica(settings, monkeypatch):
    redis = open_redis(settings)
    first, second = await asyncio.gather(*[redis.client_id() for _ in range(2)])
    error = "return redis.error_reply('READONLY You cannot write against a read only replica.')"
    with pytest.raises(ReadOnlyError):
        await redis.eval(error, 0)
    others = await asyncio.gather(*[redis.client_id() for _ in range(2)])
    assert not {first, second} & {*others}
    monkeypatch.setattr(redis_pool, "LEAVE_SECONDS", CEILING)
    with pytest.raises(ReadOnlyError):
        await redis.eval(error, 0)
    assert await redis.client_id() in others  # it stays with the server that it found
    await redis.aclose()


async def test_a_postgresql_connection_that_comes_too_late_serves_the_next(to_postgres, monkeypatch):
    monkeypatch.setattr(postgres_sessions, "CONNECT_SECONDS", CEILING)
    proxy, settings = to_postgres
    db = await open_database(settings)
    proxy.black_hole()
    with pytest.raises(TimeoutError):
        await db.fetchval("SELECT 1")
    accepted = proxy.accepted
    proxy.heal()
    proxy.refuse()

    async def works() -> bool:
        try:
            return await db.fetchval("SELECT 1", timeout=60) == 1
        except DATABASE_AWAY:
            return False

    await until(works, "for the connection that was begun")
    assert proxy.accepted == accepted
    db.terminate()


async def test_nobody_waits_until_a_statement_that_was_given_up_is_cancelled(to_postgres, monkeypatch):
    """Over a slow network that takes five round trips, and the answer would be late."""
    proxy, settings = to_postgres
    db = await open_database(settings, query_seconds=SOON)
    await db.fetchval("SELECT 1", timeout=CEILING)
    monkeypatch.setattr(connections, "RELEASE_SECONDS", CEILING)
    proxy.delay = SOON
    with pytest.raises(TimeoutError):
        await db.fetchval("SELECT pg_sleep(600)")
    assert db.get_idle_size() == 0
    await until(lambda: db.get_idle_size() == db.get_size(), "until it is cancelled")
    assert await db.fetchval("SELECT 1", timeout=CEILING) == 1
    db.terminate()


async def test_nobody_waits_until_the_transaction_of_a_request_is_rolled_back(to_postgres):
    proxy, settings = to_postgres
    pool = await open_database(settings, query_seconds=2 * CEILING)
    waiting = asyncio.Event()

    async def write() -> None:
        async with pool.acquire(timeout=CEILING) as connection, connection.transaction():
            await connection.execute("CREATE TABLE never_committed ()")
            proxy.delay = SOON
            waiting.set()
            await connection.execute("SELECT pg_sleep(600)")

    writing = asyncio.create_task(write())
    await waiting.wait()
    writing.cancel()
    await until(writing.done, "for the end of the request")
    assert writing.cancelled()
    assert pool.get_idle_size() == 0  # its transaction goes on
    await until(lambda: pool.get_idle_size() == pool.get_size(), "until it is rolled back")
    query = "SELECT to_regclass('never_committed') IS NULL AND pg_current_xact_id_if_assigned() IS NULL"
    assert await pool.fetchval(query)
    pool.terminate()


async def test_a_redis_connection_that_comes_too_late_serves_the_next(to_redis, monkeypatch):
    monkeypatch.setattr(redis_pool, "CONNECT_SECONDS", CEILING)
    proxy, settings = to_redis
    redis = open_redis(settings)
    proxy.black_hole()
    with pytest.raises(TimeoutError):
        await redis.ping()
    await until(lambda: proxy.accepted, "for the connection to begin")
    proxy.heal()
    proxy.refuse()
    monkeypatch.setattr(redis_client, "REDIS_SECONDS", 60)

    async def works() -> bool:
        try:
            return bool(await redis.ping())
        except REDIS_AWAY:
            return False

    await until(works, "for the connection that was begun")
    await redis.aclose()


@pytest.mark.parametrize(
    "sqlstate", ["53100", "53200", "57P01", "57P03", "58030", "25006", "25P03", "40001", "08P01"]
)
def test_every_state_of_a_server_that_cannot_serve_counts_as_away(sqlstate):
    error = asyncpg.PostgresError.new({"C": sqlstate, "M": "no"})
    assert isinstance(error, DATABASE_AWAY)


async def test_a_connection_that_uvloop_has_closed_counts_as_away(settings, monkeypatch):
    def write(*_: object) -> None:
        raise RuntimeError("unable to perform operation on <TCPTransport closed=True>")

    redis = open_redis(settings)
    await redis.ping()
    [connection] = redis.connection_pool._available_connections
    monkeypatch.setattr(connection._writer, "writelines", write)
    with pytest.raises(REDIS_AWAY):
        await redis.ping()
    assert await redis.ping()
    await redis.aclose()


async def test_a_failure_to_connect_is_not_printed_after_its_caller_gave_up(monkeypatch):
    pool = redis_pool.open_redis_pool("redis://127.0.0.1:1", socket_timeout=CEILING)
    began, printed, may_fail = [], [], asyncio.Event()
    loop = asyncio.get_running_loop()
    monkeypatch.setattr(loop, "call_exception_handler", printed.append)

    async def fail(connection: object) -> None:
        began.append(connection)
        await may_fail.wait()
        raise ConnectionRefusedError

    monkeypatch.setattr(pool, "_connect", fail)
    caller = asyncio.create_task(pool.get_connection())
    await until(lambda: began)
    caller.cancel()
    await asyncio.gather(caller, return_exceptions=True)
    may_fail.set()
    await until(lambda: not pool._connecting)
    del caller
    gc.collect()
    assert printed == []
