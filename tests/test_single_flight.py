"""What is kept for a while, and what is asked together."""

import asyncio
import gzip as reader

import pytest

from app.fast.group_calls import GroupCalls
from app.single_flight import SharedCache
from app.web.compression import gzip


class Maker:
    """Makes 1, 2, 3 …; fails while it is told to."""

    def __init__(self, failures: int = 0) -> None:
        self.made, self._failures = 0, failures

    async def __call__(self) -> int:
        self.made += 1
        await asyncio.sleep(0)
        if self.made <= self._failures:
            raise LookupError
        return self.made


async def test_who_asks_at_the_same_time_gets_the_same():
    fresh, make = SharedCache(60, 10), Maker()
    assert await asyncio.gather(*[fresh.get("a", make) for _ in range(5)]) == [1] * 5
    assert await fresh.get("a", make) == 1
    assert await fresh.get("b", make) == 2


async def test_what_is_forgotten_or_stale_is_made_anew():
    make, fresh, stale = Maker(), SharedCache(60, 10), SharedCache(-1, 10)
    first = asyncio.create_task(fresh.get("a", make))
    await asyncio.sleep(0)
    fresh.clear()  # while it is being made
    assert await fresh.get("a", make) == 2
    assert await first in (1, 2)
    assert await fresh.get("a", make) == 2
    assert [await stale.get("a", make), await stale.get("a", make)] == [3, 4]


async def test_a_failure_is_not_kept():
    fresh, make = SharedCache(60, 10), Maker(failures=1)
    with pytest.raises(LookupError):
        await fresh.get("a", make)
    assert await fresh.get("a", make) == 2


async def test_what_is_not_good_is_given_once_and_not_kept():
    fresh, make = SharedCache(60, 10, lambda number: number > 1), Maker()
    assert await asyncio.gather(fresh.get("a", make), fresh.get("a", make)) == [1, 1]
    assert [await fresh.get("a", make), await fresh.get("a", make)] == [2, 2]


async def test_one_call_is_under_way_and_the_next_is_for_all_who_wait():
    calls, back = [], asyncio.Event()

    async def ask(user_ids):
        calls.append(set(user_ids))
        await back.wait()
        return len(calls)

    together = GroupCalls(ask)
    asking = [asyncio.create_task(together.ask(1))]
    while not calls:
        await asyncio.sleep(0)
    asking += [asyncio.create_task(together.ask(user_id)) for user_id in (2, 3, 2)]
    for _ in range(5):
        await asyncio.sleep(0)
    assert calls == [{1}]
    back.set()
    assert await asyncio.gather(*asking) == [1, 2, 2, 2]
    assert calls == [{1}, {2, 3}]


async def test_a_failed_call_fails_those_who_asked_and_nobody_else():
    make = Maker(failures=1)
    together = GroupCalls(lambda _: make())
    with pytest.raises(LookupError):
        await together.ask(1)
    assert await together.ask(1) == 2


def test_what_was_compressed_before_is_not_needed_to_read_the_next():
    for body in (b"a" * 5000, b"a" * 5000, b"", bytes(range(256)) * 500):
        assert reader.decompress(gzip(body)) == body
