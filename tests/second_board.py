"""A second board on the same servers, for tests that restore, move or migrate one."""

import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg

from app.operations.backup.queries import select_tables
from app.settings import Settings
from app.storage.connections import open_redis


@asynccontextmanager
async def another_board(settings: Settings, name: str, redis: int) -> AsyncIterator[Settings]:
    """Settings with another database name and Redis database number; drops both at the end."""
    name = name.replace("-", "_")
    url = (settings.database_url or "").replace("/upvote?", f"/{name}?")
    redis_url = f"{settings.redis_url}?db={redis}"
    there = settings.model_copy(update={"database_url": url, "redis_url": redis_url})
    yield there
    client = open_redis(there)
    await client.flushdb()
    await client.aclose()
    connection = await asyncpg.connect(settings.database_url)
    await connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
    await connection.close()


async def rows_of(url: str | None) -> dict[str, list]:
    """Return every row by table, without the epochs and checkpoints, which a restore changes."""
    db = await asyncpg.connect(url)
    try:
        tables = set(await select_tables(db)) - {"stream_checkpoints", "shard_epochs"}
        return {t: await db.fetch(f"SELECT * FROM {t} ORDER BY {t}") for t in sorted(tables)}  # noqa: S608
    finally:
        await db.close()


def assert_succeeded(result: subprocess.CompletedProcess[str]) -> None:
    assert result.returncode == 0, result.stdout + result.stderr
