"""The states of cold projects, for the streams whose first message has to contain them."""

import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence

from app.live.changes import Changes, add_change, user_ids_of
from app.live.stream import Stream
from app.storage.away import DATABASE_AWAY
from app.voting.replies import States

# After PostgreSQL has failed to answer, it is asked again after so long, since a hub waits for it.
RETRY_SECONDS = 3.0

ReadStates = Callable[[Sequence[int], Sequence[int]], Awaitable[dict[int, States]]]


class ColdProjects:
    """Reads the states of cold projects with `read`: of these projects, as these users see them."""

    def __init__(self, read: ReadStates) -> None:
        self.read = read
        self.retry_seconds = RETRY_SECONDS
        self._retry_at = 0.0  # monotonic, s

    async def collect(
        self, streams: Iterable[Stream], cached: Collection[int], changes: dict[Stream, Changes]
    ) -> set[Stream]:
        """Add the states of cold projects to the changes of the streams that need them.

        Return the streams that lack them, as PostgreSQL is away.
        """
        needing: dict[int, list[Stream]] = defaultdict(list)
        for stream in streams:
            if stream.needs_cold:
                for project_id in stream.project_ids.difference(cached):
                    needing[project_id].append(stream)
        asking = {stream for each in needing.values() for stream in each}
        found = await self._read(list(needing), user_ids_of(asking)) if needing else {}
        for stream in asking:
            stream.lacks_cold = found is None
        for project_id, states in (found or {}).items():
            add_change(project_id, needing[project_id], states, changes)
        return asking if found is None else set()

    async def _read(
        self, project_ids: Sequence[int], user_ids: Sequence[int]
    ) -> dict[int, States] | None:
        """Return the states; None if PostgreSQL is away, or was a moment ago."""
        if time.monotonic() < self._retry_at:
            return None
        try:
            return await self.read(project_ids, user_ids)
        except DATABASE_AWAY:
            self._retry_at = time.monotonic() + self.retry_seconds
            return None
