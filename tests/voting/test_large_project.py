"""A project with a million voters is hydrated in bounded memory while votes on others go on.

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
    # 16 connections vote. If they waited for the project, each would get one answer.
    assert found.during.votes > 4 * 16
    assert CHUNK <= 500  # Redis is blocked while it stores one chunk
    assert found.web_bytes < 32 * MIB
    assert found.valkey_bytes < 80 * MIB
