"""A board of its own: a database and a Valkey that nobody else uses, so that all of it can agree."""

import asyncio
import secrets
from collections.abc import AsyncIterator

import asyncpg
import pytest

from app.services import open_services
from app.settings import Settings
from app.storage.migrate import migrate
from tests.conftest import NO_LIMITS
from tests.operations.verify.house import House
from tests.servers import RunningServer, start_valkey
from tests.support import Board


@pytest.fixture(scope="session")
async def house(
    settings: Settings, postgres: RunningServer, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[House]:
    name = f"audited_{secrets.token_hex(4)}"
    url = postgres.url.replace("/upvote?", f"/{name}?")
    with start_valkey(tmp_path_factory.mktemp("audited")) as valkey:
        own = settings.model_copy(update={**NO_LIMITS, "database_url": url, "redis_url": valkey.url})
        await asyncio.to_thread(migrate, own)
        async with open_services(own, query_seconds=30) as services:
            yield House(services, Board(services.db))
    connection = await asyncpg.connect(postgres.url)
    await connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
    await connection.close()


@pytest.fixture(autouse=True)
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Differences of a board at rest are there at once; the waits are tested where votes arrive."""
    monkeypatch.setattr("app.operations.verify.verify.WAITS", (0.0, 0.0))
