"""The board's row is locked before other rows, so that no two transactions wait for each other."""

import asyncio
import secrets
from contextlib import asynccontextmanager

import pytest

from app.accounts.settings.delete_account import delete
from app.projects.by_key.put_project import put_project
from app.projects.forms import Submission
from tests.moderation.admin_pages import admin
from tests.waiting import until

__all__ = ["admin"]

WAITS = "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE $1 = ANY (pg_blocking_pids(pid)))"
MOVE = "UPDATE projects SET track_id = NULL WHERE id = $1"  # as who removes a track
NOTE = "INSERT INTO moderation_actions (admin_id, action, reason) VALUES ($1, 'board', 'A change.')"


@pytest.fixture
def services(free_app):
    return free_app.extensions["upvote"]


@asynccontextmanager
async def changed_meanwhile(db, other):
    """Lock the board's row as a change does, and let `other` wait for it; it ends after the change."""
    async with db.acquire() as connection:
        async with connection.transaction():
            await connection.execute("SELECT FROM board_settings FOR UPDATE")
            task = asyncio.create_task(other)
            await until(lambda: db.fetchval(WAITS, connection.get_server_pid()), "for the other one")
            yield connection
        await task


async def test_an_account_is_deleted_while_a_track_of_its_projects_is_removed(
    free_app, services, board, admin, db
):
    author = await board.user()
    project_id = await board.project(author)
    state = free_app.extensions["upvote_accounts"]
    async with changed_meanwhile(db, delete(services, state, author, delete_projects=True)) as other:
        await other.execute(MOVE, project_id)
        await other.execute(NOTE, admin.id)  # its row too is locked by who deletes an account
    assert await db.fetchval("SELECT deleted_at FROM projects WHERE id = $1", project_id)


async def test_a_project_is_put_under_its_key_while_its_track_is_removed(services, admin, db):
    key = secrets.token_hex(4)
    project_id, _ = await put_project(services, admin.id, key, Submission("Kite", None, ""))
    again = put_project(services, admin.id, key, Submission("Better kite", None, ""))
    async with changed_meanwhile(db, again) as other:
        await other.execute(MOVE, project_id)
    title = await db.fetchval("SELECT title FROM projects WHERE id = $1", project_id)
    assert title == "Better kite"
