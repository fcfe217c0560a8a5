"""What a process repeats: one work after the other, once a turn, at multiples of the time."""

import asyncio
import itertools

import pytest

from app import repeat
from app.repeat import seldom, until_next
from tests.waiting import until


async def test_works_are_repeated_one_after_the_other(monkeypatch):
    monkeypatch.setattr(repeat, "FOLLOW_SECONDS", 0.01)
    done = []

    async def first() -> None:
        done.append("first begins")
        await asyncio.sleep(0.001)
        done.append("first ends")

    async def second() -> None:
        done.append("second")

    repeating = asyncio.create_task(repeat.repeat(first, second))
    await until(lambda: len(done) >= 9, "for three turns")
    repeating.cancel()
    for name, wanted in zip(done, itertools.cycle(["first begins", "first ends", "second"])):
        assert name == wanted


async def test_what_is_seldom_is_done_first_and_then_every_so_many_times():
    done = []

    async def note() -> None:
        done.append(1)

    work, seen = seldom(note, 3), []
    for _ in range(8):
        await work()
        seen.append(len(done))
    assert seen == [1, 1, 1, 2, 2, 2, 3, 3]


@pytest.mark.parametrize(
    ("now", "left"),
    [(10.0, 2.0), (10.5, 1.5), (11.7, 0.3), (11.9, 2.1), (11.9999, 2.0001)],
)
def test_the_next_turn_is_at_a_multiple_and_not_at_once(monkeypatch, now, left):
    monkeypatch.setattr(repeat.time, "monotonic", lambda: now)
    assert until_next(2.0) == pytest.approx(left)
