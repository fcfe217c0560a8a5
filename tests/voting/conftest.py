"""A fresh board for each test that stops Redis, empties it or restores an older copy."""

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
from tests.voting.time_travel import Ledger
from tests.waiting import CEILING, until

TEMPLATE = "empty_board"
_numbers = itertools.count(1)


@dataclass
class FreshBoard:
    """A board with its own database and Valkey, new for one test."""

    services: Services
    board: Board
    valkey: RunningServer
    data_dir: Path  # holds the data of Valkey

    async def vote(self, project_id: int, value: int = 1) -> Tally:
        """Cast a vote of a new user and return the tally."""
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
        """Copy the data of Redis to `place`."""
        self.valkey.halt()
        shutil.copytree(self.data_dir / "valkey", place)
        self.valkey.restart()
        await self.until_redis_answers()

    async def restore_copy(self, copy: Path) -> None:
        self.valkey.halt()
        shutil.rmtree(self.data_dir / "valkey")
        shutil.copytree(copy, self.data_dir / "valkey")
        self.valkey.restart()
        await self.until_redis_answers()

    async def until_redis_answers(self) -> None:
        """Wait after a restart until Redis answers and the breaker is closed."""

        async def answers() -> bool:
            with contextlib.suppress(RedisError, OSError):
                return await self.services.redis.ping()
            return False

        await until(answers, "for Redis")
        await until(lambda: not self.services.functions.breaker.is_open, "for the breaker")


@pytest.fixture(scope="session")
def own_valkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[RunningServer, Path]]:
    data_dir = tmp_path_factory.mktemp("fresh_board")
    # With everysec a kill during an fsync loses the votes that were acknowledged meanwhile.
    with start_valkey(data_dir, "always") as valkey:
        yield valkey, data_dir


@pytest.fixture(scope="session")
def template_settings(settings: Settings) -> Settings:
    """A migrated database that is copied for each fresh board: copying is faster than migrating."""
    url = (settings.database_url or "").replace("/upvote?", f"/{TEMPLATE}?")
    own = settings.model_copy(update={**NO_LIMITS, "database_url": url})
    migrate(own)
    return own


@pytest.fixture
async def fresh_board(
    template_settings: Settings, own_valkey: tuple[RunningServer, Path], db: asyncpg.Pool
) -> AsyncIterator[FreshBoard]:
    valkey, data_dir = own_valkey
    name = f"fresh_board_{next(_numbers)}"
    await db.execute(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}")
    urls = {
        "database_url": (template_settings.database_url or "").replace(TEMPLATE, name),
        "redis_url": valkey.url,
    }
    async with open_services(
        template_settings.model_copy(update=urls), query_seconds=CEILING
    ) as services:
        await services.redis.flushall()
        await services.redis.execute_command("FUNCTION", "FLUSH")
        yield FreshBoard(services, Board(services.db), valkey, data_dir)
    await db.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def other_valkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    with start_valkey(tmp_path_factory.mktemp("other_valkey"), "always") as valkey:
        yield valkey


@pytest.fixture
async def there(fresh_board, other_valkey) -> AsyncIterator[Services]:
    """A process of the same board with another REDIS_URL; `fresh_board` is `here`."""
    settings = fresh_board.services.settings.model_copy(update={"redis_url": other_valkey.url})
    async with open_services(settings, query_seconds=CEILING) as services:
        await services.redis.execute_command("REPLICAOF", "NO", "ONE")
        await services.redis.flushall()
        await services.redis.execute_command("FUNCTION", "FLUSH")
        yield services


@pytest.fixture
def ledger(fresh_board) -> Ledger:
    return Ledger(fresh_board.board)


@pytest.fixture
def here(fresh_board) -> Services:
    return fresh_board.services
