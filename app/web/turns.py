"""Long work on the event loop in turns, so that votes pass in between.

An event loop does nothing else while a page is rendered: votes waited for 6 ms beside a project's page,
and for a quarter of a second beside the results of 10,000 projects. Here such work gives way after each
turn. One piece of work has its turn in each pass of the loop, however many wait: a vote waits for one.
A page is done before the next one goes on; if all went on by turns, all would be late together.
"""

import asyncio
import time
from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterable
from typing import TypeVar
from weakref import WeakKeyDictionary

TURN_SECONDS = 0.0005
# After so many turns (10 ms, more than a page takes) longer work goes to the end of the line.
TURNS_IN_LINE = 20
Piece = TypeVar("Piece")

# For the turns that follow the first one of each piece of work, in the order in which it was asked for.
_lines: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Lock] = WeakKeyDictionary()


class _Turns:
    """The turns of one piece of work, which must not wait for other work that takes turns."""

    def __init__(self) -> None:
        self._line = _lines.setdefault(asyncio.get_running_loop(), asyncio.Lock())
        self._until = time.perf_counter() + TURN_SECONDS
        self._left = 0  # turns until others in the line go on

    @property
    def is_over(self) -> bool:
        return time.perf_counter() >= self._until

    async def next(self) -> None:
        """Give way, and return when it is this work's turn again."""
        await asyncio.sleep(0)  # before the end of this turn, so that the next is in a later pass
        if self._left == 1:
            self.end()
        if self._left == 0:
            await self._line.acquire()
            self._left = TURNS_IN_LINE + 1
        self._left -= 1
        self._until = time.perf_counter() + TURN_SECONDS

    def end(self) -> None:
        if self._left:
            self._left = 0
            self._line.release()


async def in_turns(pieces: Iterable[Piece]) -> list[Piece]:
    """Return the pieces, each of which is made in a moment when it is asked for."""
    return await collect_in_turns(_each(pieces))


async def collect_in_turns(pieces: AsyncIterable[Piece]) -> list[Piece]:
    """As in_turns, for pieces that come from an asynchronous iterator, as those of a template do."""
    turns, found = _Turns(), list[Piece]()
    try:
        async for piece in pieces:
            found.append(piece)
            if turns.is_over:
                await turns.next()
    finally:
        turns.end()
    return found


async def _each(pieces: Iterable[Piece]) -> AsyncIterator[Piece]:
    for piece in pieces:
        yield piece


async def few_at_a_time(
    items: Iterable[Piece], most: int, counts: Callable[[Piece], bool] = lambda _: True
) -> AsyncIterator[Piece]:
    """Yield the items, and give way after each `most` of those that count."""
    left = most
    for item in items:
        if left == 0:
            await asyncio.sleep(0)
            left = most
        left -= counts(item)
        yield item
