"""The limiter counts exactly over all processes, and in each process alone while Redis is away."""

import asyncio
import secrets
from types import SimpleNamespace

import pytest
from redis.exceptions import ConnectionError

from app.accounts.limiter import Limit, Limiter, LimitReached
from tests.waiting import until

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


class Away:
    async def execute_command(self, *_):
        raise ConnectionError("away")


async def test_without_redis_a_process_counts_alone(key, monkeypatch):
    clock = [1000.0]
    monkeypatch.setattr("app.accounts.limiter.time", SimpleNamespace(monotonic=lambda: clock[0]))
    limiter = Limiter(Away())
    assert [await limiter.attempt(key, Limit(2, 60)) for _ in range(3)] == [0, 0, 60]
    clock[0] += 59
    assert await limiter.attempt(key, Limit(2, 60)) == 1
    clock[0] += 1
    assert await limiter.attempt(key, Limit(2, 60)) == 0


async def begin(limiter: Limiter, key: str, limit: Limit, *, fails: bool) -> int:
    """Begin an attempt and end it; return 0, or how long to wait."""
    try:
        async with limiter.trying({key: limit}) as attempt:
            attempt.counts = fails
    except LimitReached as reached:
        return reached.wait
    return 0


async def test_only_attempts_that_fail_count(redis, key):
    limiter, limit = Limiter(redis), Limit(2, LONG)
    outcomes = [False, True, False, False, True, False]
    waits = [await begin(limiter, key, limit, fails=fails) for fails in outcomes]
    assert waits[:5] == [0] * 5
    assert 0 < waits[5] <= LONG
    with pytest.raises(LimitReached):
        await limiter.look({key: limit})
    assert await redis.llen(key) == 2


async def test_no_more_attempts_run_at_once_than_may_fail(redis, key, monkeypatch):
    monkeypatch.setattr("app.accounts.limiter.RETRIES", 1000)
    limiters, limit, running = [Limiter(redis), Limiter(redis)], Limit(3, LONG), []

    async def good(number: int) -> int:
        async with limiters[number % 2].trying({key: limit}):
            running.append(number)
            most = len(running)
            await asyncio.sleep(0)
            running.remove(number)
        return most

    assert max(await asyncio.gather(*[good(number) for number in range(20)])) <= 3
    assert await redis.llen(key) == 0


async def test_a_request_whose_time_is_over_does_not_wait_until_its_attempt_is_taken_back(
    redis, key, monkeypatch
):
    limiter, limit, may_answer = Limiter(redis), Limit(2, LONG), asyncio.Event()
    began, end = asyncio.Event(), limiter._end

    async def end_late(*given) -> None:
        await may_answer.wait()
        await end(*given)

    async def attempt() -> None:
        async with limiter.trying({key: limit}):
            began.set()
            await asyncio.Event().wait()

    monkeypatch.setattr(limiter, "_end", end_late)
    trying = asyncio.create_task(attempt())
    await began.wait()
    trying.cancel()
    await until(trying.done, "for its end")
    assert await redis.llen(key) == 1
    may_answer.set()
    await until(lambda: not limiter._ending, "until it is taken back")
    assert await redis.llen(key) == 0


async def test_an_attempt_that_never_ended_counts(redis, key, monkeypatch):
    """Its process was killed: others wait for it for ten seconds, then it is one that failed."""
    monkeypatch.setattr("app.accounts.limiter.RETRIES", 2)
    limiter, limit = Limiter(redis), Limit(1, LONG)
    await redis.rpush(key, -await now(redis))
    await redis.pexpire(key, 1000 * LONG)
    assert await begin(limiter, key, limit, fails=False) == 1
    await redis.lset(key, 0, -(await now(redis) - 10_001))
    assert 1 < await begin(limiter, key, limit, fails=False) <= LONG


async def test_an_attempt_under_one_key_is_taken_back_if_another_key_refuses_it(redis, key):
    limiter, limit, full = Limiter(redis), Limit(1, LONG), f"limit:{{full:{secrets.token_hex(4)}}}"
    await limiter.attempt(full, limit)
    with pytest.raises(LimitReached) as reached:
        async with limiter.trying({key: limit, full: limit}):
            pass
    assert reached.value.key == full
    assert await limiter.attempt(key, limit) == 0


async def test_without_redis_only_failures_count_too(key):
    limiter, limit = Limiter(Away()), Limit(2, LONG)
    outcomes = [False, True, False, True, False]
    waits = [await begin(limiter, key, limit, fails=fails) for fails in outcomes]
    assert waits == [0, 0, 0, 0, LONG]
