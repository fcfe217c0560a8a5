"""What a process checks before it starts: that votes could be accepted with these settings."""

import asyncio

from app.errors import OperatorError, VotesUnavailable
from app.settings import Settings
from app.voting.sharding import check_shards

DIVIDED = (
    "the board has a budget, which needs the votes of an account in one place and not on a Cluster of "
    "several shards: set VOTE_SHARDS=1, or remove it by upvote board set budget=0"
)


def check_start(settings: Settings) -> None:
    """Raise OperatorError if a process with these settings could accept no votes.

    A server may be away: then the first vote checks it.
    """
    check_shards(settings)
    if settings.vote_shards > 1:
        asyncio.run(_check_budget(settings))


async def _check_budget(settings: Settings) -> None:
    # Here, since the processes that watch others would load all of this for boards of one shard, too.
    from app.board.queries import select_budget
    from app.storage.away import DATABASE_AWAY, REDIS_AWAY
    from app.storage.connections import open_database, open_redis
    from app.voting.function_caller import FunctionCaller
    from app.voting.rules.functions import RuleFunctions

    redis = open_redis(settings)
    try:
        async with await open_database(settings) as db:
            rules = RuleFunctions(FunctionCaller(redis), settings.vote_shards)
            if await rules.is_divided() and await select_budget(db):
                raise OperatorError(DIVIDED)
    except (*DATABASE_AWAY, *REDIS_AWAY, VotesUnavailable):
        pass
    finally:
        await redis.aclose()
