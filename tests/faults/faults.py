"""The faults of servers and networks: each one begins, lasts for a while, and ends."""

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.chaos.program import Program
from tests.chaos.stack import Stack, until
from tests.faults.table import FAULT_SECONDS, Busy

NOTHING = "nothing"
LIBFAKETIME = Path("/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1")
RESETS_EVERY = 0.3  # s

Begin = Callable[[Busy], AbstractAsyncContextManager[None]]


@dataclass(frozen=True)
class Fault:
    """`begin` is open while the fault lasts, which is for `seconds`."""

    begin: Begin
    seconds: float = FAULT_SECONDS

    async def during(self, busy: Busy) -> None:
        async with self.begin(busy):
            await asyncio.sleep(self.seconds)


@asynccontextmanager
async def nothing(_: Busy) -> AsyncIterator[None]:
    yield


def frozen(program: Callable[[Stack], Program]) -> Begin:
    @asynccontextmanager
    async def begin(busy: Busy) -> AsyncIterator[None]:
        program(busy.network.stack).pause()
        yield
        program(busy.network.stack).resume()

    return begin


def lost(server: str) -> Begin:
    """Let nothing pass between all processes and a server."""

    @asynccontextmanager
    async def begin(busy: Busy) -> AsyncIterator[None]:
        for proxy in getattr(busy.network, server)():
            proxy.black_hole()
        yield
        busy.network.heal()

    return begin


def slow(server: str, seconds: float) -> Begin:
    @asynccontextmanager
    async def begin(busy: Busy) -> AsyncIterator[None]:
        for proxy in getattr(busy.network, server)():
            proxy.delay = seconds
        yield
        busy.network.heal()

    return begin


def reset(server: str) -> Begin:
    """Reset all connections to a server again and again."""

    @asynccontextmanager
    async def begin(busy: Busy) -> AsyncIterator[None]:
        async def cut() -> None:
            while True:
                for proxy in getattr(busy.network, server)():
                    proxy.reset()
                await asyncio.sleep(RESETS_EVERY)

        cutting = asyncio.create_task(cut())
        yield
        cutting.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await cutting

    return begin


@asynccontextmanager
async def read_only_database(busy: Busy) -> AsyncIterator[None]:
    """Let PostgreSQL refuse every write, as a demoted primary does."""
    await busy.db.execute("ALTER SYSTEM SET default_transaction_read_only = on")
    await busy.db.execute("SELECT pg_reload_conf()")
    yield
    async with busy.db.acquire() as db:
        await db.execute("SET default_transaction_read_only = off")
        await db.execute("ALTER SYSTEM RESET default_transaction_read_only")
        await db.execute("SELECT pg_reload_conf()")


@asynccontextmanager
async def read_only_redis(busy: Busy) -> AsyncIterator[None]:
    """Make the server a replica, as a planned failover does with the old primary, and back again."""
    await busy.redis.execute_command("REPLICAOF", "127.0.0.1", "1")
    yield
    await busy.redis.execute_command("REPLICAOF", "NO", "ONE")


@asynccontextmanager
async def full_redis(busy: Busy) -> AsyncIterator[None]:
    """Leave Redis no memory at all: what the worker frees is not enough."""
    await busy.redis.config_set("maxmemory", 1)
    yield
    await busy.redis.config_set("maxmemory", 0)


@asynccontextmanager
async def restarted_database(busy: Busy) -> AsyncIterator[None]:
    """End PostgreSQL as an administrator does, and start it at the end."""
    postgres = busy.network.stack.postgres
    await asyncio.to_thread(postgres.end, signal.SIGINT)
    yield
    await busy.network.stack.bring_up(postgres)


@asynccontextmanager
async def frozen_worker(busy: Busy) -> AsyncIterator[None]:
    """Freeze a worker that holds the lock of the checkpoint."""
    worker = await _worker_with_the_lock(busy)
    worker.pause()
    for proxy in busy.network.redis(worker):
        proxy.heal()
    yield
    worker.resume()


@asynccontextmanager
async def vanished_worker(busy: Busy) -> AsyncIterator[None]:
    """Kill a worker that holds the lock, without PostgreSQL hearing of it."""
    worker = await _worker_with_the_lock(busy)
    for proxy in busy.network.postgres(worker):
        proxy.black_hole()
    worker.kill9()
    yield
    for proxy in (*busy.network.postgres(worker), *busy.network.redis(worker)):
        proxy.cut()
        proxy.heal()
    worker.start()


async def _worker_with_the_lock(busy: Busy) -> Program:
    """Return a worker that waits for Redis in the middle of its transaction."""
    worker = busy.network.stack.workers[0]
    other = busy.network.stack.workers[1]
    held = (
        "SELECT count(*) FROM pg_stat_activity WHERE state = 'idle in transaction'"
        " AND application_name = 'upvote' AND query LIKE '%stream_checkpoints%FOR UPDATE%'"
    )
    other.pause()  # so that it is this worker that has the lock

    async def has_lock() -> bool:
        for proxy in busy.network.redis(worker):
            proxy.heal()
            await asyncio.sleep(0.3)
            proxy.black_hole()
        return await busy.db.fetchval(held) > 0

    await until(has_lock, "for a worker in its transaction")
    other.resume()
    return worker


@asynccontextmanager
async def clock_set_back(busy: Busy) -> AsyncIterator[None]:
    """Set the clock of the only worker back by an hour, and right again at the end.

    Only the real time moves: a step of a real clock leaves the monotonic time alone.
    """
    worker, other = busy.network.stack.workers
    clock = busy.network.stack.data_dir / "clock"
    clock.write_text("+0\n")
    await _end(other, worker)
    worker.configure(
        ld_preload=LIBFAKETIME,
        faketime_timestamp_file=clock,
        faketime_no_cache=1,
        faketime_dont_fake_monotonic=1,
    )
    worker.start()
    await busy.until_persisted()
    clock.write_text("-3600\n")
    yield
    await busy.until_persisted()
    clock.write_text("+0\n")
    other.start()


async def _end(*programs: Program) -> None:
    """End the programs, while this event loop goes on: their ways to the servers run in it."""
    for program in programs:
        await asyncio.to_thread(program.end)


def both(first: Begin, second: Begin) -> Begin:
    @asynccontextmanager
    async def begin(busy: Busy) -> AsyncIterator[None]:
        async with first(busy), second(busy):
            yield

    return begin


FAULTS: dict[str, Fault] = {
    NOTHING: Fault(nothing),
    "Redis frozen": Fault(frozen(lambda stack: stack.valkey)),
    "Redis lost by the network": Fault(lost("redis")),
    "Redis 0.7 s away": Fault(slow("redis", 0.7)),
    "connections to Redis reset": Fault(reset("redis")),
    "Redis demoted": Fault(read_only_redis),
    "Redis out of memory": Fault(full_redis),
    "PostgreSQL frozen": Fault(frozen(lambda stack: stack.postgres)),
    "PostgreSQL lost by the network": Fault(lost("postgres")),
    "PostgreSQL 0.4 s away": Fault(slow("postgres", 0.4)),
    "connections to PostgreSQL reset": Fault(reset("postgres")),
    "PostgreSQL read-only": Fault(read_only_database),
    "PostgreSQL restarted": Fault(restarted_database),
    "both lost by the network": Fault(both(lost("redis"), lost("postgres"))),
    "a worker frozen in its transaction": Fault(frozen_worker),
    "a worker vanished in its transaction": Fault(vanished_worker),
    "Redis lost for a while": Fault(lost("redis"), 20.0),
}
if LIBFAKETIME.exists() and os.access(LIBFAKETIME, os.R_OK):
    FAULTS["the worker's clock set back by an hour"] = Fault(clock_set_back)
