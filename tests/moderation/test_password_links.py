"""Links to set a new password that admins and the command line make; the command that sets one."""

import re

import pytest

from tests.accounts.hashing import quick_hashes
from tests.accounts.link_pages import NEW, OLD, account, is_in, link, sign_in, use
from tests.commands.run import run_in_process
from tests.moderation.admin_pages import admin, page
from tests.support import client_of

__all__ = ["account", "admin", "link", "quick_hashes"]

LINK = re.compile(r"http://[^\s<]+(/password/[\w-]{43})")


async def test_an_admin_takes_over_an_account(free_app, account, admin, db):
    await db.execute("UPDATE users SET is_admin = true WHERE id = $1", account.id)  # another admin
    moderator, path = client_of(free_app, admin), f"/admin/people/{account.username}"
    assert f'action="{path}/link"' in (await page(moderator, path))[1]
    answer = await moderator.post(f"{path}/link", form={"reason": "Asked by <phone>"})
    html = await answer.get_data(as_text=True)
    assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-store")
    link = LINK.search(html).group(1)
    owner, answer = await use(free_app, link)
    assert answer.status_code == 303
    log = (await page(moderator, "/admin/audit"))[1]
    assert re.search(rf"made a password link for\s+<a href=\"{path}\"", log)
    assert "Asked by &lt;phone&gt;" in log
    assert link not in log
    settings = (await page(owner, "/me/settings"))[1]
    assert admin.username in settings
    assert "made a link to set a new password for your account" in settings


async def test_nobody_else_makes_links(free_app, account, admin, db):
    stranger, other = client_of(free_app), client_of(free_app, account)
    own = client_of(free_app, admin)
    for client, name, status in (
        (stranger, account.username, 303),
        (other, account.username, 403),
        (own, admin.username, 422),  # would spare the current password
        (own, "nobody-of-this-name", 404),
    ):
        answer = await client.post(f"/admin/people/{name}/link", form={"reason": "why not"})
        assert answer.status_code == status
    answer = await own.post(f"/admin/people/{account.username}/link", form={"reason": ""})
    assert answer.status_code == 422
    assert not await db.fetchval("SELECT count(*) FROM password_links WHERE user_id = $1", account.id)


async def test_the_only_admin_comes_back_by_the_command_line(free_app, account, settings, db):
    await db.execute("UPDATE users SET is_admin = true WHERE id = $1", account.id)
    result = await run_in_process(settings, "user", "link", account.username)
    assert result.returncode == 0
    assert "BASE_URL is not set" in result.stderr
    link = LINK.fullmatch(result.stdout.strip()).group(1)
    client, answer = await use(free_app, link)
    assert answer.status_code == 303
    log = (await page(client, "/admin/audit"))[1]
    assert re.search(
        rf"The command line made a password link for\s+<a href=\"/admin/people/{account.username}\"",
        log,
    )


async def test_the_command_line_sets_a_password(free_app, account, link, settings, db):
    client, _ = await sign_in(free_app, account, OLD)
    command = ("user", "password", account.username)
    weak = await run_in_process(settings, *command, UPVOTE_PASSWORD="password1")
    assert (weak.returncode, "Many people use" in weak.stderr) == (1, True)
    result = await run_in_process(settings, *command, UPVOTE_PASSWORD=NEW)
    assert (result.returncode, result.stderr) == (0, "")
    await free_app.extensions["upvote_accounts"].revocations.catch_up(db)
    assert not await is_in(client)
    assert (await sign_in(free_app, account, NEW))[1] == 303
    assert (await page(client_of(free_app), link))[0] == 404
    action = "SELECT admin_id, action FROM moderation_actions WHERE user_id = $1 ORDER BY id DESC"
    assert tuple(await db.fetchrow(action, account.id)) == (None, "password")


@pytest.mark.parametrize("command", ["link", "password"])
async def test_the_commands_say_what_is_wrong(account, settings, db, command):
    unknown = await run_in_process(settings, "user", command, "nobody-here", UPVOTE_PASSWORD=NEW)
    assert (unknown.returncode, "There is no user nobody-here" in unknown.stderr) == (1, True)
    await db.execute("UPDATE users SET suspended_at = now() WHERE id = $1", account.id)
    result = await run_in_process(settings, "user", command, account.username, UPVOTE_PASSWORD=NEW)
    assert (result.returncode, "is suspended" in result.stderr) == (1, True)
