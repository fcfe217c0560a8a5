"""The one file that talks to the vote functions in Redis (votes.lua holds their contract)."""

import hashlib
from collections.abc import Iterable, Sequence
from importlib.resources import files
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import RedisError, ResponseError

from app.settings import Settings
from app.voting import keys
from app.voting.votes import Answer, Standing, Status, Tally, Vote, VotesUnavailable

SOURCE = files("app.voting").joinpath("votes.lua").read_text()
# The names carry a digest of the source, so two versions of the product run side by side.
VERSION = hashlib.sha256(SOURCE.encode()).hexdigest()[:12]
LIBRARY = SOURCE.replace("@LIBRARY@", f"upvote_{VERSION}").replace("@VERSION@", VERSION)


class VoteFunctions:
    """Calls of the vote functions. Every method raises VotesUnavailable when Redis does not answer."""

    def __init__(self, redis: Redis, settings: Settings) -> None:
        self.redis: Any = redis  # redis-py's hints mix its two kinds of client
        self._shards = settings.vote_shards
        self._limits = (
            settings.rate_limit_max,
            settings.rate_limit_window * 1000,
            settings.account_limit_max,
            settings.account_limit_window * 1000,
        )

    async def cast(self, shard: int, votes: Sequence[Vote]) -> list[Answer]:
        """Cast votes on projects of one shard in one atomic call; one answer a vote, in order."""
        names = [keys.events(shard), keys.changed(shard)]
        arguments: list[int] = [*self._limits]
        for vote in votes:
            names += (
                keys.tally(shard, vote.project_id),
                keys.votes(shard, vote.project_id),
                keys.rate(shard, vote.project_id, vote.user_id),
                keys.account(shard, vote.user_id),
            )
            arguments += vote
        return [_answer(row) for row in _rows(await self._call("FCALL", "cast", names, arguments), 6)]

    async def read(self, project_ids: Iterable[int], user_id: int | None = None) -> dict[int, Standing]:
        """The hot ones among the projects, with the user's vote on each. Cold ones are left out."""
        standings: dict[int, Standing] = {}
        for shard, ids in self._by_shard(project_ids).items():
            names = [key(shard, p) for p in ids for key in (keys.tally, keys.votes)]
            reply = await self._call("FCALL_RO", "read", names, ["" if user_id is None else user_id])
            for project_id, (version, up, down, value) in zip(ids, _rows(reply, 4), strict=True):
                if version >= 0:
                    standings[project_id] = Standing(Tally(up, down, version), value)
        return standings

    async def opinions(
        self, project_id: int, user_ids: Sequence[int]
    ) -> tuple[Tally, dict[int, int]] | None:
        """A hot project's tally and the users' votes on it, of one moment; None for a cold one."""
        shard = keys.shard_of(project_id, self._shards)
        names = [keys.tally(shard, project_id), keys.votes(shard, project_id)]
        version, up, down, *values = await self._call("FCALL_RO", "opinions", names, user_ids)
        if version < 0:
            return None
        return Tally(up, down, version), dict(zip(user_ids, values, strict=True))

    async def install(self, shard: int, project_id: int, token: str, tally: Tally) -> bool:
        """Make a project hot from its staged votes; False when another was quicker."""
        names = [
            keys.tally(shard, project_id),
            keys.votes(shard, project_id),
            keys.staged(shard, project_id, token),
            keys.claim(shard, project_id),
        ]
        return bool(await self._call("FCALL", "install", names, [token, *tally]))

    async def settle(self, shard: int, synced: Iterable[tuple[int, int]]) -> int:
        """Forget changed projects, given as (project, synced version), unless changed since."""
        arguments = [number for pair in synced for number in pair]
        return int(await self._call("FCALL", "settle", [keys.changed(shard)], arguments))

    async def ping(self) -> None:
        """Return when Redis answers a vote function."""
        await self._call("FCALL_RO", "read", [keys.tally(0, 0), keys.votes(0, 0)], [""])

    async def _call(
        self, command: str, name: str, names: Sequence[str], arguments: Sequence[Any]
    ) -> Any:
        call = (command, f"{name}_{VERSION}", len(names), *names, *arguments)
        try:
            try:
                return await self.redis.execute_command(*call)
            except ResponseError as error:
                if "Function not found" not in str(error):
                    raise
                await self.redis.function_load(LIBRARY, replace=True)
                return await self.redis.execute_command(*call)
        except (RedisError, OSError) as error:
            raise VotesUnavailable(str(error)) from error

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
