"""The time limits end a wait for a server that hangs, but not one that is only slow."""

import asyncio
import socket
import time
from pathlib import Path

import pytest

from app.storage import redis_client, timeouts
from app.storage.connections import open_database, open_redis
from app.storage.timeouts import LATE, ON_TIME, TICK, within

STALL = 0.5  # s; longer than the limits of these tests
LIMIT = 0.2  # s


def stall() -> None:
    """Block this process, as a busy machine would."""
    time.sleep(STALL)


async def answer_of_a_server() -> bytes:
    """Wait for an answer that arrives while this process is blocked."""
    here, there = socket.socketpair()
    reader, writer = await asyncio.open_connection(sock=here)

    def answer_while_busy() -> None:
        stall()
        there.send(b"answer\n")

    asyncio.get_running_loop().call_soon(answer_while_busy)
    try:
        return await reader.readline()
    finally:
        writer.close()
        there.close()


async def test_a_wait_for_a_server_that_hangs_ends():
    start = time.monotonic()
    with pytest.raises(TimeoutError):
        async with within(LIMIT):
            await asyncio.Event().wait()
    assert time.monotonic() - start >= LIMIT


async def test_an_answer_that_arrived_during_a_stall_is_accepted():
    async with within(LIMIT):
        assert await answer_of_a_server() == b"answer\n"


async def test_a_plain_timer_would_reject_that_answer():
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(LIMIT):
            await answer_of_a_server()


async def test_a_loop_that_is_busy_for_some_rounds_keeps_waiting():
    rounds = 0
    async with within(2 * TICK):
        for _ in range(6):
            time.sleep(1.5 * TICK)  # noqa: ASYNC251 - it must block
            await asyncio.sleep(0)
            rounds += 1
    assert rounds == 6


async def test_a_process_that_is_always_late_gives_up_too():
    rounds = 0

    async def be_late() -> None:
        nonlocal rounds
        while True:
            rounds += 1
            time.sleep(2 * TICK)  # noqa: ASYNC251 - it must block
            await asyncio.sleep(0)

    late = asyncio.create_task(be_late())
    with pytest.raises(TimeoutError):
        async with within(TICK):
            await asyncio.Event().wait()
    late.cancel()
    assert rounds >= ON_TIME / LATE


@pytest.mark.parametrize(
    ("waited", "left"), [(1, 2 * ON_TIME - LATE), (6, ON_TIME)], ids=["short", "long"]
)
async def test_a_part_of_the_time_is_kept_during_other_work(waited, left):
    """Of three ticks at least one is left after a wait of any length, and more after a short one.

    The last tick that counts may count less than a whole one.
    """
    limit = within(3 * TICK, lambda: TICK)
    limit._left -= LATE  # as after a late tick
    async with limit:
        for _ in range(waited):
            await one_tick(limit)
        assert left <= limit._left < 3 * ON_TIME - LATE
        assert limit.left == pytest.approx(limit._left / ON_TIME * TICK)


async def one_tick(limit: within) -> None:
    """Wait until the limit has counted once more, or would have."""
    timer = limit._timer
    while limit._timer is timer:
        await asyncio.sleep(TICK / 10)


async def test_a_cancellation_by_the_caller_is_not_a_time_out():
    async def wait() -> None:
        async with within(10):
            await asyncio.Event().wait()

    waiting = asyncio.create_task(wait())
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting


async def test_a_stall_of_this_process_does_not_fail_a_redis_call(settings, monkeypatch):
    redis = open_redis(settings)
    await redis.ping()
    monkeypatch.setattr(redis_client, "REDIS_SECONDS", LIMIT)
    asking = asyncio.create_task(redis.ping())
    await asyncio.sleep(0)
    stall()
    assert await asking
    await redis.aclose()


async def test_a_stall_of_this_process_does_not_fail_a_statement(settings):
    db = await open_database(settings, query_seconds=LIMIT)
    assert await db.fetchval("SELECT 1") == 1
    asking = asyncio.create_task(db.fetchval("SELECT 2"))
    await asyncio.sleep(0)
    stall()
    assert await asking == 2
    db.terminate()


async def test_a_statement_that_takes_too_long_fails_and_its_connection_still_works(settings):
    db = await open_database(settings, max_size=1, query_seconds=LIMIT)
    with pytest.raises(TimeoutError):
        await db.execute("SELECT pg_sleep(60)")
    assert await db.fetchval("SELECT 1", timeout=60) == 1
    db.terminate()


def test_the_operations_page_lists_every_limit():
    page = (Path(__file__).parents[2] / "docs/operations.md").read_text()
    limits = {name: value for name, value in vars(timeouts).items() if name.endswith("_SECONDS")}
    missing = [name for name, value in limits.items() if f"| `{name}` | {value:g} s |" not in page]
    assert len(limits) > 5
    assert missing == []
