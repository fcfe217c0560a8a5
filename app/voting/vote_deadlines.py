"""One time limit for each vote, from its arrival to its result, however many calls it waits for."""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable
from typing import Any, Protocol

from app.storage.timeouts import LATE, LATE_AFTER, ON_TIME, REQUEST_SECONDS, TICK

# Redis needs some time to get to a vote on a busy machine, on which the ticks are late too.
MIN_SECONDS = 0.5


class Waiting(Protocol):
    """A vote whose result somebody waits for."""

    deadline: int
    result: Any  # its future


class VoteDeadlines:
    """Calls `expire` with each vote that has no result after REQUEST_SECONDS, unless it `may_go_on`.

    One timer serves all votes: a timer each would cost as much as the vote. As in timeouts.within, time
    in which this process could not run hardly counts.
    """

    def __init__(
        self, expire: Callable[..., None], may_go_on: Callable[..., bool] = lambda _: False
    ) -> None:
        self._expire = expire
        self._may_go_on = may_go_on
        self._limit = round(REQUEST_SECONDS / TICK) * ON_TIME
        self._age = 0  # of this object, in parts of ticks
        self._due = 0.0  # the time of the next tick
        # In the order of their deadlines, but for those that go on.
        self._votes: deque[Waiting] = deque()
        self._timer: asyncio.TimerHandle | None = None

    def add(self, vote: Waiting) -> None:
        vote.deadline = self._age + self._limit
        self._votes.append(vote)
        if self._timer is None:
            self._wait()

    def seconds_left(self, votes: Iterable[Waiting]) -> float:
        """Return how long it takes at least until one of the votes expires, or MIN_SECONDS."""
        ticks = -(-(min(vote.deadline for vote in votes) - self._age) // ON_TIME)
        return max(MIN_SECONDS, (ticks - 1) * TICK)  # the first of them may be about to come

    def _wait(self) -> None:
        loop = asyncio.get_running_loop()
        self._due = loop.time() + TICK
        self._timer = loop.call_at(self._due, self._tick)

    def _tick(self) -> None:
        is_late = asyncio.get_running_loop().time() - self._due >= LATE_AFTER
        self._age += LATE if is_late else ON_TIME
        votes = self._votes
        while votes and (votes[0].result.done() or votes[0].deadline <= self._age):
            vote = votes.popleft()
            if vote.result.done():
                continue
            if self._may_go_on(vote):
                vote.deadline = self._age + ON_TIME
                votes.append(vote)
            else:
                self._expire(vote)
        if votes:
            self._wait()
        else:
            self._timer = None
