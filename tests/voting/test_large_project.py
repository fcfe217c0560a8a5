"""A project of a million voters is loaded in bounded memory, and votes on others go on meanwhile.

How long it and they take is measured by `python -m bench.hydration`, on a machine that is idle.
"""

import asyncio

import pytest

from app.settings import load_settings
from app.storage.migrate import migrate
from app.voting.hydration import CHUNK
from bench.hydration import measure
from tests.conftest import SECRET
from tests.servers import start_postgres, start_valkey

pytestmark = pytest.mark.long

MIB = 2**20


async def test_a_million_voters_are_hydrated_while_others_vote(tmp_path):
    with start_postgres(tmp_path) as postgres, start_valkey(tmp_path) as valkey:
        settings = load_settings(
            database_url=postgres.url, redis_url=valkey.url, secret_key=SECRET, data_dir=tmp_path
        )
        await asyncio.to_thread(migrate, settings)
        found = await measure(settings, voters=1_000_000)
    print(found)
    assert found.voters == 1_000_000
    # 16 connections vote; had they waited for the project, each would have got one answer.
    assert found.meanwhile.votes > 4 * 16
    assert CHUNK <= 500  # Redis does nothing else for so many votes
    assert found.web_bytes < 32 * MIB
    assert found.valkey_bytes < 80 * MIB
