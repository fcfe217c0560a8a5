"""Calls that share one result, and results that are cached for a while."""

import asyncio
import gzip as reader

import pytest

from app.group_calls import GroupCalls
from app.single_flight import SharedCache
from app.web.compression import gzip


class Maker:
    """Makes 1, 2, 3 …; its first calls fail."""

    def __init__(self, failures: int = 0) -> None:
        self.made, self._failures = 0, failures

    async def __call__(self) -> int:
        self.made += 1
        await asyncio.sleep(0)
        if self.made <= self._failures:
            raise LookupError
        return self.made


async def test_simultaneous_calls_get_the_same_result():
    cache, make = SharedCache(60, 10), Maker()
    assert await asyncio.gather(*[cache.get("a", make) for _ in range(5)]) == [1] * 5
    assert await cache.get("a", make) == 1
    assert await cache.get("b", make) == 2


async def test_a_cleared_or_expired_value_is_made_again():
    make, cache, stale = Maker(), SharedCache(60, 10), SharedCache(-1, 10)
    first = asyncio.create_task(cache.get("a", make))
    await asyncio.sleep(0)
    cache.clear()  # while it is being made
    assert await cache.get("a", make) == 2
    assert await first in (1, 2)
    assert await cache.get("a", make) == 2
    assert [await stale.get("a", make), await stale.get("a", make)] == [3, 4]


async def test_a_failure_is_not_cached():
    cache, make = SharedCache(60, 10), Maker(failures=1)
    with pytest.raises(LookupError):
        await cache.get("a", make)
    assert await cache.get("a", make) == 2


async def test_a_value_that_may_not_be_cached_is_returned_once():
    cache, make = SharedCache(60, 10, lambda number: number > 1), Maker()
    assert await asyncio.gather(cache.get("a", make), cache.get("a", make)) == [1, 1]
    assert [await cache.get("a", make), await cache.get("a", make)] == [2, 2]


async def test_one_call_runs_at_a_time_and_the_next_one_serves_all_waiters():
    calls, back = [], asyncio.Event()

    async def ask(user_ids):
        calls.append(set(user_ids))
        await back.wait()
        return len(calls)

    group_calls = GroupCalls(ask)
    asking = [asyncio.create_task(group_calls.ask(1))]
    while not calls:
        await asyncio.sleep(0)
    asking += [asyncio.create_task(group_calls.ask(user_id)) for user_id in (2, 3, 2)]
    for _ in range(5):
        await asyncio.sleep(0)
    assert calls == [{1}]
    back.set()
    assert await asyncio.gather(*asking) == [1, 2, 2, 2]
    assert calls == [{1}, {2, 3}]


async def test_a_failed_call_fails_only_for_its_own_callers():
    make = Maker(failures=1)
    group_calls = GroupCalls(lambda _: make())
    with pytest.raises(LookupError):
        await group_calls.ask(1)
    assert await group_calls.ask(1) == 2


def test_each_compressed_body_can_be_read_on_its_own():
    for body in (b"a" * 5000, b"a" * 5000, b"", bytes(range(256)) * 500):
        assert reader.decompress(gzip(body)) == body
