"""The library of vote functions in Redis: loading it, calling it, and giving up in time."""

import hashlib
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

from redis.exceptions import RedisError, ResponseError

from app.storage.redis_client import AnyRedis
from app.storage.timeouts import BREAK_SECONDS
from app.voting.votes import VotesUnavailable

SOURCE = Path(__file__).with_name("votes.lua").read_text()
# The names carry a digest of the source, so two versions of the product run side by side.
VERSION = hashlib.sha256(SOURCE.encode()).hexdigest()[:12]
LIBRARY = SOURCE.replace("@LIBRARY@", f"upvote_{VERSION}").replace("@VERSION@", VERSION)


class Breaker:
    """Keeps calls from a shard that did not answer a moment ago."""

    def __init__(self) -> None:
        self._until: dict[str, float] = {}  # by the shard's epoch key; monotonic, s
        self.opened = 0  # times

    @property
    def is_open(self) -> bool:
        """Whether it keeps calls from any shard now."""
        return any(map(self.keeps_from, self._until))

    def keeps_from(self, shard: str) -> bool:
        return time.monotonic() < self._until.get(shard, 0.0)

    def open(self, shard: str) -> None:
        self._until[shard] = time.monotonic() + BREAK_SECONDS
        self.opened += 1


class NotCompared(Exception):
    """Redis has restarted, was emptied or replaced, and nobody has compared it with PostgreSQL."""


class FunctionCaller:
    """Calls functions by name. Raises VotesUnavailable when Redis does not answer, or NotCompared."""

    def __init__(self, redis: AnyRedis) -> None:
        self._redis: Any = redis
        self.breaker = Breaker()

    async def call(
        self, command: str, name: str, names: Sequence[str], arguments: Sequence[Any]
    ) -> Any:
        """FCALL or FCALL_RO; a function that Redis has lost is loaded and called again."""
        call = (command, f"{name}_{VERSION}", len(names), *names, *arguments)
        return await self.ask(names[0], lambda: self._call_or_load(call))

    async def ask(self, shard: str, question: Callable[[], Awaitable[Any]]) -> Any:
        """Ask Redis for a shard, named by its epoch key, unless it did not answer a moment ago."""
        if self.breaker.keeps_from(shard):
            raise VotesUnavailable("Redis did not answer a moment ago")
        try:
            return await question()
        except ResponseError as error:
            if str(error).startswith("NOT_COMPARED"):
                raise NotCompared from None
            raise VotesUnavailable(str(error)) from error
        except (RedisError, OSError) as error:
            self.breaker.open(shard)
            raise VotesUnavailable(str(error)) from error

    async def is_cluster(self) -> bool:
        """Whether one call reaches the keys of one slot only."""
        try:
            return bool(await self._redis.is_cluster())
        except (RedisError, OSError) as error:
            raise VotesUnavailable(str(error)) from error

    async def _call_or_load(self, call: tuple[Any, ...]) -> Any:
        try:
            return await self._redis.execute_command(*call)
        except ResponseError as error:
            if "Function not found" not in str(error):
                raise
        await self._load()
        return await self._redis.execute_command(*call)

    async def _load(self) -> None:
        # On a Cluster some primaries may have it; replacing it closes their fence, which is harmless.
        everywhere = await self._redis.is_cluster()
        try:
            await self._redis.function_load(LIBRARY, replace=everywhere)
        except ResponseError as error:
            if "already exists" not in str(error):  # another process was quicker
                raise
