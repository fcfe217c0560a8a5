"""A board of its own for tests that take its Redis away, empty it or make it older."""

import contextlib
import itertools
import shutil
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import pytest
from redis.exceptions import RedisError

from app.services import Services, open_services
from app.settings import Settings
from app.storage.migrate import migrate
from app.voting.persist import persist_events
from app.voting.votes import Tally, Vote
from tests.conftest import NO_LIMITS
from tests.servers import RunningServer, start_valkey
from tests.support import Board
from tests.waiting import CEILING, until

TEMPLATE = "empty_house"
_numbers = itertools.count(1)


@dataclass
class House:
    """A board of its own: a database and a Valkey that nobody else uses meanwhile."""

    services: Services
    board: Board
    valkey: RunningServer
    data_dir: Path  # of the Valkey

    async def vote(self, project_id: int, value: int = 1) -> Tally:
        """A new user's vote."""
        user = await self.board.user()
        return (await self.services.batcher.cast(Vote(project_id, user.id, value))).tally

    async def persist(self) -> int:
        return await persist_events(self.services.redis, self.services.db, 0)

    async def synced(self, project_id: int) -> tuple[int, int, int]:
        return tuple(
            await self.services.db.fetchrow(
                "SELECT upvotes, downvotes, vote_version FROM projects WHERE id = $1", project_id
            )
        )

    async def epochs(self) -> list[str]:
        rows = await self.services.db.fetch("SELECT reason FROM shard_epochs ORDER BY started_at")
        return [row["reason"] for row in rows]

    async def keep_copy(self, place: Path) -> None:
        """Of Redis as it is now."""
        self.valkey.halt()
        shutil.copytree(self.data_dir / "valkey", place)
        self.valkey.restart()
        await self.until_redis_is_asked_again()

    async def bring_back(self, copy: Path) -> None:
        self.valkey.halt()
        shutil.rmtree(self.data_dir / "valkey")
        shutil.copytree(copy, self.data_dir / "valkey")
        self.valkey.restart()
        await self.until_redis_is_asked_again()

    async def until_redis_is_asked_again(self) -> None:
        """After a restart: broken connections have been noticed, the breaker is closed."""

        async def answers() -> bool:
            with contextlib.suppress(RedisError, OSError):
                return await self.services.redis.ping()
            return False

        await until(answers, "for Redis")
        await until(lambda: not self.services.functions.breaker.is_open, "for the breaker")


@pytest.fixture(scope="session")
def house_valkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[RunningServer, Path]]:
    data_dir = tmp_path_factory.mktemp("house")
    # With everysec a kill in the midst of an fsync costs what was told meanwhile.
    with start_valkey(data_dir, "always") as valkey:
        yield valkey, data_dir


@pytest.fixture(scope="session")
def empty_house(settings: Settings) -> Settings:
    """A migrated database that is copied for each house: sooner there than one that is migrated."""
    url = (settings.database_url or "").replace("/upvote?", f"/{TEMPLATE}?")
    own = settings.model_copy(update={**NO_LIMITS, "database_url": url})
    migrate(own)
    return own


@pytest.fixture
async def house(
    empty_house: Settings, house_valkey: tuple[RunningServer, Path], db: asyncpg.Pool
) -> AsyncIterator[House]:
    valkey, data_dir = house_valkey
    name = f"house_{next(_numbers)}"
    await db.execute(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}")
    urls = {
        "database_url": (empty_house.database_url or "").replace(TEMPLATE, name),
        "redis_url": valkey.url,
    }
    async with open_services(empty_house.model_copy(update=urls), query_seconds=CEILING) as services:
        await services.redis.flushall()
        await services.redis.execute_command("FUNCTION", "FLUSH")
        yield House(services, Board(services.db), valkey, data_dir)
    await db.execute(f"DROP DATABASE {name} WITH (FORCE)")
