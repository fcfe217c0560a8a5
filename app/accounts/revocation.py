"""Revocation: ends all sessions of a user in every process, although a session is only a signed cookie.

A cookie says when its session began. PostgreSQL holds the time at which a user's sessions were ended:
all that began until then are over. Each web process reads new times every FOLLOW_SECONDS and keeps them
in memory, so that a vote needs no query. Until it has read them once, it accepts no session.
"""

from datetime import UTC, datetime, timedelta

import structlog
from asyncpg import Connection, Pool

from app.accounts import queries
from app.board.queries import select_news
from app.logs import line_limit
from app.storage.away import DATABASE_AWAY

log = structlog.get_logger()

# A transaction that ends sessions may commit this much later than the time that it stored.
OVERLAP = timedelta(seconds=30)
# Cookies live for 30 days, and those that a clock ahead has signed up to a day longer
# (app/web/dated.py); ends from before that concern none that is still valid.
MEMORY = timedelta(days=31)
FORGET_EVERY = timedelta(hours=1)


async def end_sessions(db: Pool | Connection, user_id: int) -> int:
    """End all sessions of a user; return the time (ms) until which they are over.

    Other processes know it within FOLLOW_SECONDS. The caller passes it to its own `Revocations.learn`.
    """
    return session_ms(await queries.update_sessions_ended(db, user_id))


def session_ms(moment: datetime) -> int:
    """Return Unix time (ms), rounded up, so that a session of the same millisecond is over."""
    return -(-int(moment.timestamp() * 1_000_000) // 1000)


class Revocations:
    """Knows until when (ms) the sessions of each user are over, up to FOLLOW_SECONDS late.

    `known` says whether all ends have been read since this process started, and `is_current` whether
    PostgreSQL answered when they were read last. `news` are the ends that the copy in Redis may lack
    (app/accounts/ended_sessions.py).
    """

    def __init__(self) -> None:
        self.known = self.is_current = False
        self.ended: dict[int, int] = {}
        self.news: dict[int, int] = {}
        self.newest = 0
        self._seen = datetime.now(UTC) - MEMORY
        self._forgot_at = datetime.now(UTC)

    def is_over(self, user_id: int, began: int) -> bool:
        """Return whether a session that began at `began` (ms) has been ended."""
        return began <= self.ended.get(user_id, -1)

    def learn(self, user_id: int, ended: int) -> None:
        """Remember that the user's sessions that began until `ended` (ms) are over."""
        if ended > self.ended.get(user_id, -1):
            self.ended[user_id] = self.news[user_id] = ended
            self.newest = max(ended, self.newest)

    async def catch_up(self, db: Pool) -> int:
        """Read which sessions other processes have ended; return the revision of the board."""
        revision, ended = await select_news(db, self._seen - OVERLAP)
        for user_id, ended_at in ended:
            self.learn(user_id, session_ms(ended_at))
            self._seen = max(self._seen, ended_at)
        self.known = self.is_current = True
        if datetime.now(UTC) >= self._forgot_at + FORGET_EVERY:
            self._forget()
        return revision

    def _forget(self) -> None:
        """Forget the ends that concern no valid cookie any more, for they would fill the memory."""
        self._forgot_at = datetime.now(UTC)
        oldest = session_ms(self._forgot_at - MEMORY)
        self.ended = {user_id: ended for user_id, ended in self.ended.items() if ended >= oldest}

    async def try_to_catch_up(self, db: Pool) -> int | None:
        """Catch up; while PostgreSQL is away, the known times stay, and None is returned."""
        try:
            return await self.catch_up(db)
        except DATABASE_AWAY as error:
            log.debug("ended sessions not updated", reason=repr(error))
        except Exception:
            if line_limit.is_due("ended sessions"):
                log.exception("reading ended sessions failed")
        self.is_current = False
        return None
