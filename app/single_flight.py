"""One call for everybody who asks at the same time, and a cache of the results."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine, Hashable
from typing import Any, Generic, TypeVar

from cachetools import TTLCache

T = TypeVar("T")


class SingleFlight(Generic[T]):
    """Runs at most one call a key at a time; callers that come meanwhile get the same result."""

    def __init__(self) -> None:
        self._tasks: dict[Hashable, asyncio.Task[T]] = {}

    async def run(self, key: Hashable, start: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Return the result of the running call, or start one. Raises what the call raises.

        A caller that is cancelled does not cancel the call.
        """
        task = self._tasks.get(key)
        if task is None:
            task = self._tasks[key] = asyncio.create_task(start())
            task.add_done_callback(lambda _: self._tasks.pop(key, None))
            task.add_done_callback(retrieve_exception)
        return await asyncio.shield(task)


def retrieve_exception(task: "asyncio.Future[Any]") -> None:
    """Retrieve the exception of a task whose waiters may all have given up: asyncio would log it."""
    if not task.cancelled():
        task.exception()


class SharedCache(Generic[T]):
    """Keeps up to `max_entries` results for `seconds` each.

    Errors are not kept, nor results for which `is_good` returns False: only the callers that already
    wait for those get them.
    """

    def __init__(
        self, seconds: float, max_entries: int, is_good: Callable[[T], bool] = lambda _: True
    ) -> None:
        self._results: TTLCache[Hashable, T] = TTLCache(
            max_entries, seconds, timer=lambda: time.monotonic()
        )
        self._calls = SingleFlight[T]()
        self._is_good = is_good

    async def get(self, key: Hashable, make: Callable[[], Awaitable[T]]) -> T:
        """Return the result kept under the key, or make it. Raises what making it raises."""
        try:
            return self._results[key]
        except KeyError:
            calls = self._calls
            return await calls.run(key, lambda: self._make(key, make, calls))

    def clear(self) -> None:
        """Forget everything: a caller that asks from now on gets a result made from now on."""
        self._results.clear()
        self._calls = SingleFlight()

    async def _make(self, key: Hashable, make: Callable[[], Awaitable[T]], calls: SingleFlight[T]) -> T:
        result = await make()
        if calls is self._calls and self._is_good(result):  # else it was cleared meanwhile
            self._results[key] = result
        return result
