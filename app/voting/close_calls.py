"""The calls that bring the closed state of a project to Redis, in the order in which they began."""

import secrets
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any

from app.voting import keys
from app.voting.votes import Closed

# Much longer than a change takes from its beginning to its end.
CLOSING_SECONDS = 60


class CloseCalls:
    """Calls them through `call`, which calls a function of a shard by its name.

    A command can wait in the socket of a Redis that is frozen, and a process can freeze before it sends
    one. So a change begins first: what was read in PostgreSQL before another one began is refused.
    """

    def __init__(self, call: Callable[..., Awaitable[Any]], shards: int) -> None:
        self._call, self._shards = call, shards

    async def begin(self, project_id: int) -> str:
        """Begin a change and return its token; PostgreSQL is to be read after this."""
        shard, token = keys.shard_of(project_id, self._shards), secrets.token_hex(8)
        names = [keys.closing(shard, project_id)]
        await self._call(shard, "begin_close", names, [token, CLOSING_SECONDS])
        return token

    async def close(self, project_id: int, closed: Closed, authors: Sequence[int], token: str) -> bool:
        """Close a cached project for votes, or open it, and say who its authors are.

        Hydration does the same for a cold one. Returns False, and does nothing, if another change has
        begun since, or this one began too long ago.
        """
        shard = keys.shard_of(project_id, self._shards)
        names = [key(shard, project_id) for key in (keys.tally, keys.claim, keys.closing)]
        arguments = [int(closed), ids_text(authors), token]
        return bool(await self._call(shard, "close", names, arguments))


def ids_text(user_ids: Iterable[int]) -> str:
    """Return the ids as a tally's `author` has them."""
    return ",".join(map(str, user_ids))
