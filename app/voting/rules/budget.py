"""Counts the votes in force of accounts, which a board with a budget limits.

`cast` keeps the counts in Redis up to date. After Redis was emptied, or a budget was set, it does not
know them, and refuses new votes of an account until they are counted. All events are persisted first. A
vote of the account meanwhile ends the claim in Redis, so that a count that is no longer right is never
stored (rules.lua).
"""

import secrets
from collections.abc import Sequence

from asyncpg import Pool

from app.errors import VotesUnavailable
from app.group_calls import GroupCalls
from app.storage.away import DATABASE_AWAY, REDIS_AWAY
from app.storage.redis_client import RedisClient
from app.voting import persist
from app.voting.function_caller import NotCompared
from app.voting.rules.functions import RuleFunctions
from app.voting.rules.queries import count_votes_in_force


class VotesInForce:
    """Counts for many accounts at once; at most one count is running in a process."""

    def __init__(self, redis: RedisClient, db: Pool, functions: RuleFunctions) -> None:
        self._redis = redis
        self._db = db
        self._functions = functions
        self._counts = GroupCalls(self._count)

    async def count(self, user_id: int) -> None:
        """Try to store an account's count in Redis. Its votes may have changed meanwhile: cast again.

        Raises VotesUnavailable when Redis or PostgreSQL does not answer.
        """
        try:
            await self._counts.ask(user_id)
        except (*REDIS_AWAY, *DATABASE_AWAY) as error:
            raise VotesUnavailable(str(error)) from error

    async def _count(self, user_ids: Sequence[int]) -> None:
        try:
            tokens = await self._functions.claim_counts(user_ids, secrets.token_hex(8))
            if not tokens:
                return
            for shard in range(self._functions.shards):
                await persist.persist_events(self._redis, self._db, shard)
            counts = await count_votes_in_force(self._db, list(tokens))
            await self._functions.install_counts(tokens, counts)
        except (NotCompared, persist.ForeignRedis):
            return  # the next cast compares Redis with PostgreSQL
