"""The limiter counts exactly, over all processes, and by each process alone when Redis is away."""

import asyncio
import secrets

import pytest
from redis.exceptions import ConnectionError

from app.limits.limiter import Limit, Limiter


@pytest.fixture
def key() -> str:
    return f"limit:{{test:{secrets.token_hex(4)}}}"


async def test_of_many_attempts_at_once_exactly_so_many_are_accepted(redis, key):
    limiters = [Limiter(redis), Limiter(redis)]
    waits = await asyncio.gather(*[limiters[n % 2].attempt(key, Limit(5, 60)) for n in range(40)])
    assert waits.count(0) == 5
    assert all(wait == 60 for wait in waits if wait)


async def test_a_refused_attempt_does_not_extend_the_window(redis, key):
    limit = Limit(2, 1)
    limiter = Limiter(redis)
    assert [await limiter.attempt(key, limit) for _ in range(3)] == [0, 0, 1]
    await asyncio.sleep(0.6)
    assert await limiter.attempt(key, limit) == 1
    await asyncio.sleep(0.5)
    assert await limiter.attempt(key, limit) == 0


async def test_a_count_goes_when_its_window_has_passed(redis, key):
    await Limiter(redis).attempt(key, Limit(5, 60))
    assert 50_000 < await redis.pttl(key) <= 60_001


async def test_zero_is_no_limit(redis, key):
    assert {await Limiter(redis).attempt(key, Limit(0, 60)) for _ in range(20)} == {0}


async def test_without_redis_a_process_counts_alone(key):
    class Away:
        async def execute_command(self, *_):
            raise ConnectionError("away")

    limiter = Limiter(Away())
    assert [await limiter.attempt(key, Limit(2, 60)) for _ in range(3)] == [0, 0, 60]
