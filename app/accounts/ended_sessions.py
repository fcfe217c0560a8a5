"""A copy of the ended sessions in Redis, so that a web process can start while PostgreSQL is away.

PostgreSQL decides which sessions are over. The copy only adds to that: a session is over as soon as
either says so. It takes PostgreSQL's place only if it is complete. Its field `complete` says so, with
the time (ms) of the newest end that it holds, by which a process sees that Redis is back with an older
copy, and writes it anew. Without such processes the copy expires: it may lack what was ended since.
"""

import time
from typing import Any

import structlog
from redis.asyncio import Redis

from app.accounts.revocation import MEMORY, Revocations
from app.logs import line_limit
from app.storage.away import REDIS_AWAY
from app.voting import keys

log = structlog.get_logger()

EXPIRY_SECONDS = 3600
RENEW_SECONDS = 60  # each renewal is a write that Redis has to sync to its disk
COMPLETE = "complete"
CHUNK = 1_000  # fields in one command
# An exchange without need comes every so many calls: it writes the copy of a Redis that came back anew.
TURNS = 6


class EndedSessions:
    """Keeps the copy and what this process knows in step."""

    def __init__(self, redis: Redis, revocations: Revocations) -> None:
        self._redis: Any = redis
        self._revocations = revocations
        self._key = keys.ENDED_SESSIONS
        self._was_read = False
        self._written = 0  # the newest end that this process has written
        self._renewed_at = -float(RENEW_SECONDS)  # monotonic, s
        self._turn = 0

    async def exchange_if_due(self) -> None:
        """Exchange if there is something to write or PostgreSQL is away, else every TURNS calls."""
        self._turn = (self._turn + 1) % TURNS
        if self._turn == 0 or self._revocations.news or not self._revocations.is_current:
            await self.exchange()

    async def exchange(self) -> None:
        """Read what the copy knows more, then write what it lacks. Redis may be away."""
        try:
            copied = await self._redis.hget(self._key, COMPLETE)
            newest = None if copied is None else int(copied)
            if self._may_tell_more(newest):
                await self._read()
            if self._revocations.known:
                await self._write(newest)
        except REDIS_AWAY as error:
            log.debug("ended sessions not copied to Redis", reason=repr(error))
        except Exception:
            if line_limit.is_due("copy of ended sessions"):
                log.exception("copying ended sessions to Redis failed")

    def _may_tell_more(self, newest: int | None) -> bool:
        """Return whether a copy whose newest end is `newest` (ms, None: not complete) is to be read.

        A copy that became complete is, also where nobody's sessions were ever ended (`newest` is 0).
        """
        if newest is None:
            return not self._was_read
        return not (self._was_read and self._revocations.known) or newest > self._revocations.newest

    async def _read(self) -> None:
        found = await self._redis.hgetall(self._key)
        fields = {name.decode(): int(ended) for name, ended in found.items()}
        self._revocations.known |= fields.pop(COMPLETE, None) is not None
        oldest = (time.time() - MEMORY.total_seconds()) * 1000
        expired = [name for name, ended in fields.items() if ended < oldest]
        if expired:
            await self._redis.hdel(self._key, *expired)
        for name in fields.keys() - set(expired):
            self._revocations.learn(int(name), fields[name])
        self._was_read = True

    async def _write(self, copied: int | None) -> None:
        """Add the news, or everything if the copy is not complete or older, and renew it in time.

        The field `complete` is written last, so that nobody takes a part for the whole.
        """
        news, newest = dict(self._revocations.news), self._revocations.newest
        lost = copied is None or copied < self._written
        await self._add(dict(self._revocations.ended) if lost else news)
        if copied is None or copied < newest:
            await self._redis.hset(self._key, COMPLETE, newest)
        await self._renew(was_changed=bool(news) or lost or copied != newest)
        self._written = newest
        for user_id, ended in news.items():
            if self._revocations.news.get(user_id) == ended:  # else another end has come since
                del self._revocations.news[user_id]

    async def _renew(self, *, was_changed: bool) -> None:
        """Let the copy expire EXPIRY_SECONDS from now; it need not be exact to the minute."""
        now = time.monotonic()
        if was_changed or now - self._renewed_at >= RENEW_SECONDS:
            await self._redis.expire(self._key, EXPIRY_SECONDS)
            self._renewed_at = now

    async def _add(self, ended: dict[int, int]) -> None:
        fields = list(ended.items())
        for at in range(0, len(fields), CHUNK):
            await self._redis.hset(self._key, mapping=dict(fields[at : at + CHUNK]))
