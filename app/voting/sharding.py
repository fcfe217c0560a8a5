"""How many shards the votes in Redis are divided into: no process touches them with another number.

Under another number a project's votes would be looked for under another tag, and what waits under the
old one would stay behind. The number lies in Redis, since it is about what Redis holds: it goes where
`upvote settle`, a restore or a loss empties that.
"""

import asyncio

from redis.exceptions import RedisClusterException, RedisError

from app.errors import OperatorError
from app.settings import Settings
from app.storage.connections import open_redis
from app.storage.redis_client import AnyRedis
from app.voting import keys
from app.voting.votes import VotesUnavailable


class OtherShards(VotesUnavailable):
    """Redis holds the votes of another number of shards."""


class Sharding:
    """`records`: the first process on an empty Redis notes its number there; one that only looks on
    does not.
    """

    def __init__(self, redis: AnyRedis, shards: int, *, records: bool = True) -> None:
        self._redis = redis
        self._shards = shards
        self._records = records

    async def agree(self) -> None:
        """Raises OtherShards, or what redis-py does when Redis is away."""
        if self._records:
            found = await self._redis.set(keys.SHARDS, self._shards, nx=True, get=True)
        else:
            found = await self._redis.get(keys.SHARDS)
        if found is not None and int(found) != self._shards:
            raise OtherShards(
                f"VOTE_SHARDS is {self._shards}, but Redis holds the votes of {int(found)}: "
                f"stop web and worker, run VOTE_SHARDS={int(found)} upvote settle, then start again"
            )


def check_shards(settings: Settings) -> None:
    """Raise OperatorError where a start under this VOTE_SHARDS could take no votes. Redis may be away."""
    asyncio.run(_check_shards(settings))


async def _check_shards(settings: Settings) -> None:
    redis = open_redis(settings)
    try:
        await Sharding(redis, settings.vote_shards).agree()
    except OtherShards as error:
        raise OperatorError(str(error)) from None
    except (RedisError, RedisClusterException, OSError):
        pass  # found out with the first vote
    finally:
        await redis.aclose()
