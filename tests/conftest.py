"""Fixtures with real servers: one PostgreSQL and one Valkey per session, on private sockets."""

import gc
from collections.abc import AsyncIterator, Iterator
from functools import partial
from pathlib import Path

import asyncpg
import pytest
from quart import Quart
from quart.testing import TestApp
from redis.asyncio import Redis

from app.event import shared_results
from app.main import create_app
from app.settings import Settings, load_settings
from app.storage import postgres_sessions, queries
from app.storage.connections import open_database, open_redis
from app.storage.migrate import migrate
from app.voting import vote_deadlines
from app.voting.batcher import VoteBatcher
from app.voting.functions import VoteFunctions
from app.voting.hydration import Hydrator
from app.voting.metrics import VoteMetrics
from tests.fast_client import hang_up_all
from tests.printed_exceptions import pytest_runtest_makereport  # noqa: F401 (a hook)
from tests.second_board import another_board
from tests.servers import RunningServer, start_postgres, start_valkey
from tests.support import Board
from tests.waiting import CEILING

# By default Quart gives an app only 6 s to start and to stop.
Quart.test_app_class = staticmethod(partial(TestApp, startup_timeout=CEILING, shutdown_timeout=CEILING))

# Only the tests about limits use limits.
NO_LIMITS = {"rate_limit_max": 0, "account_limit_max": 0}
# All requests of the tests come from one address.
NO_OTHER_LIMITS = {"auth_limit_max": 0, "register_limit_max": 0, "submit_limit_max": 0}
SECRET = "a secret of the tests only"


OWN_LIMITS = postgres_sessions.LIMITS
PATIENCE_MS = f"{1000 * CEILING:.0f}"


@pytest.fixture(scope="session", autouse=True)
def patience() -> Iterator[None]:
    """Neither PostgreSQL, a vote nor results take a busy machine for one that has vanished."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        limits = OWN_LIMITS | {"idle_in_transaction_session_timeout": PATIENCE_MS}
        monkeypatch.setattr(postgres_sessions, "LIMITS", limits)
        monkeypatch.setattr(queries, "IDLE_TRANSACTION_SECONDS", CEILING)
        monkeypatch.setattr(vote_deadlines, "REQUEST_SECONDS", CEILING)
        monkeypatch.setattr(shared_results, "WAIT_SECONDS", CEILING)
        yield


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
    """Return settings with the default limits on votes, on a migrated database."""
    urls = {"database_url": postgres.url, "redis_url": valkey.url}
    settings = load_settings(**urls, secret_key=SECRET, **NO_OTHER_LIMITS)
    migrate(settings)
    return settings


@pytest.fixture(scope="session")
async def db(settings: Settings) -> AsyncIterator[asyncpg.Pool]:
    # As long as in a worker, because other tests keep the machine busy.
    pool = await open_database(settings, query_seconds=30)
    pool.acquire = partial(pool.acquire, timeout=CEILING)  # type: ignore[method-assign]
    yield pool
    await pool.close()


@pytest.fixture(scope="session")
async def redis(settings: Settings) -> AsyncIterator[Redis]:
    client = open_redis(settings)
    yield client
    await client.aclose()


@pytest.fixture(scope="session")
def board(db: asyncpg.Pool) -> Board:
    """Return a maker of users and projects."""
    return Board(db)


@pytest.fixture(scope="session")
async def functions(redis: Redis, db: asyncpg.Pool, settings: Settings) -> VoteFunctions:
    functions = VoteFunctions(redis, db, settings.model_copy(update=NO_LIMITS))
    await functions.ping()  # begins the first epoch, so that tests do not depend on their order
    return functions


@pytest.fixture(scope="session")
def batcher(
    redis: Redis, db: asyncpg.Pool, functions: VoteFunctions, settings: Settings
) -> VoteBatcher:
    """Return a batcher without limits."""
    return VoteBatcher(functions, Hydrator(redis, db, functions, 1), VoteMetrics(redis), settings)


@pytest.fixture
async def second_board(settings: Settings, tmp_path: Path) -> AsyncIterator[Settings]:
    """Settings of a board whose database does not exist yet, with an empty Redis of its own."""
    async with another_board(settings, f"second_{tmp_path.name}", 1) as second:
        yield second


@pytest.fixture(scope="session")
async def app(settings: Settings) -> AsyncIterator[Quart]:
    """Return the app with the default limits."""
    app = create_app(settings)
    async with app.test_app() as serving:
        yield serving.app
        await hang_up_all()


@pytest.fixture(scope="session")
async def free_app(settings: Settings) -> AsyncIterator[Quart]:
    """Return the app without limits."""
    app = create_app(settings.model_copy(update=NO_LIMITS))
    async with app.test_app() as serving:
        yield serving.app
        await hang_up_all()


def pytest_collection() -> None:
    """Collect no garbage while the tests are imported: a fifth of the time, and hardly any is found."""
    gc.disable()


def pytest_collection_finish() -> None:
    """Leave what exists now out of every later garbage collection, which takes a tenth of the time."""
    gc.enable()
    gc.collect()
    gc.freeze()
