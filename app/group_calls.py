"""Group calls: requests that ask at the same time share one call, as votes do in the batcher.

There is no timer. The next call starts as soon as the previous one is back, for everybody who asked
meanwhile.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from app.single_flight import retrieve_exception

T = TypeVar("T")

# 25 votes of each of 256 users take Redis about 3 ms, which is the longest that others wait for one
# call.
MAX_BATCH = 256


@dataclass(eq=False)
class _Batch(Generic[T]):
    user_ids: set[int] = field(default_factory=set)
    call: asyncio.Task[T] | None = None


class GroupCalls(Generic[T]):
    """Calls `ask` for many users at once; at most one call is running."""

    def __init__(self, ask: Callable[[Sequence[int]], Awaitable[T]]) -> None:
        self._ask = ask
        self._last = _Batch[T]()
        self._open: _Batch[T] | None = None

    async def ask(self, user_id: int) -> T:
        """Return the result of a call that starts after this request and includes this user."""
        batch = self._open
        if batch is None or len(batch.user_ids) >= MAX_BATCH:
            batch, previous = _Batch[T](), self._last
            batch.call = asyncio.create_task(self._send(batch, previous.call))
            batch.call.add_done_callback(retrieve_exception)
            self._open = self._last = batch
        batch.user_ids.add(user_id)
        assert batch.call is not None
        return await asyncio.shield(batch.call)

    async def _send(self, batch: _Batch[T], previous: asyncio.Task[T] | None) -> T:
        if previous is not None:
            await asyncio.wait([previous])
        if self._open is batch:
            self._open = None
        return await self._ask(list(batch.user_ids))
