"""A database and a Valkey for the stories, and a loop to run them on."""

import asyncio
from collections.abc import Coroutine, Iterator
from dataclasses import dataclass
from typing import Any

import asyncpg
import pytest

from app.settings import Settings
from app.storage.migrate import migrate
from tests.servers import start_valkey
from tests.waiting import CEILING

# An hour: no window passes while an example runs.
WINDOWS = {"rate_limit_window": 3600, "account_limit_window": 3600}


@dataclass(frozen=True)
class OwnBoard:
    """The settings of a board that only the stories use, and the loop for its connections."""

    settings: Settings
    loop: asyncio.AbstractEventLoop

    def do(self, work: Coroutine[Any, Any, Any]) -> Any:
        """Run a coroutine to its end and return its result."""
        return self.loop.run_until_complete(asyncio.wait_for(work, CEILING))


@pytest.fixture(scope="module")
def own_board(settings, postgres, tmp_path_factory) -> Iterator[OwnBoard]:
    url = postgres.url.replace("/upvote?", "/properties?")
    loop = asyncio.new_event_loop()
    with start_valkey(tmp_path_factory.mktemp("properties")) as valkey:
        own = settings.model_copy(update={**WINDOWS, "database_url": url, "redis_url": valkey.url})
        migrate(own)
        yield OwnBoard(own, loop)
    loop.run_until_complete(_drop_database(postgres.url))
    loop.close()


async def _drop_database(url: str) -> None:
    connection = await asyncpg.connect(url)
    await connection.execute("DROP DATABASE properties WITH (FORCE)")
    await connection.close()
