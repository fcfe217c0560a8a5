"""What is asked at the same time is asked in one call (as app/voting/batcher.py does with votes).

No timer: a call leaves as soon as the one before it is back, for all who have come meanwhile.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

T = TypeVar("T")

# 25 votes of each of them take Redis some 3 ms: the longest that others wait for one call.
LARGEST_BATCH = 256


@dataclass(eq=False)
class _Batch(Generic[T]):
    user_ids: set[int] = field(default_factory=set)
    answer: asyncio.Task[T] | None = None


class CallBatcher(Generic[T]):
    """`ask` answers for many users at once; at most one call of it is under way."""

    def __init__(self, ask: Callable[[Sequence[int]], Awaitable[T]]) -> None:
        self._ask = ask
        self._last = _Batch[T]()
        self._open: _Batch[T] | None = None

    async def ask(self, user_id: int) -> T:
        """The answer of a call that begins after this one, and asks for this user among others."""
        batch = self._open
        if batch is None or len(batch.user_ids) >= LARGEST_BATCH:
            batch, before = _Batch[T](), self._last
            batch.answer = asyncio.create_task(self._send(batch, before.answer))
            self._open = self._last = batch
        batch.user_ids.add(user_id)
        assert batch.answer is not None
        return await asyncio.shield(batch.answer)

    async def _send(self, batch: _Batch[T], before: asyncio.Task[T] | None) -> T:
        if before is not None:
            await asyncio.wait([before])
        if self._open is batch:
            self._open = None
        return await self._ask(list(batch.user_ids))
