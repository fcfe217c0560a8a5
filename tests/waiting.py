"""Wait for conditions in tests, instead of sleeping for a fixed time."""

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

# The time limit that ends a hang. It is far longer than any machine needs, and no test measures with
# it.
CEILING = 120.0  # s
# The same for a command, since all other processes go before it (app/priority.py).
COMMAND_CEILING = 10 * CEILING

T = TypeVar("T")


async def until(condition: Callable[[], Awaitable[T] | T], what: str = "", *, every: float = 0.02) -> T:
    """Wait until condition(), a function or a coroutine function, returns a true value; return that.

    Fails after CEILING seconds with a message that contains `what`.
    """
    deadline = time.monotonic() + CEILING
    while True:
        found = condition()
        if inspect.isawaitable(found):
            found = await found
        if found:
            return found
        assert time.monotonic() < deadline, f"waited {CEILING:g} s {what} in vain"
        await asyncio.sleep(every)


def block_until(condition: Callable[[], T], what: str = "", *, every: float = 0.05) -> T:
    """Wait like until(), in a test without an event loop."""
    deadline = time.monotonic() + CEILING
    while not (found := condition()):
        assert time.monotonic() < deadline, f"waited {CEILING:g} s {what} in vain"
        time.sleep(every)
    return found
