"""What an activity is, and the ways in which it goes on beside the votes."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from functools import wraps

from bench.beside.board import BesideBoard

# Does the work for so many seconds, or once if it has an end.
Work = Callable[[float], Awaitable[None]]
Step = Callable[[], Awaitable[object]]
Prepare = Callable[[BesideBoard], AbstractAsyncContextManager[Work]]


@dataclass(frozen=True)
class Activity:
    """One thing that a board does. `prepare` makes it ready and yields the work that is measured."""

    name: str
    prepare: Prepare


def plain(make: Callable[[BesideBoard], Work]) -> Prepare:
    """Return the preparation of a work that needs none."""

    @asynccontextmanager
    @wraps(make)
    async def prepare(board: BesideBoard) -> AsyncIterator[Work]:
        yield make(board)

    return prepare


def at_rate(rate: float, step: Step) -> Work:
    """Take a step `rate` times a second, however long each takes."""

    async def work(seconds: float) -> None:
        start, steps = time.monotonic(), []
        for number in range(int(seconds * rate)):
            await asyncio.sleep(start + number / rate - time.monotonic())
            steps.append(asyncio.create_task(_run(step)))
        await asyncio.gather(*steps)

    return work


def at_once(count: int, step: Step) -> Work:
    """Take steps, one after the other, in each of `count` tasks."""

    async def work(seconds: float) -> None:
        await asyncio.gather(*[again(step)(seconds) for _ in range(count)])

    return work


def again(step: Step) -> Work:
    """Take the step, and again while the time is not over."""

    async def work(seconds: float) -> None:
        end = time.monotonic() + seconds
        while True:
            await step()
            if time.monotonic() >= end:
                return

    return work


def once(step: Step) -> Work:
    async def work(_: float) -> None:
        await step()

    return work


async def _run(step: Step) -> None:
    await step()
