"""A circuit breaker: during an outage one request waits for Redis, and the others fail at once."""

import time

from app.storage.timeouts import BREAK_SECONDS


class Breaker:
    """Remember for BREAK_SECONDS that a part of Redis did not answer.

    A name is a shard's epoch key, or another part of Redis that can fail independently.
    """

    def __init__(self) -> None:
        self._until: dict[str, float] = {}  # by name; monotonic, s
        self.times_opened = 0

    @property
    def is_open(self) -> bool:
        """Whether any name is refused now."""
        return any(map(self.refuses, self._until))

    def refuses(self, name: str) -> bool:
        """Return whether the name failed to answer within the last BREAK_SECONDS."""
        return time.monotonic() < self._until.get(name, 0.0)

    def open(self, name: str) -> None:
        """Refuse the name for BREAK_SECONDS, because it did not answer."""
        self._until[name] = time.monotonic() + BREAK_SECONDS
        self.times_opened += 1
