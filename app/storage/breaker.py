"""A circuit breaker: during an outage one call at a time tries Redis, the others fail at once."""

import time

from app.storage.timeouts import BREAK_SECONDS, REDIS_SECONDS


class Breaker:
    """Remembers which parts of Redis did not answer, until one attempt succeeds.

    A name is a shard's epoch key, or another part of Redis that can fail independently. Every
    BREAK_SECONDS one caller may try it again.
    """

    def __init__(self) -> None:
        self._next_try: dict[str, float] = {}  # of each open name; monotonic, s
        self.times_opened = 0

    @property
    def is_open(self) -> bool:
        """Whether any name is refused now."""
        return any(time.monotonic() < due for due in self._next_try.values())

    def refuses(self, name: str) -> bool:
        """Return whether the caller must not try the name now.

        A caller that may try a name which is open keeps the others away while it waits.
        """
        due = self._next_try.get(name)
        if due is None:
            return False
        now = time.monotonic()
        if now < due:
            return True
        self._next_try[name] = now + REDIS_SECONDS
        return False

    def open(self, name: str) -> None:
        """Refuse the name for BREAK_SECONDS, because it did not answer."""
        self._next_try[name] = time.monotonic() + BREAK_SECONDS
        self.times_opened += 1

    def close(self, name: str) -> None:
        """Refuse the name no longer, because it has answered."""
        if self._next_try:
            self._next_try.pop(name, None)
