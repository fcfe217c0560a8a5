"""`upvote user list`, `admin`, `suspend`, `restore`, `export`, `delete`, beside running processes."""

import io
import json
import secrets

import pytest
from asyncpg import Record

from app.accounts.commands import create_token
from app.board.change import change_board
from app.voting.votes import Vote
from tests.commands.run import run_in_process
from tests.moderation.admin_pages import admin, page
from tests.support import client_of

__all__ = ["admin"]


@pytest.fixture
def run(settings):
    """Return a function that runs `upvote user WORDS` and returns what it printed."""

    async def run(*words, fails=False):
        result = await run_in_process(settings, "user", *words)
        assert (result.returncode != 0) == fails, result.stderr
        return result.stderr if fails else result.stdout

    return run


async def logged(db, user):
    rows = await db.fetch(
        "SELECT action, admin_id, reason FROM moderation_actions WHERE user_id = $1 ORDER BY id",
        user["id"] if isinstance(user, Record) else user.id,
    )
    assert all(row["admin_id"] is None for row in rows)
    return [(row["action"], row["reason"]) for row in rows]


@pytest.mark.parametrize(("flag", "action"), [([], "create"), (["--admin"], "create-admin")])
async def test_a_new_account_is_logged(run, db, monkeypatch, free_app, admin, flag, action):
    monkeypatch.setenv("UPVOTE_PASSWORD", "a horse in the corn")
    name = f"new-{secrets.token_hex(4)}"
    await run("create", name, *flag)
    user = await db.fetchrow("SELECT id, is_admin FROM users WHERE username = $1", name)
    assert user["is_admin"] == bool(flag)
    assert await logged(db, user) == [(action, "On the command line.")]
    _, log = await page(client_of(free_app, admin), "/admin/audit")
    assert f'/admin/people/{name}"' in log


async def test_accounts_are_listed(run, board, batcher, free_app, db, monkeypatch):
    monkeypatch.setattr("app.moderation.user_commands.CHUNK", 3)
    users = await board.users(4)
    await batcher.cast(Vote(await board.project(), users[1].id, 1))
    await free_app.extensions["upvote"].persist_events()
    await db.execute("UPDATE users SET is_admin = true WHERE id = $1", users[0].id)
    await db.execute("UPDATE users SET suspended_at = now() WHERE id = $1", users[1].id)
    await db.execute(
        "UPDATE users SET username = 'deleted-x', deleted_at = now() WHERE id = $1", users[2].id
    )
    await db.execute("UPDATE users SET display_name = 'Ann' WHERE id = $1", users[0].id)
    found = {each["username"]: each for each in json.loads(await run("list", "--json"))}
    assert [found[users[n].username]["display_name"] for n in (0, 1)] == ["Ann", None]
    assert {users[0].username, users[1].username, users[3].username} <= found.keys()
    assert "deleted-x" not in found
    assert found[users[0].username]["admin"]
    assert found[users[1].username]["votes"] == 1
    assert found[users[1].username]["suspended_at"]
    text = await run("list")
    assert f"{users[1].username}  " in text
    assert ", 1 vote, suspended" in text
    await db.execute("UPDATE users SET username = 'deleted-' || id WHERE id = $1", users[2].id)


async def test_an_account_becomes_an_admin_and_is_none_again(run, board, free_app, admin, db):
    user = await board.user()
    assert (await page(client_of(free_app, user), "/admin/people"))[0] == 403
    assert "an admin now" in await run("admin", user.username)
    assert "Nothing changed" in await run("admin", user.username)
    assert (await page(client_of(free_app, user), "/admin/people"))[0] == 200
    assert "no admin any more" in await run("admin", user.username, "--remove")
    assert (await page(client_of(free_app, user), "/admin/people"))[0] == 403
    assert [action for action, _ in await logged(db, user)] == ["admin", "unadmin"]
    log = (await page(client_of(free_app, admin), "/admin/audit"))[1]
    assert "The command line made an admin of" in log


async def test_the_only_admin_stays(run, admin, db):
    others = "UPDATE users SET is_admin = false WHERE id <> $1 AND is_admin RETURNING id"
    others = [row["id"] for row in await db.fetch(others, admin.id)]
    for words in (["admin", "--remove"], ["suspend"], ["delete", "--yes"]):
        assert "is the only admin" in await run(words[0], admin.username, *words[1:], fails=True)
    row = await db.fetchrow(
        "SELECT is_admin, suspended_at, deleted_at FROM users WHERE id = $1", admin.id
    )
    assert tuple(row) == (True, None, None)
    assert await logged(db, admin) == []
    await db.execute("UPDATE users SET is_admin = true WHERE id = ANY ($1)", others)


async def test_a_suspension_ends_sessions_of_running_processes(
    run, board, free_app, admin, db, settings
):
    user = await board.user()
    client = client_of(free_app, user)
    token = {"Authorization": f"Bearer {await create_token(settings, user.username)}"}
    assert (await client.get("/me/settings")).status_code == 200
    assert "is suspended" in await run("suspend", user.username, "--reason", "Sold votes")
    assert "Nothing changed" in await run("suspend", user.username)
    await free_app.extensions["upvote_accounts"].revocations.catch_up(db)  # as every second
    assert (await client.get("/me/settings")).status_code == 303
    assert (await free_app.test_client().get("/api/me/votes", headers=token)).status_code == 401
    assert "suspended. End that first" in await run("admin", user.username, fails=True)
    assert "can sign in again" in await run("restore", user.username)
    assert "Nothing changed" in await run("restore", user.username)
    assert await logged(db, user) == [("suspend", "Sold votes"), ("unsuspend", "On the command line.")]


async def test_a_suspension_does_not_end_while_votes_are_taken_out(run, board, db):
    user = await board.user()
    await run("suspend", user.username)
    await db.execute("INSERT INTO withdrawals (user_id, total) VALUES ($1, 1)", user.id)
    assert "being taken out" in await run("restore", user.username, fails=True)
    await db.execute("DELETE FROM withdrawals WHERE user_id = $1", user.id)


async def test_an_export_is_that_of_the_owner(run, board, free_app, tmp_path, db):
    user, file = await board.user(), tmp_path / "data.json"
    await board.project(user)
    written = json.loads(await run("export", user.username))
    own = json.loads(await (await client_of(free_app, user).get("/me/export.json")).get_data())
    assert written["moderation"].pop()["action"] == own["moderation"].pop()["action"] == "export"
    assert written == own
    assert f"Wrote the data of {user.username}" in await run("export", user.username, str(file))
    assert json.loads(file.read_text())["profile"]["username"] == user.username
    assert file.stat().st_mode & 0o777 == 0o600
    assert "exists already" in await run("export", user.username, str(file), fails=True)
    assert [action for action, _ in await logged(db, user)] == ["export"] * 3


async def test_an_export_tells_no_secret_tally(run, board, app, free_app, db):
    author, project_id = await board.user(), None
    project_id = await board.project(author)
    boards = [each.extensions["upvote"].board for each in (app, free_app)]
    await change_board(boards[0], None, {"tallies": "after_reveal"})
    try:
        [project] = json.loads(await run("export", author.username))["projects"]
        await db.execute("UPDATE users SET is_admin = true WHERE id = $1", author.id)
        [seen] = json.loads(await run("export", author.username))["projects"]
    finally:
        await change_board(boards[0], None, {"tallies": ""})
        for each in boards:
            await each.refresh()
    assert (project["id"], project["upvotes"], seen["upvotes"]) == (project_id, None, 0)


def at_terminal(typed):
    """Return what somebody types at a terminal."""
    terminal = io.StringIO(typed)
    terminal.isatty = lambda: True
    return terminal


@pytest.mark.parametrize("stdin", [io.StringIO(""), None])
async def test_nobody_is_asked_without_a_terminal(run, board, db, monkeypatch, stdin):
    user = await board.user()
    monkeypatch.setattr("sys.stdin", stdin)
    assert "cannot be undone" not in await run("delete", user.username)
    assert await db.fetchval("SELECT deleted_at FROM users WHERE id = $1", user.id)


async def test_an_account_is_deleted(run, board, batcher, free_app, db, monkeypatch):
    user, project_id = await board.user(), await board.project()
    own = await board.project(user)
    client = client_of(free_app, user)
    await batcher.cast(Vote(project_id, user.id, 1))
    await free_app.extensions["upvote"].persist_events()
    monkeypatch.setattr("sys.stdin", at_terminal("n\n"))
    assert "Aborted" in await run("delete", user.username, fails=True)
    assert (await client.get("/me/settings")).status_code == 200
    assert "Its votes are being taken out" in await run("delete", user.username, "--yes", "--projects")
    await free_app.extensions["upvote_accounts"].revocations.catch_up(db)
    assert (await client.get("/me/settings")).status_code == 303
    row = await db.fetchrow("SELECT username, deleted_at FROM users WHERE id = $1", user.id)
    assert row["username"].startswith("deleted-")
    assert row["deleted_at"]
    assert await db.fetchval("SELECT title FROM projects WHERE id = $1", own) == "Deleted"
    assert await db.fetchval("SELECT total FROM withdrawals WHERE user_id = $1", user.id) == 1
    assert [action for action, _ in await logged(db, user)] == ["delete-account"]


@pytest.mark.parametrize("command", ["admin", "suspend", "restore", "export", "delete"])
async def test_a_name_that_nobody_has_is_said(run, command):
    assert "There is no user nobody-here" in await run(command, "nobody-here", fails=True)
