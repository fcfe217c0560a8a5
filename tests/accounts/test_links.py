"""Links to set a new password: used once, by whoever has them."""

import asyncio

import pytest
from structlog.testing import capture_logs

from app.accounts.passwords import hash_password
from app.moderation.password_links import make_logged_link
from tests.accounts.hashing import quick_hashes
from tests.accounts.link_pages import NEW, OLD, account, is_in, link, sign_in, use
from tests.moderation.admin_pages import page
from tests.support import client_of

__all__ = ["account", "link", "quick_hashes"]

GONE = "This link does not work any more"


async def test_a_link_sets_a_password_once_in_any_browser(free_app, account, link):
    other, _ = await sign_in(free_app, account, OLD)
    for _ in range(3):  # a scanner of mails, a preview, the reader
        status, html = await page(client_of(free_app), link)
        assert status == 200
        assert account.username in html
    client, answer = await use(free_app, link)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")
    assert account.username in (await page(client, "/"))[1]
    assert not await is_in(other)
    assert (await sign_in(free_app, account, OLD))[1] == 422
    assert (await sign_in(free_app, account, NEW))[1] == 303
    again, answer = await use(free_app, link, "a third password")
    assert answer.status_code == 404
    assert GONE in await answer.get_data(as_text=True)
    assert not await is_in(again)
    assert (await sign_in(free_app, account, NEW))[1] == 303
    assert await is_in(client)


async def test_of_many_uses_at_once_one_succeeds(free_app, account, link, monkeypatch):
    hashed, everybody = 0, asyncio.Event()

    async def all_at_once(password: str) -> str:
        nonlocal hashed
        hashed += 1
        if hashed == 6:
            everybody.set()
        await everybody.wait()
        return await hash_password(password)

    monkeypatch.setattr("app.accounts.passwords.hash_password", all_at_once)
    tries = [use(free_app, link, f"password number {n}") for n in range(6)]
    answers = [answer.status_code for _, answer in await asyncio.gather(*tries)]
    assert sorted(answers) == [303] + 5 * [404]
    valid = [(await sign_in(free_app, account, f"password number {n}"))[1] == 303 for n in range(6)]
    assert valid == [status == 303 for status in answers]


async def change_password(app, account, db):
    client, _ = await sign_in(app, account, OLD)
    form = {"current": OLD, "password": "a third password"}
    assert (await client.post("/me/settings/password", form=form)).status_code == 303


async def sign_out_everywhere(app, account, db):
    client, _ = await sign_in(app, account, OLD)
    await client.post("/logout", form={"everywhere": "yes"})


async def make_another(app, account, db):
    await make_logged_link(db, None, account.id, "forgotten again")


async def wait_a_day(app, account, db):
    day = "UPDATE password_links SET made_at = made_at - interval '24 hours' WHERE user_id = $1"
    await db.execute(day, account.id)


async def suspend(app, account, db):
    await db.execute("UPDATE users SET suspended_at = now() WHERE id = $1", account.id)


async def delete(app, account, db):
    client, _ = await sign_in(app, account, OLD)
    assert (await client.post("/me/settings/delete", form={"password": OLD})).status_code == 303


@pytest.mark.parametrize(
    "happens", [change_password, sign_out_everywhere, make_another, wait_a_day, suspend, delete]
)
async def test_a_link_ends(free_app, account, link, db, happens):
    await happens(free_app, account, db)
    status, html = await page(client_of(free_app), link)
    assert (status, GONE in html, "another link" in html) == (404, True, True)
    client, answer = await use(free_app, link)
    assert answer.status_code == 404
    assert not await is_in(client)
    assert (await sign_in(free_app, account, NEW))[1] in (403, 422)


@pytest.mark.parametrize("secret", ["x", "A" * 43, "%00", "a" * 2000, "ü" * 43])
async def test_an_unknown_link_gets_the_same_page(free_app, secret):
    status, html = await page(client_of(free_app), f"/password/{secret}")
    assert (status, GONE in html) == (404, True)


async def test_a_refused_password_leaves_the_link_valid(free_app, link):
    for password, message in (("short", "8 to 200 characters"), ("password1", "Many people use")):
        _, answer = await use(free_app, link, password)
        assert answer.status_code == 422
        assert message in await answer.get_data(as_text=True)
    assert (await use(free_app, link))[1].status_code == 303


async def test_an_account_without_a_password_gets_one_by_a_link(free_app, account, link, db):
    await db.execute("UPDATE users SET password_hash = NULL WHERE id = $1", account.id)
    assert (await use(free_app, link))[1].status_code == 303
    assert (await sign_in(free_app, account, NEW))[1] == 303


async def test_a_link_to_set_a_password_is_read_by_others(free_app, link, db, board):
    secret = link.rsplit("/", 1)[1]
    with capture_logs() as lines:
        answers = [await client_of(free_app).get(link), (await use(free_app, link))[1]]
        answers.append(await client_of(free_app).get(link))
    assert "/password/<secret>" in str(lines)
    assert secret not in str(lines)
    for answer in answers:
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
    await make_logged_link(db, None, (await board.user()).id, "forgotten")
    assert await db.fetchval("SELECT count(*) FROM password_links") >= 1
    for statement in ("SELECT * FROM password_links", "SELECT * FROM moderation_actions"):
        assert secret not in str(await db.fetch(statement))


async def test_password_managers_find_the_form(free_app, account):
    answer = await client_of(free_app).get("/.well-known/change-password")
    assert answer.status_code == 303
    assert answer.headers["Location"] == "/me/settings#password-title"
    assert 'id="password-title"' in (await page(client_of(free_app, account), "/me/settings"))[1]
