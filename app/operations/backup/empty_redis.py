"""Removes all votes from Redis, and what it holds about ended sessions."""

from collections.abc import Iterable

from app.errors import OperatorError
from app.settings import Settings
from app.storage.away import REDIS_AWAY
from app.storage.connections import open_redis
from app.voting import keys

CHUNK = 1_000  # keys in one command


async def empty_redis(settings: Settings, shards: Iterable[int]) -> None:
    """Delete all keys of these shards and of those in use; projects are hydrated again when needed.

    Raises OperatorError if Redis does not answer.
    """
    redis = open_redis(settings)
    try:
        for key in (keys.ENDED_SESSIONS, keys.SIGNED_OUT):  # of the database of before
            await redis.delete(key)
        for shard in {*shards, *range(settings.vote_shards)}:
            await redis.delete(
                keys.epoch(shard)
            )  # first: without it, the shard's other keys are not relied on
            found = [key async for key in redis.scan_shard(keys.everything(shard), CHUNK)]
            for at in range(0, len(found), CHUNK):
                await redis.unlink(*found[at : at + CHUNK])
    except REDIS_AWAY as error:
        raise OperatorError(
            f"PostgreSQL is ready, but Redis does not answer ({error}): empty Redis before you start"
        ) from None
    finally:
        await redis.aclose()
