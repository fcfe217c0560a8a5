"""Bounds on how many of an expensive operation run at once in a process, with a short queue.

Without them a few clients could take all connections to PostgreSQL or all of the CPU, and votes and
pages would wait for them. Beyond the queue a request gets 503 at once, with Retry-After.
"""

import asyncio
from types import TracebackType

from werkzeug.exceptions import ServiceUnavailable

from app.errors import RETRY_SECONDS

_refusals = 0


class Busy(ServiceUnavailable):
    """As many of the operation run and wait already as are allowed."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"{reason} Try again in a few seconds.", retry_after=RETRY_SECONDS)


class Bounded:
    """An async context manager around one kind of operation.

    `at_once` of them run at the same time, and up to `waiting` more wait for their turn. Raises Busy
    with the `reason`, a sentence for people, beyond that.
    """

    def __init__(self, reason: str, *, at_once: int, waiting: int) -> None:
        self.reason, self.at_once, self.waiting = reason, at_once, waiting
        self._slots = asyncio.Semaphore(at_once)
        self._entered = 0  # running and waiting

    async def __aenter__(self) -> None:
        if self._entered >= self.at_once + self.waiting:
            global _refusals
            _refusals += 1
            raise Busy(self.reason)
        self._entered += 1
        try:
            await self._slots.acquire()
        except BaseException:
            self._entered -= 1
            raise

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._entered -= 1
        self._slots.release()


def count_refusals() -> int:
    """Return how many operations this process has refused."""
    return _refusals
