"""The clock of the Redis that holds a shard, as far as its replies tell it, without asking for it."""

from math import inf


class RedisClock:
    """Translates a moment of time.monotonic() into the time of Redis, and never into a later time.

    A reply carries the time at which it was made, which was after its command was sent and before the
    reply was received. So each one bounds the difference of the two clocks on both sides.
    """

    def __init__(self) -> None:
        self._least, self._most = -inf, inf  # the difference is between these (ms)

    def at(self, moment: float) -> int:
        """Return the time of Redis (ms) at a moment, or 0 before the first reply."""
        return max(0, int(moment * 1000 + self._least)) if self._least > -inf else 0

    def learn(self, sent: float, received: float, told: int) -> None:
        """Take in that Redis told this time (ms) between two moments.

        If that contradicts the replies before, the clock was set, or another server answers now.
        """
        least, most = told - received * 1000, told + 1 - sent * 1000  # Redis cuts to whole ms
        if least > self._most or most < self._least:
            self._least, self._most = least, most
        else:
            self._least, self._most = max(least, self._least), min(most, self._most)
