"""DownvoteAge: accounts that are too young to vote down (MIN_DOWNVOTE_AGE)."""

from asyncpg import Pool

from app.storage.connections import DATABASE_AWAY
from app.voting import queries
from app.voting.votes import YOUNG_DOWNVOTE, Vote, VotesUnavailable

MOST_REMEMBERED = 100_000


class DownvoteAge:
    """Knows who is old enough. Nobody grows younger, so each is asked for once in this process."""

    def __init__(self, db: Pool, seconds: int) -> None:
        self._db = db
        self._seconds = seconds
        self._grown: set[int] = set()

    async def judge(self, vote: Vote) -> Vote:
        """The vote; a downvote that the account is too young for as one that will be refused."""
        if vote.value != -1 or not self._seconds or await self._old_enough(vote.user_id):
            return vote
        return vote._replace(value=YOUNG_DOWNVOTE)

    async def _old_enough(self, user_id: int) -> bool:
        if user_id in self._grown:
            return True
        try:
            age = await queries.select_account_age(self._db, user_id)
        except DATABASE_AWAY as error:
            raise VotesUnavailable("the age of the account is not known") from error
        if age < self._seconds:
            return False
        if len(self._grown) >= MOST_REMEMBERED:
            self._grown.clear()
        self._grown.add(user_id)
        return True
