"""The limiter counts exactly over all processes, and in each process alone while Redis is away."""

import asyncio
import secrets
from types import SimpleNamespace

import pytest
from redis.exceptions import ConnectionError

from app.accounts.limiter import Limit, Limiter

LONG = 3600  # s; longer than any test


@pytest.fixture
def key() -> str:
    return f"limit:{{test:{secrets.token_hex(4)}}}"


async def test_simultaneous_attempts_are_accepted_exactly_up_to_the_limit(redis, key):
    limiters = [Limiter(redis), Limiter(redis)]
    waits = await asyncio.gather(*[limiters[n % 2].attempt(key, Limit(5, LONG)) for n in range(40)])
    assert waits.count(0) == 5
    took = -(-(await now(redis) - int(await redis.lindex(key, 0))) // 1000)
    assert all(LONG - took <= wait <= LONG for wait in waits if wait)


async def test_a_refused_attempt_does_not_extend_the_window(redis, key):
    limit = Limit(2, LONG)
    limiter = Limiter(redis)
    assert [await limiter.attempt(key, limit) for _ in range(2)] == [0, 0]
    await make_older(redis, key, 1000 * (LONG // 2))
    assert all([0 < await limiter.attempt(key, limit) <= LONG // 2 for _ in range(3)])
    await make_older(redis, key, 1000 * (LONG // 2))
    assert await limiter.attempt(key, limit) == 0


async def now(redis) -> int:
    """Return the time of Redis in ms."""
    seconds, microseconds = await redis.time()
    return seconds * 1000 + microseconds // 1000


async def make_older(redis, key: str, ms: int) -> None:
    """Make the attempts that the key counts older by so many ms."""
    for place, time in enumerate(await redis.lrange(key, 0, -1)):
        await redis.lset(key, place, int(time) - ms)


async def test_an_attempt_stops_counting_after_its_window(redis, key):
    await Limiter(redis).attempt(key, Limit(5, 60))
    [counted] = await redis.lrange(key, 0, -1)
    assert await redis.pexpiretime(key) - int(counted) == 60_001


async def test_a_window_ends_in_its_own_length_after_the_clock_was_set_back(redis, key):
    limit = Limit(2, LONG)
    limiter = Limiter(redis)
    assert [await limiter.attempt(key, limit) for _ in range(2)] == [0, 0]
    await make_older(redis, key, -24 * 1000 * LONG)
    assert 0 < await limiter.attempt(key, limit) <= LONG
    assert max(map(int, await redis.lrange(key, 0, -1))) <= await now(redis)
    assert await redis.pttl(key) <= 1000 * LONG + 1
    await make_older(redis, key, 1000 * LONG + 1)
    assert await limiter.attempt(key, limit) == 0


async def test_zero_means_no_limit(redis, key):
    assert {await Limiter(redis).attempt(key, Limit(0, 60)) for _ in range(20)} == {0}


async def test_without_redis_a_process_counts_alone(key, monkeypatch):
    clock = [1000.0]
    monkeypatch.setattr("app.accounts.limiter.time", SimpleNamespace(monotonic=lambda: clock[0]))

    class Away:
        async def execute_command(self, *_):
            raise ConnectionError("away")

    limiter = Limiter(Away())
    assert [await limiter.attempt(key, Limit(2, 60)) for _ in range(3)] == [0, 0, 60]
    clock[0] += 59
    assert await limiter.attempt(key, Limit(2, 60)) == 1
    clock[0] += 1
    assert await limiter.attempt(key, Limit(2, 60)) == 0
