"""The mail address of an account: confirmed by a link, shown to nobody else, and removable."""

import asyncio
import json
import re

import pytest

from app.accounts.mail.address import is_address
from tests.accounts.mail.conftest import BASE_URL, PASSWORD, set_settings, work
from tests.moderation.admin_pages import admin, page
from tests.support import client_of

__all__ = ["admin"]

LINK = re.compile(rf"{BASE_URL}(/mail/[\w-]{{43}})")


async def give(client, address, password=PASSWORD):
    form = {"address": address, "mail_password": password}
    return await client.post("/me/settings/mail", form=form)


async def settings_of(app, account) -> str:
    return (await page(client_of(app, account), "/me/settings"))[1]


async def stored(db, account) -> tuple | None:
    query = "SELECT address, pending FROM mail_addresses WHERE user_id = $1"
    row = await db.fetchrow(query, account.id)
    return row and tuple(row)


async def test_an_address_is_confirmed_by_a_link_in_any_browser(mailing_app, mail_server, account, db):
    address = f"{account.username}@example.org"
    answer = await give(client_of(mailing_app, account), f" {address} ")
    assert answer.status_code == 303
    assert "Not confirmed yet" in await settings_of(mailing_app, account)
    await work(mailing_app)
    [mail] = mail_server.mails
    assert (mail["To"], mail["Subject"]) == (address, "Confirm your mail address for Upvote")
    link, reader = LINK.search(mail.get_content()).group(1), client_of(mailing_app)
    for _ in range(2):  # reading it confirms nothing
        status, html = await page(reader, link)
        assert (status, address in html) == (200, True)
        assert await stored(db, account) == (None, address)
    answer = await reader.post(link)
    assert answer.status_code == 200
    assert (answer.headers["Referrer-Policy"], answer.headers["Cache-Control"]) == (
        "no-referrer",
        "no-store",
    )
    assert await stored(db, account) == (address, None)
    assert (await reader.post(link)).status_code == 404
    assert (await page(reader, link))[0] == 404
    assert "Confirmed: <b>" in await settings_of(mailing_app, account)


async def test_an_address_needs_the_password(mailing_app, account, db):
    answer = await give(client_of(mailing_app, account), "me@example.org", "wrong horse")
    html = await answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert "not your current password" in html
    assert "wrong horse" not in html
    assert await stored(db, account) is None


@pytest.mark.parametrize(
    "bad",
    [
        "",
        "me",
        "me@host",
        "a b@c.de",
        "a@b.c\nBcc: x@y.z",
        "a@b.c, d@e.f",
        "<a@b.c>",
        "x" * 300 + "@b.c",
        "a..b@c.de",
        ".a@c.de",
        "a.@c.de",
    ],
)
async def test_what_is_no_plain_address_is_refused(mailing_app, account, db, bad):
    answer = await give(client_of(mailing_app, account), bad)
    assert answer.status_code == 422
    assert "Enter a mail address such as" in await answer.get_data(as_text=True)
    assert await stored(db, account) is None
    assert not is_address(bad)


async def test_another_address_counts_when_it_is_confirmed_and_the_former_one_is_told(
    mailing_app, mail_server, account, address, db
):
    client = client_of(mailing_app, account)
    await give(client, "new@example.org")
    assert await stored(db, account) == (address, "new@example.org")
    await work(mailing_app)
    await client.post(LINK.search(mail_server.mails[0].get_content()).group(1))
    assert await stored(db, account) == ("new@example.org", None)
    await work(mailing_app)
    assert mail_server.mails[1]["To"] == address
    assert "does not belong to your account" in mail_server.mails[1].get_content()


async def test_a_confirmed_address_that_is_confirmed_again_is_told_nothing(
    mailing_app, mail_server, account, address, db
):
    await give(client_of(mailing_app, account), address.upper())
    await work(mailing_app)
    link = LINK.search(mail_server.mails[0].get_content()).group(1)
    answers = await asyncio.gather(*[client_of(mailing_app).post(link) for _ in range(4)])
    assert sorted(answer.status_code for answer in answers) == [200, 404, 404, 404]
    assert await stored(db, account) == (address.upper(), None)
    assert await db.fetchval("SELECT count(*) FROM mails") == 0


async def test_a_link_to_confirm_stays_the_same_when_its_mail_is_sent_again(
    mailing_app, mail_server, account, db
):
    await give(client_of(mailing_app, account), "me@example.org")
    [mail] = await db.fetch("SELECT id, asked_at, user_id FROM mails")
    await work(mailing_app)
    again = "INSERT INTO mails OVERRIDING SYSTEM VALUE SELECT $1, 'confirm', $2, NULL, $3"
    await db.execute(
        again.replace("mails ", "mails (id, kind, user_id, sent_to, asked_at) "),
        mail["id"],
        mail["user_id"],
        mail["asked_at"],
    )
    await work(mailing_app)
    first, second = (LINK.search(mail.get_content()).group(1) for mail in mail_server.mails)
    assert first == second
    assert (await client_of(mailing_app).post(first)).status_code == 200


async def test_a_board_without_mail_takes_no_address(free_app, account, db):
    assert (await give(client_of(free_app, account), "me@example.org")).status_code == 404
    assert await stored(db, account) is None


async def test_an_address_of_another_account_is_not_confirmed(
    mailing_app, mail_server, account, address, board, db
):
    other = await board.user()
    await db.execute(
        "INSERT INTO mail_addresses (user_id, pending, asked_at) VALUES ($1, $2, now())",
        other.id,
        address.lower(),
    )
    await db.execute("INSERT INTO mails (kind, user_id) VALUES ('confirm', $1)", other.id)
    await work(mailing_app)
    link = LINK.search(mail_server.mails[0].get_content()).group(1)
    answer = await client_of(mailing_app).post(link)
    assert answer.status_code == 409
    assert "Another account on this board has this mail address" in await answer.get_data(as_text=True)
    assert await stored(db, account) == (address, None)


async def test_mails_to_one_address_are_limited(mailing_app, mail_server, account, monkeypatch):
    limited = mailing_app.extensions["upvote"].settings.model_copy(update={"mail_limit_max": 2})
    set_settings(mailing_app, limited, monkeypatch)
    client = client_of(mailing_app, account)
    addresses = [f"{account.username}{n}@example.org" for n in range(3)]
    assert [(await give(client, each)).status_code for each in addresses] == [303, 303, 429]


async def test_a_short_wait_for_another_mail_is_said_in_seconds(
    mailing_app, mail_server, account, monkeypatch
):
    limits = {"mail_limit_max": 1, "mail_limit_window": 60}
    limited = mailing_app.extensions["upvote"].settings.model_copy(update=limits)
    set_settings(mailing_app, limited, monkeypatch)
    client = client_of(mailing_app, account)
    await give(client, f"{account.username}@example.org")
    refused = await give(client, f"{account.username}2@example.org")
    assert refused.status_code == 429
    assert f"Try again in {refused.headers['Retry-After']} s." in await refused.get_data(as_text=True)


async def test_nobody_else_sees_an_address(mailing_app, account, address, admin, db):
    visitor, moderator = client_of(mailing_app), client_of(mailing_app, admin)
    for client, path in (
        (visitor, f"/users/{account.username}"),
        (moderator, f"/admin/people/{account.username}"),
        (moderator, "/admin/people"),
        (moderator, "/admin/audit"),
    ):
        status, html = await page(client, path)
        assert (status, address.lower() in html.lower()) == (200, False)


async def test_an_export_has_the_address_and_it_can_be_removed(
    mailing_app, mail_server, account, address, db
):
    client = client_of(mailing_app, account)
    exported = json.loads(await (await client.get("/me/export.json")).get_data())
    assert exported["mail"][0]["address"] == address
    assert (await client.post("/me/settings/mail/remove")).status_code == 303
    assert await stored(db, account) is None
    await work(mailing_app)
    assert mail_server.mails[0]["To"] == address


async def test_a_deleted_account_leaves_no_address(mailing_app, account, address, db):
    client = client_of(mailing_app, account)
    await give(client, "new@example.org")
    await client.post("/me/settings/delete", form={"password": PASSWORD})
    assert await stored(db, account) is None
    assert await db.fetchval("SELECT count(*) FROM mails WHERE user_id = $1", account.id) == 0
