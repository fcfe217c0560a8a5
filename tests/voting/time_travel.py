"""PostgreSQL that goes back in time, and a ledger of every acknowledged vote."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field

import asyncpg

from app.operations.verify.verify import verify
from app.services import Services
from app.voting import keys
from app.voting.votes import Status, Vote
from tests.support import Board

_numbers = itertools.count(1)


@dataclass
class DatabaseCopies:
    """Copies of a board's database. Going back ends its connections, as a failover does."""

    admin: asyncpg.Pool
    name: str

    async def keep(self) -> str:
        """Keep a copy of the database as it is now; return its name."""
        copy = f"copy_{next(_numbers)}_of_{self.name}"
        await self._copy(self.name, copy)
        return copy

    async def go_back(self, copy: str) -> None:
        """Replace the database by its copy."""
        await self.admin.execute(f"DROP DATABASE {self.name} WITH (FORCE)")
        await self._copy(copy, self.name)

    async def _copy(self, source: str, target: str) -> None:
        await self.admin.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", source
        )
        await self.admin.execute(f"CREATE DATABASE {target} TEMPLATE {source}")


@dataclass
class Ledger:
    """Casts votes, and knows which vote each user has on each project according to the answers."""

    board: Board
    votes: dict[tuple[int, int], int] = field(default_factory=dict)
    versions: dict[int, int] = field(default_factory=dict)

    async def cast(self, services: Services, project_id: int, user_id: int, value: int) -> None:
        result = await services.batcher.cast(Vote(project_id, user_id, value))
        assert result.status is Status.ACCEPTED
        self.votes[project_id, user_id] = value
        assert result.tally.version >= self.versions.get(project_id, 0)
        self.versions[project_id] = result.tally.version

    async def assert_kept(self, services: Services) -> None:
        """Check that PostgreSQL and Redis have every acknowledged vote, once, and agree."""
        await services.persist_events()
        await services.sync.run()
        for project_id in {project for project, _ in self.votes}:
            wanted = {u: value for (p, u), value in self.votes.items() if p == project_id and value}
            assert await self.board.votes(project_id) == wanted
            replayed = {e["user_id"]: e["new_value"] for e in await self.board.events(project_id)}
            assert {user: value for user, value in replayed.items() if value} == wanted
        await services.hydrator.hydrate_all(list({project for project, _ in self.votes}))
        await assert_verified(services)


async def assert_verified(services: Services) -> None:
    report = await verify(services)
    assert [str(finding) for finding in report.findings] == []


async def drop_kept(services: Services, shards: Sequence[int] = (0,)) -> None:
    """Forget the events that are kept in Redis, as if they were older than some minutes."""
    for shard in shards:
        await services.redis.delete(keys.kept(shard))
