"""The schema moves on while the version before serves: no vote fails, none is lost."""

import asyncio
import shutil
from pathlib import Path

import pytest
from quart import Quart

from app.services import open_services
from app.settings import Settings
from app.storage.migrate import MIGRATIONS, migrate
from tests.deploy.crowd import invite, persisted
from tests.deploy.test_restart import FREE, RATE, SOME, nothing_failed_or_was_lost
from tests.operations.backup.test_backup import elsewhere
from tests.processes import free_port, running, until_alive
from tests.support import Board
from tests.waiting import until

__all__ = ["elsewhere"]

# What an upgrade may do to the tables of the vote path, all locked until the test lets go.
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
    elsewhere: Settings,
    app: Quart,
    tmp_path: Path,
):
    migrate(elsewhere)
    later = shutil.copytree(MIGRATIONS, tmp_path / "later")
    (later / "9999_try_everything.sql").write_text(EXPAND)
    port = free_port()
    async with (
        running("web", elsewhere, port=port, **FREE),
        running("worker", elsewhere),
        open_services(elsewhere) as services,
    ):
        await until_alive(port)
        crowd = await invite(Board(services.db), app, port, RATE)
        async with crowd.voting():
            await until(lambda: crowd.failures or crowd.all_hot)
            async with services.db.acquire() as connection:
                await connection.execute("SELECT pg_advisory_lock(9999)")
                migrating = asyncio.create_task(asyncio.to_thread(migrate, elsewhere, later))
                await until(lambda: connection.fetchval(IS_HELD), "for the migration")
                await crowd.until_more(2 * SOME)
                await connection.execute("SELECT pg_advisory_unlock(9999)")
            await migrating
            await crowd.until_more(SOME)
        assert await services.db.fetchval("SELECT count(*) FROM votes WHERE tried = ''")

        async def all_persisted() -> bool:
            return await persisted(crowd, services.db) == crowd.wanted

        await until(all_persisted, "for the version before, which goes on persisting")
        await nothing_failed_or_was_lost(crowd, services.db, services.redis)
