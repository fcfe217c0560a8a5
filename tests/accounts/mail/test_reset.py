"""A link to set a new password by mail: for everybody the same answer, and only the owner gets it."""

from datetime import timedelta

import pytest

from app.accounts.links import new_secret
from app.accounts.links.password_links import store_mailed_link
from app.accounts.mail.queries import BY_NAME
from app.moderation.password_links import make_logged_link
from tests.accounts.link_pages import use
from tests.accounts.mail.conftest import ask, link_in, set_settings, work
from tests.moderation.admin_pages import page
from tests.support import client_of
from tests.waiting import CEILING


@pytest.mark.parametrize("by", ["name", "address"])
async def test_a_forgotten_password_is_set_by_a_mailed_link(
    mailing_app, mail_server, account, address, by
):
    typed = account.username.upper() if by == "name" else address.lower()
    answer = await ask(mailing_app, f" {typed} ")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/password?sent=1")
    assert "is on its way" in (await page(client_of(mailing_app), "/password?sent=1"))[1]
    assert await work(mailing_app) == 1
    [mail], [recipient] = mail_server.mails, mail_server.recipients
    assert (recipient, mail["To"]) == (address, address)
    assert mail["From"] == "Upvote <board@board.example>"
    assert mail["Subject"] == "Set a new password on Upvote"
    assert mail.get_content_type() == "text/plain"
    assert account.username in mail.get_content()
    link = link_in(mail)
    client, answer = await use(mailing_app, link)
    assert answer.status_code == 303
    assert account.username in (await page(client, "/"))[1]
    assert (await use(mailing_app, link))[1].status_code == 404
    assert await work(mailing_app) == 1
    assert mail_server.mails[1]["Subject"] == "Your new password on Upvote"
    assert await work(mailing_app) == 0


async def test_a_reset_tells_who_has_an_account(mailing_app, mail_server, account, board, db):
    suspended = await board.user()
    address = "INSERT INTO mail_addresses (user_id, address) VALUES ($1, 'gone@example.org')"
    await db.execute(address, suspended.id)
    await db.execute("UPDATE users SET suspended_at = now() WHERE id = $1", suspended.id)
    answers = []
    for typed in (
        account.username,
        "nobody-here",
        "nobody@example.org",
        suspended.username,
        "x\r\nBcc: y",
    ):
        answer = await ask(mailing_app, typed)
        answers.append((answer.status_code, answer.headers["Location"], await answer.get_data()))
    assert len(set(answers)) == 1
    assert await db.fetchval("SELECT count(*) FROM mails") == 5  # the same work for each
    await work(mailing_app)
    assert mail_server.mails == []
    assert await db.fetchval("SELECT count(*) FROM mails") == 0


async def test_a_link_in_a_mail_leads_to_a_false_host(mailing_app, mail_server, account, address):
    headers = {"Host": "evil.example", "X-Forwarded-Host": "evil.example"}
    form = {"username": account.username}
    await client_of(mailing_app).post("/password", form=form, headers=headers)
    await work(mailing_app)
    assert link_in(mail_server.mails[0])
    assert "evil" not in str(mail_server.mails[0])


@pytest.mark.parametrize("typed", ["", "  ", "x" * 255])
async def test_an_empty_or_endless_name_is_refused(mailing_app, typed):
    answer = await ask(mailing_app, typed)
    assert answer.status_code == 422
    assert "Enter your username or the mail address" in await answer.get_data(as_text=True)


async def test_a_mailbox_is_filled_with_mails(mailing_app, mail_server, account, address, monkeypatch):
    limited = mailing_app.extensions["upvote"].settings.model_copy(update={"mail_limit_max": 2})
    set_settings(mailing_app, limited, monkeypatch)
    for typed in (account.username, address, account.username, address):
        assert (await ask(mailing_app, typed)).status_code == 303  # nobody learns of it
    while await work(mailing_app):
        pass
    assert len(mail_server.mails) == 2
    statuses = [(await ask(mailing_app, "somebody")).status_code for _ in range(20)]
    assert statuses == 16 * [303] + 4 * [429]  # ten times as many for all people behind one address


async def test_a_mailed_link_ends_older_mailed_ones_but_not_the_one_of_an_organiser(
    mailing_app, account, db
):
    given = await make_logged_link(db, None, account.id, "forgotten")

    async def mailed() -> str:
        async with db.acquire() as connection, connection.transaction():
            secret = new_secret()
            assert await store_mailed_link(connection, account.id, secret, None)
            return f"/password/{secret}"

    async def is_valid(link: str) -> bool:
        return (await page(client_of(mailing_app), link))[0] == 200

    first, second = await mailed(), await mailed()
    assert [await is_valid(link) for link in (given, first, second)] == [True, False, True]
    last = await make_logged_link(db, None, account.id, "forgotten again")
    assert [await is_valid(link) for link in (given, second, last)] == [False, False, True]


async def test_no_secret_waits_in_the_database(mailing_app, mail_server, account, address, db):
    await ask(mailing_app, account.username)
    waiting = str(await db.fetch("SELECT * FROM mails"))
    await work(mailing_app)
    secret = link_in(mail_server.mails[0]).rsplit("/", 1)[1]
    assert secret not in waiting + str(await db.fetch("SELECT * FROM password_links"))


MANY_ADDRESSES = """
    WITH many AS (
        INSERT INTO users (username, password_hash)
        SELECT 'mailed-' || n, '' FROM generate_series(1, 5000) AS n RETURNING id
    )
    INSERT INTO mail_addresses (user_id, address) SELECT id, id || '@example.org' FROM many
"""


async def test_an_account_is_found_by_two_indexes(db):
    async with db.acquire() as connection:
        transaction = connection.transaction()
        await transaction.start()
        await connection.execute(MANY_ADDRESSES, timeout=CEILING)
        await connection.execute("ANALYZE users, mail_addresses", timeout=CEILING)
        rows = await connection.fetch(f"EXPLAIN {BY_NAME}", "somebody", timedelta(days=1))
        await transaction.rollback()
    plan = "\n".join(row[0] for row in rows)
    assert "lower(address) = lower(" in plan or "lower(address) = 'somebody'" in plan
    assert "mail_addresses_address" in plan
    assert plan.count("Index Cond") >= 4  # both lookups, and the account and its address by their keys
    assert "Seq Scan" not in plan


async def test_a_board_without_mail_says_who_makes_a_link(free_app, account, db):
    for path in ("/login", "/password"):
        status, html = await page(client_of(free_app), path)
        assert (status, "Ask an organiser of this board for a link" in html) == (200, True)
        assert "Send me a link" not in html
    before = await db.fetchval("SELECT count(*) FROM mails")
    assert (await ask(free_app, account.username)).status_code == 404
    assert await db.fetchval("SELECT count(*) FROM mails") == before
    assert 'id="mail"' not in (await page(client_of(free_app, account), "/me/settings"))[1]
