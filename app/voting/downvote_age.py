"""The policy MIN_DOWNVOTE_AGE: accounts that are too new cannot vote down."""

import time
from collections.abc import Awaitable, Callable

from asyncpg import Pool
from cachetools import LRUCache

from app.errors import VotesUnavailable
from app.storage.away import DATABASE_AWAY
from app.voting import queries
from app.voting.votes import TOO_NEW_DOWNVOTE, Vote

MAX_REMEMBERED = 100_000


class DownvoteAge:
    """Remembers when accounts were made; `seconds` returns the age that a downvote needs."""

    def __init__(self, db: Pool, seconds: Callable[[], int]) -> None:
        self._db = db
        self._seconds = seconds
        self._born: LRUCache[int, float] = LRUCache(MAX_REMEMBERED)  # of time.monotonic()

    def apply(self, vote: Vote) -> Awaitable[Vote] | None:
        """Return None for a vote that any account may cast, else the vote, with value TOO_NEW_DOWNVOTE
        if the account is too new. Awaiting it raises VotesUnavailable if PostgreSQL does not answer.
        """
        return self._mark(vote) if vote.value == -1 and self._seconds() > 0 else None

    async def _mark(self, vote: Vote) -> Vote:
        if await self._age(vote.user_id) >= self._seconds():
            return vote
        return vote._replace(value=TOO_NEW_DOWNVOTE)

    async def _age(self, user_id: int) -> float:
        now = time.monotonic()
        born = self._born.get(user_id)
        if born is None or now - born < self._seconds():  # PostgreSQL decides a refusal
            try:
                born = now - await queries.select_account_age(self._db, user_id)
            except DATABASE_AWAY as error:
                raise VotesUnavailable("the age of the account is not known") from error
            self._born[user_id] = born
        return now - born
