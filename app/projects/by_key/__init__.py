"""Projects by key: the name under which another site knows a project, such as `article-42`."""

import re
from collections.abc import Awaitable, Callable, Mapping
from typing import TypeVar

from asyncpg import Pool
from cachetools import TTLCache
from quart import current_app

from app.errors import UnknownProject
from app.projects.by_key import queries
from app.single_flight import SingleFlight

T = TypeVar("T")

LONGEST = 128
KEY = re.compile(rf"[A-Za-z0-9._~:-]{{1,{LONGEST}}}")
EXPECTED = f"A key has 1 to {LONGEST} characters out of A-Z a-z 0-9 . _ ~ : - and is not . or .."
# A key can name another project after a deletion; `use` then asks PostgreSQL again. The time limit only
# removes unused keys.
CACHE_SECONDS = 60.0
MAX_CACHED = 20_000  # keys; about 5 MB


def is_key(text: str) -> bool:
    """Return whether a text may be a key. Programs remove `.` and `..` from paths."""
    return bool(KEY.fullmatch(text)) and text not in (".", "..")


class ProjectKeys:
    """Knows the numbers of projects by their keys, most of them without asking PostgreSQL."""

    def __init__(self, db: Pool) -> None:
        self._db = db
        self._ids: TTLCache[str, int] = TTLCache(MAX_CACHED, CACHE_SECONDS)
        self._asking = SingleFlight[int | None]()

    async def find(self, key: str) -> int:
        """Return the number of the project with this key. Raises UnknownProject and DATABASE_AWAY."""
        known = self._ids.get(key)
        if known is not None:
            return known
        found = await self._asking.run(key, lambda: queries.select_id(self._db, key))
        if found is None:
            raise UnknownProject
        self._ids[key] = found
        return found

    async def use(self, key: str, work: Callable[[int], Awaitable[T]]) -> T:
        """Return what `work` makes of the number of the project with this key.

        Raises UnknownProject if there is none. If `work` does, the project may have been deleted and
        another one made under its key: then that one's number is tried.
        """
        number = await self.find(key)
        try:
            return await work(number)
        except UnknownProject:
            self._ids.pop(key, None)
            if (now := await self.find(key)) == number:
                raise
        return await work(now)

    def learn(self, ids: Mapping[str, int]) -> None:
        """Note the numbers of projects that were just read."""
        self._ids.update(ids)


def project_keys() -> ProjectKeys:
    """Return the keys that the app that handles this request knows."""
    found: ProjectKeys = current_app.extensions["upvote_keys"]
    return found
