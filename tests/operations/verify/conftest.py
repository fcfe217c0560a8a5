"""A board with its own database and Valkey, so that all of it can agree."""

import asyncio
import secrets
from collections.abc import AsyncIterator

import asyncpg
import pytest

from app.services import open_services
from app.settings import Settings
from app.storage.migrate import migrate
from tests.conftest import NO_LIMITS
from tests.operations.verify.own_board import OwnBoard
from tests.operations.verify.project import project
from tests.servers import RunningServer, start_valkey
from tests.support import Board

__all__ = ["own_board", "project", "short_waits"]


@pytest.fixture(scope="session")
async def own_board(
    settings: Settings, postgres: RunningServer, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[OwnBoard]:
    name = f"verified_{secrets.token_hex(4)}"
    url = postgres.url.replace("/upvote?", f"/{name}?")
    with start_valkey(tmp_path_factory.mktemp("verified")) as valkey:
        own = settings.model_copy(update={**NO_LIMITS, "database_url": url, "redis_url": valkey.url})
        await asyncio.to_thread(migrate, own)
        async with open_services(own, query_seconds=30) as services:
            yield OwnBoard(services, Board(services.db))
    connection = await asyncpg.connect(postgres.url)
    await connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
    await connection.close()


@pytest.fixture(autouse=True)
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Differences of a board at rest are there at once; the waits are tested where votes arrive."""
    monkeypatch.setattr("app.operations.verify.verify.RECHECK_WAITS", (0.0, 0.0))
