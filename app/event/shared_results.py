"""Counts results once for everybody who asks at the same time; of very many votes, not all the time.

Results are counted from each vote that is stored: 2,000,000 votes keep PostgreSQL busy for a second or
two, and for longer beside other work. So such results are shown for some seconds, and while they are
counted again, but not after a project was hidden, deleted or restored. Results of fewer votes are
always new.
"""

import asyncio
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from quart.typing import ResponseReturnValue

from app.board.tracks import Track
from app.event.results import Results
from app.single_flight import SingleFlight
from app.storage.timeouts import within
from app.web.asking_again import ask_again, may_ask_again
from app.web.bounded import Busy
from app.web.errors import answer_error

MANY_VOTES = 100_000
# Counting takes at most a fifth of the time: a second of it is followed by four of rest.
REST = 4
# How old (s) results may be that are shown while newer ones are counted.
OLDEST_SECONDS = 30.0
# How long (s) a request waits for its results. It goes on to make a page of them.
WAIT_SECONDS = 1.2

Count = Callable[[Track | None], Awaitable[Results]]
# Returns the number of projects that the results have now, and the sum of their ids.
Listed = Callable[[Track | None], Awaitable[tuple[int, int]]]


@dataclass(frozen=True)
class _Kept:
    """Results of very many votes. The times, of time.monotonic(), say until when they are shown."""

    results: Results
    listed: tuple[int, int]  # as Listed
    counted_at: float
    new_until: float


class StillCounting(Busy):
    """The results were not counted in time. The count goes on."""


async def ask_for_results_again(error: StillCounting) -> ResponseReturnValue:
    """Return a redirect to the same page, so that people see the results as soon as they are there."""
    return ask_again() if may_ask_again() else await answer_error(error)


class SharedResults:
    """The results that a process has counted."""

    def __init__(self, count: Count, listed: Listed) -> None:
        self._count, self._listed = count, listed
        self._counting = SingleFlight[Results]()
        self._locks: defaultdict[Track | None, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._kept: dict[Track | None, _Kept] = {}

    async def get(self, track: Track | None) -> Results:
        """Return the results of a track, or of all projects.

        Raises StillCounting if that takes long. The count goes on, so a later request gets them.
        """
        listed = await self._listed(track)
        kept = self._kept.get(track)
        if kept and kept.listed != listed:
            kept = None
        if kept and time.monotonic() < kept.new_until:
            return kept.results
        try:
            async with within(WAIT_SECONDS):
                # Not with a count from before a project was hidden.
                return await self._counting.run((track, listed), lambda: self._count_in_order(track))
        except TimeoutError:
            if kept and time.monotonic() < kept.counted_at + OLDEST_SECONDS:
                return kept.results
            raise StillCounting("So many votes take some seconds to count.") from None

    async def _count_in_order(self, track: Track | None) -> Results:
        """Return results that were counted from now on; two counts of a track never run at once."""
        now = time.monotonic()
        async with self._locks[track]:
            kept = self._kept.get(track)
            if kept and kept.counted_at > now:
                return kept.results
            return await self._count_and_keep(track)

    async def _count_and_keep(self, track: Track | None) -> Results:
        self._forget_old()
        begin = time.monotonic()
        results = await self._count(track)
        if results.totals.votes > MANY_VOTES:
            ids = [standing.project_id for standing in results.standings]
            now = time.monotonic()
            new_until = now + REST * (now - begin)
            self._kept[track] = _Kept(results, (len(ids), sum(ids)), begin, new_until)
        else:
            self._kept.pop(track, None)
        return results

    def _forget_old(self) -> None:
        oldest = time.monotonic() - OLDEST_SECONDS
        self._kept = {track: kept for track, kept in self._kept.items() if kept.counted_at > oldest}
