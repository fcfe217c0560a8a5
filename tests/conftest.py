"""Real servers for every test: one PostgreSQL and one Valkey a session, on sockets of their own."""

from collections.abc import AsyncIterator, Iterator
from functools import partial
from pathlib import Path

import asyncpg
import pytest
from quart import Quart
from quart.testing import TestApp
from redis.asyncio import Redis

from app.main import create_app
from app.settings import Settings, load_settings
from app.storage.connections import open_database, open_redis
from app.storage.migrate import migrate
from app.voting.batcher import VoteBatcher
from app.voting.functions import VoteFunctions
from app.voting.hydration import Hydrator
from app.voting.metrics import VoteMetrics
from tests.printed_exceptions import pytest_runtest_makereport  # noqa: F401 (a hook)
from tests.servers import RunningServer, start_postgres, start_valkey
from tests.support import Board
from tests.waiting import CEILING

# Quart's own gives an app 6 s to start and to stop.
Quart.test_app_class = staticmethod(partial(TestApp, startup_timeout=CEILING, shutdown_timeout=CEILING))

# The limits are tested where they are the matter; everywhere else they would only be in the way.
NO_LIMITS = {"rate_limit_max": 0, "account_limit_max": 0}
# All people of the tests come from one address.
NO_OTHER_LIMITS = {"auth_limit_max": 0, "submit_limit_max": 0}
SECRET = "a secret of the tests only"


@pytest.fixture(scope="session")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("servers")


@pytest.fixture(scope="session")
def postgres(data_dir: Path) -> Iterator[RunningServer]:
    with start_postgres(data_dir) as server:
        yield server


@pytest.fixture(scope="session")
def valkey(data_dir: Path) -> Iterator[RunningServer]:
    with start_valkey(data_dir) as server:
        yield server


@pytest.fixture(scope="session")
def settings(postgres: RunningServer, valkey: RunningServer) -> Settings:
    """Settings with the limits on votes of the contract, on a migrated database."""
    urls = {"database_url": postgres.url, "redis_url": valkey.url}
    settings = load_settings(**urls, secret_key=SECRET, **NO_OTHER_LIMITS)
    migrate(settings)
    return settings


@pytest.fixture(scope="session")
async def db(settings: Settings) -> AsyncIterator[asyncpg.Pool]:
    # As patient as a worker's: other tests keep the machine busy meanwhile.
    pool = await open_database(settings, query_seconds=30)
    yield pool
    await pool.close()


@pytest.fixture(scope="session")
async def redis(settings: Settings) -> AsyncIterator[Redis]:
    client = open_redis(settings)
    yield client
    await client.aclose()


@pytest.fixture(scope="session")
def board(db: asyncpg.Pool) -> Board:
    """Makes users and projects."""
    return Board(db)


@pytest.fixture(scope="session")
async def functions(redis: Redis, db: asyncpg.Pool, settings: Settings) -> VoteFunctions:
    functions = VoteFunctions(redis, db, settings.model_copy(update=NO_LIMITS))
    await functions.ping()  # begins the first epoch: no test has to run after another
    return functions


@pytest.fixture(scope="session")
def batcher(
    redis: Redis, db: asyncpg.Pool, functions: VoteFunctions, settings: Settings
) -> VoteBatcher:
    """A batcher without limits."""
    return VoteBatcher(functions, Hydrator(redis, db, functions, 1), VoteMetrics(redis), settings)


@pytest.fixture(scope="session")
async def app(settings: Settings) -> AsyncIterator[Quart]:
    """The app with the limits of the contract."""
    app = create_app(settings)
    async with app.test_app() as serving:
        yield serving.app


@pytest.fixture(scope="session")
async def free_app(settings: Settings) -> AsyncIterator[Quart]:
    """The app without limits."""
    app = create_app(settings.model_copy(update=NO_LIMITS))
    async with app.test_app() as serving:
        yield serving.app
