"""The number of shards that the votes in Redis are divided into, the same for every process.

With another number, a project's votes would be looked for under another hash tag, and events that wait
under the old one would stay behind. Redis itself holds the number, since it describes the content of
Redis: `upvote settle`, a restore and a loss of Redis remove both.
"""

import asyncio

from app.errors import OperatorError, VotesUnavailable
from app.settings import Settings
from app.storage.away import REDIS_AWAY
from app.storage.connections import open_redis
from app.storage.redis_client import RedisClient
from app.voting import keys


class OtherShards(VotesUnavailable):
    """Redis holds the votes of another number of shards."""


class Sharding:
    """Checks VOTE_SHARDS. With `record`, the first process on an empty Redis writes its number."""

    def __init__(self, redis: RedisClient, shards: int, *, record: bool = True) -> None:
        self._redis = redis
        self._shards = shards
        self._record = record
        self.checked = False

    async def check(self) -> None:
        """Raises OtherShards, or one of REDIS_AWAY."""
        found = await self._redis.get(keys.SHARDS)  # a full Redis would refuse to write it again
        if found is None and self._record:
            found = await self._redis.set(keys.SHARDS, self._shards, nx=True, get=True)
        if found is not None and int(found) != self._shards:
            raise OtherShards(
                f"VOTE_SHARDS is {self._shards}, but Redis holds the votes of {int(found)}: "
                f"stop web and worker, run VOTE_SHARDS={int(found)} upvote settle, then start again"
            )
        self.checked = True


def check_shards(settings: Settings) -> None:
    """Raise OperatorError if a process with this VOTE_SHARDS could accept no votes.

    Redis may be away: then the first vote checks it.
    """
    asyncio.run(_check_shards(settings))


async def _check_shards(settings: Settings) -> None:
    redis = open_redis(settings)
    try:
        await Sharding(redis, settings.vote_shards).check()
    except OtherShards as error:
        raise OperatorError(str(error)) from None
    except REDIS_AWAY:
        pass
    finally:
        await redis.aclose()
