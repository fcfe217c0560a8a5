"""Revocation: all sessions of a user end, in every process, though a session is only a signed cookie.

A cookie says when its session began. PostgreSQL says until when the sessions of a user are over; each
web process reads what is new every POLL_SECONDS and keeps it in memory, so that a vote asks nobody.
"""

import asyncio
from datetime import UTC, datetime, timedelta

import structlog
from asyncpg import Connection, Pool

from app.accounts import queries
from app.storage.connections import DATABASE_AWAY

log = structlog.get_logger()

POLL_SECONDS = 1.0
# A transaction that ends sessions may commit this much later (s) than the time that it noted.
OVERLAP = timedelta(seconds=30)
BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)


async def end_sessions(db: Pool | Connection, user_id: int) -> int:
    """End all sessions of a user, within POLL_SECONDS; gives until when (ms) they are over.

    The process that calls this ends them at once with `Revocations.learn`.
    """
    return milliseconds(await queries.update_sessions_ended(db, user_id))


def milliseconds(moment: datetime) -> int:
    """Unix time (ms), rounded up: a session that began in the same millisecond is over."""
    return -(-int(moment.timestamp() * 1_000_000) // 1000)


class Revocations:
    """Until when (ms) the sessions of users are over, as of a second ago."""

    def __init__(self) -> None:
        self._ended: dict[int, int] = {}
        self._seen = BEGINNING

    def is_over(self, user_id: int, began: int) -> bool:
        """Whether a session that began at `began` (ms) has been ended."""
        return began <= self._ended.get(user_id, -1)

    def learn(self, user_id: int, ended: int) -> None:
        self._ended[user_id] = max(ended, self._ended.get(user_id, -1))

    async def catch_up(self, db: Pool) -> None:
        """Learn what other processes have ended."""
        for user_id, ended_at in await queries.select_sessions_ended(db, self._seen - OVERLAP):
            self.learn(user_id, milliseconds(ended_at))
            self._seen = max(self._seen, ended_at)

    async def follow(self, db: Pool) -> None:
        """Catch up for ever; while PostgreSQL is away, with what is known."""
        while True:
            try:
                await self.catch_up(db)
            except DATABASE_AWAY as error:
                log.debug("ended sessions are not known yet", reason=repr(error))
            except Exception:
                log.exception("ended sessions could not be read")
            await asyncio.sleep(POLL_SECONDS)
