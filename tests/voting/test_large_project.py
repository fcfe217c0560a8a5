"""A project of a million voters becomes hot in bounded time and memory; votes on others hardly wait."""

import asyncio

import pytest

from app.migrate import migrate
from app.settings import load_settings
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
    assert found.seconds < 60  # 2 s on two idle cores
    assert found.meanwhile.p99 < max(100, 10 * found.before.p99)  # ms
    assert found.web_bytes < 32 * MIB
    assert found.valkey_bytes < 80 * MIB
