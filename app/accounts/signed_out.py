"""Tells the other web processes which browsers have signed out, so that the streams of these end there.

Signing out removes the cookie of one browser and ends no other session, so PostgreSQL knows nothing of
it. The live streams which that browser has open elsewhere learn of it by a stream in Redis.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Any

import structlog
from redis.asyncio import Redis

from app import repeat
from app.accounts.user import User
from app.logs import line_limit
from app.storage.away import REDIS_AWAY
from app.voting import keys

log = structlog.get_logger()

EXPIRY_SECONDS = 3600
MOST_KEPT = 1_000
START = "0-0"


class SignedOut:
    """The browsers that have signed out here, to be told, and those of the other processes."""

    def __init__(self, redis: Redis) -> None:
        self._redis: Any = redis
        self._key = keys.SIGNED_OUT
        self._untold: deque[User] = deque(maxlen=MOST_KEPT)
        self._read_until = START
        self._wake = asyncio.Event()

    def tell(self, user: User) -> None:
        """Tell the other processes, at once if Redis answers, and otherwise when it is back."""
        self._untold.append(user)
        self._wake.set()

    async def follow(
        self, on_sign_out: Callable[[User], None], has_streams: Callable[[], bool] = lambda: True
    ) -> None:
        """Exchange every FOLLOW_SECONDS, for ever, but without streams only what is to be told."""
        while True:
            if self._untold or has_streams():
                await self.exchange(on_sign_out)
            try:
                # wait_for of Python 3.11 would lose a cancellation that comes when it has been woken.
                async with asyncio.timeout(repeat.until_next(repeat.FOLLOW_SECONDS)):
                    await self._wake.wait()
            except TimeoutError:
                continue
            self._wake.clear()

    async def exchange(self, on_sign_out: Callable[[User], None]) -> None:
        """Write who has signed out here, and report who has anywhere. Redis may be away."""
        for user in self._untold:  # here at once, also while Redis is away
            on_sign_out(user)
        try:
            while self._untold:
                await self._write(user := self._untold[0])
                if user in self._untold:  # else so many came meanwhile that it was dropped
                    self._untold.remove(user)
            await self._read(on_sign_out)
        except REDIS_AWAY as error:
            log.debug("signing out not told to other processes", reason=repr(error))
        except Exception:
            if line_limit.is_due("signing out"):
                log.exception("telling other processes who has signed out failed")

    async def _write(self, user: User) -> None:
        session = {"id": user.id, "username": user.username, "began": user.began}
        await self._redis.xadd(self._key, session, maxlen=MOST_KEPT)
        await self._redis.expire(self._key, EXPIRY_SECONDS)

    async def _read(self, on_sign_out: Callable[[User], None]) -> None:
        for _, entries in await self._redis.xread({self._key: self._read_until}, count=MOST_KEPT):
            for entry, session in entries:
                id, username, began = (session[name] for name in (b"id", b"username", b"began"))
                on_sign_out(User(int(id), username.decode(), int(began)))
                self._read_until = entry
