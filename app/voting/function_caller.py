"""Calls the vote functions by name, loads them where Redis lacks them, and gives up in time."""

import hashlib
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

from redis.exceptions import OutOfMemoryError, ResponseError

from app.errors import VotesUnavailable
from app.storage.away import REDIS_AWAY
from app.storage.breaker import Breaker
from app.storage.redis_client import RedisClient

# One library, in this order: each file uses what the ones before it define.
FILES = ("epochs.lua", "rules.lua", "votes.lua", "cached_projects.lua")
SOURCE = "\n".join(Path(__file__).with_name(name).read_text() for name in FILES)
# The names carry a digest of the source, so that two versions of the product can run side by side.
VERSION = hashlib.sha256(SOURCE.encode()).hexdigest()[:12]
# Redis' own words name a flag of our functions.
FULL = "Redis' memory is full; the worker frees some by itself, else raise maxmemory"

# Nothing of ours can free memory then: after an upgrade, the new version's functions are not there yet.
NOT_LOADED = (
    "Redis' memory is full, so it does not load the functions of this version of Upvote, with which "
    "the worker would free some: raise maxmemory"
)


class NotLoaded(OutOfMemoryError):
    """The functions are missing, and Redis has no memory for them."""


class NotCompared(Exception):
    """Redis was restarted, emptied or replaced, and nobody has compared it with PostgreSQL since."""


class FunctionCaller:
    """Calls functions. Raises NotCompared, or VotesUnavailable when Redis does not answer."""

    def __init__(self, redis: RedisClient) -> None:
        self._redis: Any = redis
        # A server has one set of functions for all its databases, and ours remember what was compared.
        # Two boards with a database each must not share that memory, so each has a library of its own.
        self._version = f"{VERSION}_{redis.database}" if redis.database else VERSION
        self.breaker = Breaker()

    async def call(
        self, name: str, keys: Sequence[str], arguments: Sequence[Any], *, read_only: bool = False
    ) -> Any:
        """Call a function; the first key is the shard's epoch key. Loads the functions if needed."""
        command = "FCALL_RO" if read_only else "FCALL"
        call = (command, f"{name}_{self._version}", len(keys), *keys, *arguments)
        return await self.ask(keys[0], lambda: self._call_or_load(call))

    async def ask(self, epoch_key: str, question: Callable[[], Awaitable[Any]]) -> Any:
        """Ask Redis something about a shard, unless that did not answer a moment ago."""
        if self.breaker.refuses(epoch_key):
            raise VotesUnavailable("Redis did not answer a moment ago")
        try:
            answer = await question()
        except ResponseError as error:
            self.breaker.close(epoch_key)
            if str(error).startswith("NOT_COMPARED"):
                raise NotCompared from None
            if isinstance(error, OutOfMemoryError):
                reason = NOT_LOADED if isinstance(error, NotLoaded) else FULL
                raise VotesUnavailable(reason) from error
            raise VotesUnavailable(str(error)) from error
        except REDIS_AWAY as error:
            self.breaker.open(epoch_key)
            raise VotesUnavailable(str(error)) from error
        self.breaker.close(epoch_key)
        return answer

    async def is_cluster(self) -> bool:
        """Return whether one call reaches only the keys of one slot."""
        try:
            return bool(await self._redis.is_cluster())
        except REDIS_AWAY as error:
            raise VotesUnavailable(str(error)) from error

    async def account_shard(self, shard: int) -> int:
        """Return the shard in which an account's votes are counted: one for all projects, except on a
        Cluster, where one call reaches only one shard.
        """
        return shard if shard and await self.is_cluster() else 0

    async def _call_or_load(self, call: tuple[Any, ...]) -> Any:
        try:
            return await self._redis.execute_command(*call)
        except ResponseError as error:
            if "Function not found" not in str(error):
                raise
        await self._load()
        return await self._redis.execute_command(*call)

    async def _load(self) -> None:
        # On a Cluster some primaries may have the functions already. Replacing them forgets which
        # epochs were compared, which costs one more comparison and does no harm.
        replace = await self._redis.is_cluster()
        library = f"#!lua name=upvote_{self._version}\n" + SOURCE.replace("@VERSION@", self._version)
        try:
            await self._redis.function_load(library, replace=replace)
        except OutOfMemoryError as error:
            raise NotLoaded(*error.args) from error
        except ResponseError as error:
            if "already exists" not in str(error):  # another process was faster
                raise
