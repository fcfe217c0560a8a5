"""What is made once for all who ask at the same time, and kept for a while."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass
class _Kept(Generic[T]):
    """What is there or being made, and until when (monotonic, s) it is given."""

    made: asyncio.Future[T]
    until: float = float("inf")


class SharedCache(Generic[T]):
    """Keeps what was made for so many seconds, by key, and `most` of it. Failures are not kept, nor
    what `is_good` says no to: only those who wait for it already are given that.
    """

    def __init__(
        self, seconds: float, most: int, is_good: Callable[[T], bool] = lambda _: True
    ) -> None:
        self._seconds = seconds
        self._most = most
        self._is_good = is_good
        self._kept: dict[Hashable, _Kept[T]] = {}

    async def get(self, key: Hashable, make: Callable[[], Awaitable[T]]) -> T:
        """What is kept under the key; it is made if there is none. Raises what making it raises."""
        kept = self._kept.get(key)
        if kept is None or kept.until < time.monotonic():
            if len(self._kept) >= self._most:
                self._kept.clear()
            kept = self._kept[key] = _Kept(asyncio.ensure_future(make()))
            kept.made.add_done_callback(lambda _: self._made(key, kept))
        return await asyncio.shield(kept.made)

    def forget(self) -> None:
        """Whoever asks from now on gets what is made from now on."""
        self._kept.clear()

    def _made(self, key: Hashable, kept: _Kept[T]) -> None:
        failed = kept.made.cancelled() or kept.made.exception() is not None
        if not failed and self._is_good(kept.made.result()):
            kept.until = time.monotonic() + self._seconds
        elif self._kept.get(key) is kept:
            del self._kept[key]
