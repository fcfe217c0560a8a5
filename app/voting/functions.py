"""The one file that calls the vote functions in Redis (votes.lua holds their contract)."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any

from app.settings import Settings
from app.storage.redis_client import AnyRedis
from app.voting import keys
from app.voting.events import EntryId
from app.voting.function_caller import Breaker, FunctionCaller, NotCompared
from app.voting.last_seen import LastSeen
from app.voting.sharding import Sharding
from app.voting.votes import Answer, Closed, Opinions, Standing, Status, Tally, Vote, VotesUnavailable

# Compares a shard with PostgreSQL and admits it, or raises VotesUnavailable. Gives whether that began
# a new epoch, so that every project is cold.
Gatekeeper = Callable[[int], Awaitable[bool]]


# Redis does nothing else while it reads: 500 tallies take it some 2 ms.
LARGEST_READ = 500
# No limits; the policies as votes.lua names them.
WITHDRAWN = (0, 0, 0, 0, "w")


class VoteFunctions:
    """Calls of the vote functions. Every method raises VotesUnavailable when Redis does not answer,
    or when it is unadmitted and PostgreSQL is not there to compare it with.
    """

    def __init__(self, redis: AnyRedis, settings: Settings) -> None:
        self.gatekeeper: Gatekeeper | None = None
        self.sharding: Sharding | None = None
        self._agreed = False
        self._caller = FunctionCaller(redis)
        self._shards = settings.vote_shards
        self.last_seen = LastSeen()
        self._limits = (
            settings.rate_limit_max,
            settings.rate_limit_window * 1000,
            settings.account_limit_max,
            settings.account_limit_window * 1000,
            ("" if settings.downvotes else "d") + ("" if settings.self_votes else "s"),
        )

    @property
    def breaker(self) -> Breaker:
        """What keeps calls from a Redis that does not answer."""
        return self._caller.breaker

    async def cast(self, shard: int, votes: Sequence[Vote]) -> list[Answer]:
        """Cast votes on projects of one shard in one atomic call; one answer a vote, in order."""
        return await self._cast(shard, votes, self._limits)

    async def withdraw(self, shard: int, votes: Sequence[Vote]) -> list[Answer]:
        """Cast votes of value 0 for the board: no limit counts them, and closed projects take them."""
        return await self._cast(shard, votes, WITHDRAWN)

    async def _cast(
        self, shard: int, votes: Sequence[Vote], limits: tuple[int | str, ...]
    ) -> list[Answer]:
        names = [keys.events(shard), keys.changed(shard)]
        account_shard = await self._account_shard(shard)
        arguments: list[int | str] = [*limits]
        for vote in votes:
            names += (
                keys.tally(shard, vote.project_id),
                keys.votes(shard, vote.project_id),
                keys.rate(shard, vote.project_id, vote.user_id),
                keys.account(account_shard, vote.user_id),
            )
            arguments += vote
        *numbers, admission, event = await self._call(shard, "FCALL", "cast", names, arguments)
        if self.last_seen.has_restarted(shard, admission) and await self.compare(shard):
            *numbers, admission, event = await self._call(shard, "FCALL", "cast", names, arguments)
        self.last_seen.note(shard, admission, event)
        return [_answer(row) for row in _rows(numbers, 6)]

    async def read(self, project_ids: Iterable[int], user_id: int | None = None) -> dict[int, Standing]:
        """The hot ones among the projects, with the user's vote on each. Cold ones are left out."""
        standings: dict[int, Standing] = {}
        for shard, ids in self._by_shard(project_ids).items():
            for start in range(0, len(ids), LARGEST_READ):
                await self._read(shard, ids[start : start + LARGEST_READ], user_id, standings)
        return standings

    async def _read(
        self, shard: int, ids: Sequence[int], user_id: int | None, standings: dict[int, Standing]
    ) -> None:
        names = [key(shard, p) for p in ids for key in (keys.tally, keys.votes)]
        user = "" if user_id is None else user_id
        reply = await self._call(shard, "FCALL_RO", "read", names, [user])
        for project_id, (version, up, down, value) in zip(ids, _rows(reply, 4), strict=True):
            if version >= 0:
                standings[project_id] = Standing(Tally(up, down, version), value)

    async def opinions(
        self, project_ids: Iterable[int], user_ids: Sequence[int]
    ) -> dict[int, Opinions]:
        """The hot ones among the projects, each with the users' votes on it. Cold ones are left out.

        What is in one shard is of one moment, up to LARGEST_READ projects.
        """
        found: dict[int, Opinions] = {}
        for shard, ids in self._by_shard(project_ids).items():
            for start in range(0, len(ids), LARGEST_READ):
                part = ids[start : start + LARGEST_READ]
                names = [key(shard, p) for p in part for key in (keys.tally, keys.votes)]
                reply = await self._call(shard, "FCALL_RO", "opinions", names, user_ids)
                rows = _rows(reply, 3 + len(user_ids))
                for project_id, (version, up, down, *values) in zip(part, rows, strict=True):
                    if version >= 0:
                        votes = dict(zip(user_ids, values, strict=True))
                        found[project_id] = Opinions(Tally(up, down, version), votes)
        return found

    async def install(
        self,
        shard: int,
        project_id: int,
        token: str,
        tally: Tally,
        closed: Closed = Closed.OPEN,
        author_id: int = 0,
    ) -> bool:
        """Make a project hot from its staged votes; False when another was quicker."""
        names = [
            keys.tally(shard, project_id),
            keys.votes(shard, project_id),
            keys.staged(shard, project_id, token),
            keys.claim(shard, project_id),
        ]
        arguments = [token, *tally, int(closed), author_id]
        return bool(await self._call(shard, "FCALL", "install", names, arguments))

    async def close(self, project_id: int, closed: Closed) -> bool:
        """Close a project for votes, or open it, if it is hot; a cold one is hydrated as it then is."""
        shard = keys.shard_of(project_id, self._shards)
        names = [keys.tally(shard, project_id), keys.claim(shard, project_id)]
        return bool(await self._call(shard, "FCALL", "close", names, [int(closed)]))

    async def settle(self, shard: int, synced: Iterable[tuple[int, int]]) -> int:
        """Forget changed projects, given as (project, synced version), unless changed since."""
        arguments = [number for pair in synced for number in pair]
        return int(await self._call(shard, "FCALL", "settle", [keys.changed(shard)], arguments))

    async def cool(self, project_id: int, version: int, idle: int) -> bool:
        """Make a project cold that nobody asked for in `idle` seconds, if it stands at `version`,
        that of its last persisted event.
        """
        shard = keys.shard_of(project_id, self._shards)
        names = [keys.changed(shard), keys.tally(shard, project_id), keys.votes(shard, project_id)]
        return bool(await self._call(shard, "FCALL", "cool", names, [project_id, version, idle]))

    async def forget(self, project_id: int, version: int) -> bool:
        """Make a project cold whatever Redis holds of it, if it still stands at `version` and all
        events up to that are persisted. Its next hydration starts from PostgreSQL.
        """
        shard = keys.shard_of(project_id, self._shards)
        names = [keys.tally(shard, project_id), keys.votes(shard, project_id)]
        return bool(await self._call(shard, "FCALL", "forget", names, [version]))

    async def ping(self) -> None:
        """Return when every shard takes votes."""
        for shard in range(self._shards):
            await self.cast(shard, [])

    async def admit(self, shard: int, epoch: str) -> bool:
        """Lift the fence if Redis holds this epoch."""
        nonce = self.last_seen.admit(shard, epoch)
        return bool(await self._caller.call("FCALL", "admit", [keys.epoch(shard)], [epoch, nonce]))

    async def fence(self, shard: int) -> None:
        """Close the fence: nobody votes in the shard until it is admitted or begins an epoch."""
        await self._caller.call("FCALL", "fence", [keys.epoch(shard)], [])

    async def begin_epoch(self, shard: int, epoch: str, found: str | None, last: EntryId) -> bool:
        """Make the shard's projects cold and lift the fence; new events come behind the entry `last`.

        False when Redis holds another epoch than `found`: somebody else was quicker.
        """
        names = [keys.epoch(shard), keys.events(shard), keys.changed(shard)]
        arguments = [epoch, self.last_seen.admit(shard, epoch), found or "", *last]
        return bool(await self._caller.call("FCALL", "begin_epoch", names, arguments))

    async def compare(self, shard: int) -> bool:
        """Compare the shard with PostgreSQL and admit it, or begin a new epoch: True."""
        if self.gatekeeper is None:
            raise VotesUnavailable("Redis has not been compared with PostgreSQL")
        await self._agree(shard)  # it may be empty now, or another
        return await self.gatekeeper(shard)

    async def _call(
        self, shard: int, command: str, name: str, names: Sequence[str], arguments: Sequence[Any]
    ) -> Any:
        names = [keys.epoch(shard), *names]
        if not self._agreed:
            await self._agree(shard)
        try:
            return await self._caller.call(command, name, names, arguments)
        except NotCompared:
            await self.compare(shard)
        try:
            return await self._caller.call(command, name, names, arguments)
        except NotCompared:
            raise VotesUnavailable("Redis has just been replaced") from None

    async def _agree(self, shard: int) -> None:
        """Raises VotesUnavailable where Redis holds the votes of another number of shards."""
        if self.sharding is not None:
            self._agreed = False
            await self._caller.ask(keys.epoch(shard), self.sharding.agree)
        self._agreed = True

    async def _account_shard(self, shard: int) -> int:
        """Where votes of the shard are counted for their accounts: all in one place, except on a
        Cluster, where one call reaches one shard only.
        """
        return shard if self._shards > 1 and await self._caller.is_cluster() else 0

    def _by_shard(self, project_ids: Iterable[int]) -> dict[int, list[int]]:
        shards: dict[int, list[int]] = {}
        for project_id in project_ids:
            shards.setdefault(keys.shard_of(project_id, self._shards), []).append(project_id)
        return shards


def _rows(reply: list[int], width: int) -> Iterable[tuple[int, ...]]:
    return zip(*[iter(reply)] * width, strict=True)


def _answer(row: tuple[int, ...]) -> Answer:
    status, wait_ms, value, up, down, version = row
    return Answer(Status(status), wait_ms, value, Tally(up, down, version))
