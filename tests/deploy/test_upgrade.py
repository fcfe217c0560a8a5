"""A migration while the previous version serves: no vote fails, and none is lost."""

import asyncio
import shutil
from pathlib import Path

import pytest
from quart import Quart

from app.services import open_services
from app.settings import Settings
from app.storage.migrate import MIGRATIONS, migrate
from tests.conftest import NO_LIMITS
from tests.deploy.crowd import (
    RATE,
    SOME_VOTES,
    assert_nothing_failed_or_was_lost,
    make_crowd,
    persisted,
)
from tests.ports import free_port
from tests.processes import running, until_alive
from tests.support import Board
from tests.waiting import until

# The kinds of changes that an upgrade may make to the tables of votes. They stay locked until the test
# releases the advisory lock.
EXPAND = """
-- migrate:up
ALTER TABLE projects ADD COLUMN tried text NOT NULL DEFAULT '';
ALTER TABLE votes ADD COLUMN tried text NOT NULL DEFAULT '';
ALTER TABLE vote_events ADD COLUMN tried text NOT NULL DEFAULT '';
CREATE INDEX votes_tried ON votes (tried);
SELECT pg_advisory_xact_lock(9999);
-- migrate:down
"""
IS_HELD = """
SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND objid = 9999 AND NOT granted)
"""


@pytest.mark.long
async def test_a_migration_under_load_fails_no_vote_and_loses_none(
    second_board: Settings,
    app: Quart,
    tmp_path: Path,
):
    migrate(second_board)
    later = shutil.copytree(MIGRATIONS, tmp_path / "later")
    (later / "9999_try_everything.sql").write_text(EXPAND)
    port = free_port()
    async with (
        running("web", second_board, port=port, **NO_LIMITS),
        running("worker", second_board),
        open_services(second_board) as services,
    ):
        await until_alive(port)
        crowd = await make_crowd(Board(services.db), app, port, RATE)
        async with crowd.voting():
            await until(lambda: crowd.failures or crowd.all_projects_voted)
            async with services.db.acquire() as connection:
                await connection.execute("SELECT pg_advisory_lock(9999)")
                migrating = asyncio.create_task(asyncio.to_thread(migrate, second_board, later))
                await until(lambda: connection.fetchval(IS_HELD), "for the migration")
                await crowd.until_more(2 * SOME_VOTES)
                await connection.execute("SELECT pg_advisory_unlock(9999)")
            await migrating
            await crowd.until_more(SOME_VOTES)
        assert await services.db.fetchval("SELECT count(*) FROM votes WHERE tried = ''")

        async def all_persisted() -> bool:
            return await persisted(crowd, services.db) == crowd.wanted

        await until(all_persisted, "for the previous version to persist them")
        await assert_nothing_failed_or_was_lost(crowd, services.db, services.redis)
