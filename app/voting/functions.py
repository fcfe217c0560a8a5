"""The calls of the functions in Redis; votes.lua and cached_projects.lua hold their contracts."""

import time
from collections.abc import Iterable, Sequence
from typing import Any

from asyncpg import Pool

from app.errors import VotesUnavailable
from app.settings import Settings
from app.storage.breaker import Breaker
from app.storage.redis_client import RedisClient
from app.storage.timeouts import COMPARE_SECONDS, MAX_STRETCH, REDIS_SECONDS
from app.voting import keys
from app.voting.cast_call import WITHDRAWAL, WITHDRAWAL_IN_TIME, CastCall, Limits, limits_of
from app.voting.close_calls import CloseCalls, ids_text
from app.voting.epoch_functions import EpochFunctions
from app.voting.epochs import Epochs
from app.voting.function_caller import FunctionCaller, NotCompared
from app.voting.replies import States, rows_of, states_of
from app.voting.rules.functions import RuleFunctions
from app.voting.servers.in_use import ServersInUse
from app.voting.sharding import Sharding
from app.voting.votes import Closed, Tally, Vote, VoteResult, VoteState

# Redis does nothing else while it reads: 100 tallies take it about 0.4 ms, or 1.4 on a slow machine.
MAX_READ = 100
# The longest that a call is waited for.
CALL_SECONDS = REDIS_SECONDS * MAX_STRETCH
# s; how late Redis may get to a ping, which casts no vote. A ping is waited for no longer than a vote.
LATEST_PING_SECONDS = 60.0


class VoteFunctions:
    """Calls the functions. Every method raises VotesUnavailable when Redis does not answer, or when
    PostgreSQL does not while a comparison is due.

    `record_shards` is False for a process that may have another VOTE_SHARDS than the board by mistake.
    `compare_seconds` limits a comparison of a shard.
    """

    def __init__(
        self,
        redis: RedisClient,
        db: Pool,
        settings: Settings,
        *,
        record_shards: bool = True,
        compare_seconds: float = COMPARE_SECONDS,
    ) -> None:
        self._caller = FunctionCaller(redis)
        epoch_functions = EpochFunctions(self._caller)
        self.rules = RuleFunctions(self._caller, settings.vote_shards)
        self._last_seen = epoch_functions.last_seen
        self._shards = settings.vote_shards
        self._sharding = Sharding(redis, settings.vote_shards, record=record_shards)
        url = settings.redis_url or ""
        self.servers = ServersInUse(redis, db, url, lambda *of: self._epochs.give_way(*of))
        self._epochs = Epochs(redis, db, epoch_functions, self.rules, self.servers, compare_seconds)
        self._cast_call = CastCall(self._call)
        self.closing = CloseCalls(self._call, settings.vote_shards)
        self._limits = limits_of(settings)

    @property
    def breaker(self) -> Breaker:
        """The circuit breaker in front of Redis."""
        return self._caller.breaker

    async def cast(
        self, shard: int, votes: Sequence[Vote], seconds: float = CALL_SECONDS
    ) -> list[VoteResult]:
        """Cast votes on projects of one shard in one atomic call; return one result a vote.

        Raises CastTooLate if Redis does not get to it within `seconds`; then it casts none of them.
        """
        return await self._cast(shard, votes, self._limits, seconds)

    async def withdraw(
        self, shard: int, votes: Sequence[Vote], *, in_time: bool = False
    ) -> list[VoteResult]:
        """Cast votes of value 0 on behalf of the board: without limits, on closed projects too.

        With `in_time` they are refused before voting begins and after it has ended.
        """
        limits = WITHDRAWAL_IN_TIME if in_time else WITHDRAWAL
        return await self._cast(shard, votes, limits, CALL_SECONDS)

    async def _cast(
        self, shard: int, votes: Sequence[Vote], limits: Limits, seconds: float
    ) -> list[VoteResult]:
        until = time.monotonic() + seconds
        if votes and (report := self.servers.due(shard)):
            await self.servers.wait(report)
        call = shard, await self._caller.account_shard(shard), votes, limits, until
        results, comparison, event = await self._cast_call.cast(*call)
        if self._last_seen.was_compared_since(shard, comparison) and await self.compare(shard):
            results, comparison, event = await self._cast_call.cast(*call)
        self._last_seen.record(shard, comparison, event)
        return results

    async def read(
        self, project_ids: Iterable[int], user_id: int | None = None, *, visible: bool = False
    ) -> dict[int, VoteState]:
        """Return the state of each cached project as the user sees it. Cold projects are left out.

        With `visible`, so are projects that are hidden or deleted.
        """
        states: dict[int, VoteState] = {}
        arguments = ["" if user_id is None else user_id, "visible" if visible else ""]
        for shard, ids in self._by_shard(project_ids).items():
            for start in range(0, len(ids), MAX_READ):
                await self._read(shard, ids[start : start + MAX_READ], arguments, states)
        return states

    async def _read(
        self, shard: int, ids: Sequence[int], arguments: list[int | str], states: dict[int, VoteState]
    ) -> None:
        names = [key(shard, p) for p in ids for key in (keys.tally, keys.votes)]
        reply = await self._call(shard, "read", names, arguments, read_only=True)
        for project_id, (version, up, down, value) in zip(ids, rows_of(reply, 4), strict=True):
            if version >= 0:
                states[project_id] = VoteState(Tally(up, down, version), value)

    async def read_for_users(
        self, project_ids: Iterable[int], user_ids: Sequence[int]
    ) -> dict[int, States]:
        """Return the state of each cached project as each user sees it, and as a visitor (None) does.

        The projects of one shard are read at the same moment, MAX_READ of them at a time.
        """
        states: dict[int, States] = {}
        for shard, ids in self._by_shard(project_ids).items():
            for start in range(0, len(ids), MAX_READ):
                part = ids[start : start + MAX_READ]
                names = [key(shard, p) for p in part for key in (keys.tally, keys.votes)]
                reply = await self._call(shard, "read_for_users", names, user_ids, read_only=True)
                rows = rows_of(reply, 3 + len(user_ids))
                for project_id, (version, up, down, *values) in zip(part, rows, strict=True):
                    if version >= 0:
                        states[project_id] = states_of(Tally(up, down, version), user_ids, values)
        return states

    async def install(
        self,
        shard: int,
        project_id: int,
        token: str,
        tally: Tally,
        closed: Closed = Closed.OPEN,
        authors: Sequence[int] = (),
        epoch: str | None = None,
    ) -> bool:
        """Finish a hydration with its staged votes, which PostgreSQL had in `epoch` (None: in any).

        Returns False if another process was faster or another epoch has begun.
        """
        names = [
            keys.tally(shard, project_id),
            keys.votes(shard, project_id),
            keys.staged(shard, project_id, token),
            keys.claim(shard, project_id),
        ]
        arguments = [token, *tally, int(closed), ids_text(authors), epoch or ""]
        return bool(await self._call(shard, "install", names, arguments))

    async def clear_synced(self, shard: int, synced: Iterable[tuple[int, int]]) -> int:
        """Clear the changed marks of (project, synced version); one that changed since stays."""
        arguments = [number for pair in synced for number in pair]
        return int(await self._call(shard, "clear_synced", [keys.changed(shard)], arguments))

    async def cool(self, project_id: int, version: int, idle: int) -> bool:
        """Remove a project from Redis if nobody voted on it for `idle` seconds and it is at `version`,
        the version of its last persisted event.
        """
        shard = keys.shard_of(project_id, self._shards)
        names = [keys.changed(shard), keys.tally(shard, project_id), keys.votes(shard, project_id)]
        return bool(await self._call(shard, "cool", names, [project_id, version, idle]))

    async def discard(self, project_id: int, version: int) -> bool:
        """Remove a project from Redis whatever state it is in, if it is still at `version`.

        All events up to that version must be persisted: the next hydration starts from PostgreSQL.
        """
        shard = keys.shard_of(project_id, self._shards)
        names = [keys.tally(shard, project_id), keys.votes(shard, project_id)]
        return bool(await self._call(shard, "discard", names, [version]))

    async def ping(self) -> None:
        """Return when every shard accepts votes. A ping may reach Redis later than a vote may."""
        for shard in range(self._shards):
            await self.cast(shard, [], LATEST_PING_SECONDS)

    async def is_compared(self, shard: int) -> bool:
        """Return whether the shard accepts votes without being compared first; changes nothing."""
        try:
            await self._caller.call("read", [keys.epoch(shard)], ["", ""], read_only=True)
        except NotCompared:
            return False
        return True

    async def reason_to_compare(self, shard: int) -> str | None:
        """Return why a comparison of the shard would begin a new epoch, or None; changes nothing."""
        return await self._epochs.reason(shard)

    async def compare(self, shard: int) -> bool:
        """Compare the shard with PostgreSQL; return whether a new epoch began."""
        await self._check_sharding(shard)  # this Redis may be empty now, or another one
        return await self._epochs.compare(shard)

    async def _call(
        self,
        shard: int,
        name: str,
        names: Sequence[str],
        arguments: Sequence[Any],
        *,
        read_only: bool = False,
    ) -> Any:
        names = [keys.epoch(shard), *names]
        if not self._sharding.checked:
            await self._check_sharding(shard)
        try:
            return await self._caller.call(name, names, arguments, read_only=read_only)
        except NotCompared:
            await self.compare(shard)
        try:
            return await self._caller.call(name, names, arguments, read_only=read_only)
        except NotCompared:
            raise VotesUnavailable("Redis has just been replaced") from None

    async def _check_sharding(self, shard: int) -> None:
        """Raises VotesUnavailable if Redis holds the votes of another number of shards."""
        self._sharding.checked = False
        await self._caller.ask(keys.epoch(shard), self._sharding.check)

    def _by_shard(self, project_ids: Iterable[int]) -> dict[int, list[int]]:
        shards: dict[int, list[int]] = {}
        for project_id in project_ids:
            shards.setdefault(keys.shard_of(project_id, self._shards), []).append(project_id)
        return shards
