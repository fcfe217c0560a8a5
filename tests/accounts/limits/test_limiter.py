"""The limiter counts exactly, over all processes, and by each process alone when Redis is away."""

import asyncio
import secrets
from types import SimpleNamespace

import pytest
from redis.exceptions import ConnectionError

from app.accounts.limits.limiter import Limit, Limiter

LONG = 3600  # s; no test takes as long


@pytest.fixture
def key() -> str:
    return f"limit:{{test:{secrets.token_hex(4)}}}"


async def test_of_many_attempts_at_once_exactly_so_many_are_accepted(redis, key):
    limiters = [Limiter(redis), Limiter(redis)]
    waits = await asyncio.gather(*[limiters[n % 2].attempt(key, Limit(5, LONG)) for n in range(40)])
    assert waits.count(0) == 5
    took = -(-(await now(redis) - int(await redis.lindex(key, 0))) // 1000)
    assert all(LONG - took <= wait <= LONG for wait in waits if wait)


async def test_a_refused_attempt_does_not_extend_the_window(redis, key):
    limit = Limit(2, LONG)
    limiter = Limiter(redis)
    assert [await limiter.attempt(key, limit) for _ in range(2)] == [0, 0]
    await age(redis, key, 1000 * (LONG // 2))
    assert all([0 < await limiter.attempt(key, limit) <= LONG // 2 for _ in range(3)])
    await age(redis, key, 1000 * (LONG // 2))
    assert await limiter.attempt(key, limit) == 0


async def now(redis) -> int:
    """The clock that windows are measured with, in ms."""
    seconds, microseconds = await redis.time()
    return seconds * 1000 + microseconds // 1000


async def age(redis, key: str, ms: int) -> None:
    """As if the attempts that the key counts had been made so much earlier."""
    for place, time in enumerate(await redis.lrange(key, 0, -1)):
        await redis.lset(key, place, int(time) - ms)


async def test_a_count_goes_when_its_window_has_passed(redis, key):
    await Limiter(redis).attempt(key, Limit(5, 60))
    [counted] = await redis.lrange(key, 0, -1)
    assert await redis.pexpiretime(key) - int(counted) == 60_001


async def test_zero_is_no_limit(redis, key):
    assert {await Limiter(redis).attempt(key, Limit(0, 60)) for _ in range(20)} == {0}


async def test_without_redis_a_process_counts_alone(key, monkeypatch):
    clock = [1000.0]
    monkeypatch.setattr("app.accounts.limits.limiter.time", SimpleNamespace(monotonic=lambda: clock[0]))

    class Away:
        async def execute_command(self, *_):
            raise ConnectionError("away")

    limiter = Limiter(Away())
    assert [await limiter.attempt(key, Limit(2, 60)) for _ in range(3)] == [0, 0, 60]
    clock[0] += 59
    assert await limiter.attempt(key, Limit(2, 60)) == 1
    clock[0] += 1
    assert await limiter.attempt(key, Limit(2, 60)) == 0
