"""Bounds on how many of an expensive operation run at once in a process, with a queue.

Without them a few clients could take all connections to PostgreSQL or all of the CPU, and votes and
pages would wait for them. Beyond the queue a request gets 503 at once, with Retry-After.
"""

import asyncio
from types import TracebackType

from werkzeug.exceptions import ServiceUnavailable

from app.errors import RETRY_SECONDS
from app.web import refusals


class Busy(ServiceUnavailable):
    """As many of the operation run and wait already as are allowed, or this one has waited too long."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"{reason} Try again in a few seconds.", retry_after=RETRY_SECONDS)


class Bounded:
    """An async context manager around one kind of operation.

    `at_once` of them run at the same time, and up to `waiting` more wait for their turn, for `seconds`
    if that is given. Raises `full` with the `reason`, a sentence for people, beyond that. Whoever has
    waited for `useful_seconds` leaves the next turns to others, and is refused at the end of `seconds`:
    an operation that takes long would make the answer too late. The seconds are real time (not those
    of `within`), since no server is waited for that may have answered.
    """

    def __init__(
        self,
        reason: str,
        *,
        at_once: int,
        waiting: int,
        seconds: float | None = None,
        full: type[Busy] = Busy,
    ) -> None:
        self.reason, self.at_once, self.waiting = reason, at_once, waiting
        self.seconds, self._full = seconds, full
        self.useful_seconds: float | None = None
        self._slots = asyncio.Semaphore(at_once)
        self._entered = 0  # running and waiting

    async def __aenter__(self) -> None:
        if self._entered >= self.at_once + self.waiting:
            raise self._refuse()
        self._entered += 1
        try:
            async with asyncio.timeout(self.seconds):
                await self._wait_for_turn()
        except TimeoutError:
            self._entered -= 1
            raise self._refuse() from None
        except BaseException:
            self._entered -= 1
            raise

    async def _wait_for_turn(self) -> None:
        try:
            async with asyncio.timeout(self.useful_seconds):
                await self._slots.acquire()
        except TimeoutError:
            await asyncio.Event().wait()  # until `seconds` are over

    @property
    def is_free(self) -> bool:
        """Whether somebody who enters now, without awaiting anything before, would not wait."""
        return self._entered < self.at_once

    def _refuse(self) -> Busy:
        refusals.count()
        return self._full(self.reason)

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._entered -= 1
        self._slots.release()
