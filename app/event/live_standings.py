"""Standings by the live tallies, for screens: read once a second, however many screens there are."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from heapq import nsmallest

from asyncpg import Pool

from app.errors import VotesUnavailable
from app.event.queries import select_candidates, select_shuffled
from app.event.standings import Standing, with_places
from app.single_flight import SharedCache
from app.voting.functions import VoteFunctions
from app.voting.votes import VoteState
from app.web.turns import in_turns

# A vote shows within 2 s: it waits for this, and for the screen, which asks once a second.
TALLIES_SECONDS = 0.5
# A new or hidden project, and a new title, show within this time more.
PROJECTS_SECONDS = 2.0
# All projects of most boards. Reading their tallies takes Redis about 4 us each; of larger boards the
# best by the last sync are read, among which every project is that comes near the top.
MAX_PROJECTS = 5_000
MAX_TRACKS = 50  # that this many are kept for
ROWS = 10  # of a screen
# While tallies are secret, a screen gets so many, and shows ROWS of them by turns of 10 s
# (app/static/js/screen.js). Once all were shown it gets the next ones.
SHUFFLED_ROWS = 100
SHUFFLED_SECONDS = 100


class LiveStandings:
    """Knows the standings of all projects and of each track."""

    def __init__(self, db: Pool, functions: VoteFunctions) -> None:
        self._db, self._functions = db, functions
        self._projects: SharedCache[list[Standing]] = SharedCache(PROJECTS_SECONDS, MAX_TRACKS)
        self._standings: SharedCache[list[Standing]] = SharedCache(TALLIES_SECONDS, MAX_TRACKS)
        self._shuffled: SharedCache[list[Standing]] = SharedCache(PROJECTS_SECONDS, MAX_TRACKS)

    async def best_first(self, track: str | None) -> Sequence[Standing]:
        """Return the first ROWS with their live tallies; without Redis, with those of the last sync."""
        return await self._standings.get(track, lambda: self._read(track))

    async def shuffled(self, track: str | None) -> Sequence[Standing]:
        """Return the projects without tallies, in an order that has nothing to do with votes."""
        turn = int(time.time()) // SHUFFLED_SECONDS
        return await self._shuffled.get(
            track, lambda: select_shuffled(self._db, track, SHUFFLED_ROWS, turn)
        )

    async def _read(self, track: str | None) -> list[Standing]:
        candidates = await self._projects.get(
            track, lambda: select_candidates(self._db, track, MAX_PROJECTS)
        )
        try:
            live = await self._functions.read(standing.project_id for standing in candidates)
        except VotesUnavailable:
            live = {}
        return with_places(await _best(candidates, live))

    def forget(self) -> None:
        """Read everything anew when it is asked for next."""
        for cache in (self._projects, self._standings, self._shuffled):
            cache.clear()


async def _best(candidates: Sequence[Standing], live: Mapping[int, VoteState]) -> list[Standing]:
    """Return the first ROWS with their live tallies, without sorting the others: there may be 5,000."""

    def keyed(standing: Standing) -> tuple[int, int, Standing]:
        state = live.get(standing.project_id)
        score = state.tally.upvotes - state.tally.downvotes if state else standing.score
        return -score, standing.project_id, standing

    best = nsmallest(ROWS, await in_turns(map(keyed, candidates)))
    return [
        replace(standing, upvotes=state.tally.upvotes, downvotes=state.tally.downvotes)
        if (state := live.get(standing.project_id))
        else standing
        for _, _, standing in best
    ]
