"""A circuit breaker: an outage of Redis costs one request a wait, and not every request."""

import time

from app.storage.timeouts import BREAK_SECONDS


class Breaker:
    """Remembers for BREAK_SECONDS that something did not answer.

    A name is a shard's epoch key, or what else is asked for on its own.
    """

    def __init__(self) -> None:
        self._until: dict[str, float] = {}  # by name; monotonic, s
        self.times_opened = 0

    @property
    def is_open(self) -> bool:
        """Whether any name is refused now."""
        return any(map(self.refuses, self._until))

    def refuses(self, name: str) -> bool:
        """Whether the name did not answer within the last BREAK_SECONDS."""
        return time.monotonic() < self._until.get(name, 0.0)

    def open(self, name: str) -> None:
        """Refuse the name for BREAK_SECONDS, because it did not answer."""
        self._until[name] = time.monotonic() + BREAK_SECONDS
        self.times_opened += 1
