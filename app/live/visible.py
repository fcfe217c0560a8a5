"""Which of the numbers that a page asks for are projects that it may watch."""

from collections.abc import Iterable

from asyncpg import Pool
from cachetools import TTLCache

from app.live.queries import select_visible
from app.storage.away import DATABASE_AWAY
from app.voting.functions import VoteFunctions

# Most pages watch the same projects, so most streams need no query. A project that is hidden meanwhile
# costs nothing but its read: the hub sends nothing about it.
CACHE_SECONDS = 30.0
MAX_CACHED = 10_000


class VisibleProjects:
    """Knows projects that exist and are neither hidden nor deleted."""

    def __init__(self, db: Pool, functions: VoteFunctions) -> None:
        self._db = db
        self._functions = functions
        self._seen: TTLCache[int, bool] = TTLCache(MAX_CACHED, CACHE_SECONDS)

    async def among(self, project_ids: Iterable[int]) -> set[int]:
        """Return the visible ones; while PostgreSQL is away, those that are in Redis.

        Raises VotesUnavailable if neither server answers.
        """
        wanted = set(project_ids)
        visible = {project_id for project_id in wanted if project_id in self._seen}
        if unknown := wanted - visible:
            found = await self._ask(unknown)
            self._seen.update(dict.fromkeys(found, True))
            visible |= found
        return visible

    async def _ask(self, project_ids: set[int]) -> set[int]:
        try:
            return await select_visible(self._db, project_ids)
        except DATABASE_AWAY:
            return set(await self._functions.read(project_ids, visible=True))
