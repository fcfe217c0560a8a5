"""Waiting for what a test needs: for a condition, never for a time."""

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

# Ends a hang. It lies far above what any machine needs, and no claim is measured by it.
CEILING = 120.0  # s

T = TypeVar("T")


async def until(condition: Callable[[], Awaitable[T] | T], what: str = "", *, every: float = 0.02) -> T:
    """Waits until condition(), a function or a coroutine function, returns something true.

    Returns that. Fails after CEILING seconds, and then says what it waited for.
    """
    deadline = time.monotonic() + CEILING
    while True:
        found = condition()
        if inspect.isawaitable(found):
            found = await found
        if found:
            return found
        assert time.monotonic() < deadline, f"waited {CEILING:g} s in vain {what}"
        await asyncio.sleep(every)


def block_until(condition: Callable[[], T], what: str = "", *, every: float = 0.05) -> T:
    """Waits as until() does, in a test without an event loop."""
    deadline = time.monotonic() + CEILING
    while not (found := condition()):
        assert time.monotonic() < deadline, f"waited {CEILING:g} s in vain {what}"
        time.sleep(every)
    return found
