"""The policy MIN_DOWNVOTE_AGE: accounts that are too new cannot vote down."""

from asyncpg import Pool
from cachetools import LRUCache

from app.errors import VotesUnavailable
from app.storage.away import DATABASE_AWAY
from app.voting import queries
from app.voting.votes import TOO_NEW_DOWNVOTE, Vote

MAX_REMEMBERED = 100_000


class DownvoteAge:
    """Remembers which accounts are old enough, since they stay so; asks PostgreSQL about the others."""

    def __init__(self, db: Pool, seconds: int) -> None:
        self._db = db
        self._seconds = seconds
        self._old_enough: LRUCache[int, bool] = LRUCache(MAX_REMEMBERED)

    async def apply(self, vote: Vote) -> Vote:
        """Return the vote, with value TOO_NEW_DOWNVOTE for a downvote by an account that is too new."""
        if vote.value != -1 or await self._is_old_enough(vote.user_id):
            return vote
        return vote._replace(value=TOO_NEW_DOWNVOTE)

    async def _is_old_enough(self, user_id: int) -> bool:
        if self._old_enough.get(user_id):
            return True
        try:
            age = await queries.select_account_age(self._db, user_id)
        except DATABASE_AWAY as error:
            raise VotesUnavailable("the age of the account is not known") from error
        if age < self._seconds:
            return False
        self._old_enough[user_id] = True
        return True
