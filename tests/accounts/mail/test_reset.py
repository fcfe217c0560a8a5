"""A link to set a new password by mail: for everybody the same answer, and only the owner gets it."""

import re
from dataclasses import asdict

import pytest
from structlog.testing import capture_logs

from app.accounts.links.password_links import make_link
from app.accounts.mail import outbox
from app.moderation.password_links import make_logged_link
from tests.accounts.link_pages import use
from tests.accounts.mail.conftest import BASE_URL, set_settings, work
from tests.moderation.admin_pages import page
from tests.support import client_of

LINK = re.compile(rf"{BASE_URL}(/(?:password|mail)/[\w-]{{43}})")


def link_in(mail) -> str:
    return LINK.search(mail.get_content()).group(1)


async def ask(app, typed):
    return await client_of(app).post("/password", form={"username": typed})


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
            return "/password/" + (await make_link(connection, account.id, mailed=True) or "")

    async def is_valid(link: str) -> bool:
        return (await page(client_of(mailing_app), link))[0] == 200

    first, second = await mailed(), await mailed()
    assert [await is_valid(link) for link in (given, first, second)] == [True, False, True]
    last = await make_logged_link(db, None, account.id, "forgotten again")
    assert [await is_valid(link) for link in (given, second, last)] == [False, False, True]


async def test_a_mail_that_fails_is_tried_again_and_logged_without_its_address(
    mailing_app, mail_server, account, address, db, monkeypatch
):
    await ask(mailing_app, account.username)
    settings = mailing_app.extensions["upvote"].settings
    gone = settings.model_copy(update={"smtp_url": "smtp://127.0.0.1:1"})
    with monkeypatch.context() as away, capture_logs() as lines:
        set_settings(mailing_app, gone, away)
        assert await work(mailing_app) == 0
        assert await work(mailing_app) == 0  # it is not due yet
    [line] = lines
    assert (line["event"], line["kind"]) == ("a mail could not be sent", "reset")
    assert account.username not in str(line)
    stored = dict(await db.fetchrow("SELECT tries, given_up, problem FROM mails"))
    assert stored == {"tries": 1, "given_up": False, "problem": "SMTPConnectError"}
    await db.execute("UPDATE mails SET due_at = now()")
    assert await work(mailing_app) == 1
    assert link_in(mail_server.mails[0])
    assert await db.fetchval("SELECT count(*) FROM mails") == 0


@pytest.mark.parametrize("refused", [True, False])
async def test_a_mail_is_given_up_after_some_tries_or_when_its_recipient_is_refused(
    mailing_app, mail_server, account, address, db, refused, monkeypatch
):
    await ask(mailing_app, account.username)
    if refused:
        mail_server.refused.add(address)
    else:
        settings = mailing_app.extensions["upvote"].settings
        wrong = {"smtp_url": mail_server.url.replace("post", "thief")}
        set_settings(mailing_app, settings.model_copy(update=wrong), monkeypatch)
    for _ in range(outbox.TRIES + 1):
        await db.execute("UPDATE mails SET due_at = now()")
        assert await work(mailing_app) == 0
    row = dict(await db.fetchrow("SELECT tries, given_up, sent_to, problem FROM mails"))
    reason = "the server refuses the recipient (550)" if refused else "SMTPAuthenticationError 535"
    assert row == {
        "tries": 1 if refused else outbox.TRIES, "given_up": True, "sent_to": None, "problem": reason,
    }  # fmt: skip
    assert mail_server.mails == []


async def test_a_mail_that_cannot_be_written_is_given_up_and_stops_no_other(
    mailing_app, mail_server, account, address, board, db
):
    other = await board.user()  # with an address that an earlier version accepted
    await db.execute(
        "INSERT INTO mail_addresses (user_id, address) VALUES ($1, 'a..b@example.org')", other.id
    )
    for name in (other.username, account.username):
        await ask(mailing_app, name)
    assert await work(mailing_app) == 1
    assert mail_server.recipients == [address]
    row = dict(await db.fetchrow("SELECT given_up, sent_to, problem FROM mails"))
    assert row == {"given_up": True, "sent_to": None, "problem": "it cannot be written (ValueError)"}


async def test_a_mail_of_yesterday_is_not_sent(mailing_app, mail_server, account, address, db):
    await ask(mailing_app, account.username)
    await db.execute("UPDATE mails SET asked_at = now() - interval '1 day'")
    assert await work(mailing_app) == 0
    assert mail_server.mails == []


async def test_two_workers_send_a_mail_once(mailing_app, mail_server, account, address, db):
    await ask(mailing_app, account.username)
    first = await outbox.queries.update_next_mail(db, outbox.WAITS)
    assert asdict(first)["tries"] == 1
    assert await outbox.queries.update_next_mail(db, outbox.WAITS) is None


async def test_no_secret_waits_in_the_database(mailing_app, mail_server, account, address, db):
    await ask(mailing_app, account.username)
    waiting = str(await db.fetch("SELECT * FROM mails"))
    await work(mailing_app)
    secret = link_in(mail_server.mails[0]).rsplit("/", 1)[1]
    assert secret not in waiting + str(await db.fetch("SELECT * FROM password_links"))


async def test_a_board_without_mail_says_who_makes_a_link(free_app, account, db):
    for path in ("/login", "/password"):
        status, html = await page(client_of(free_app), path)
        assert (status, "Ask an organiser of this board for a link" in html) == (200, True)
        assert "Send me a link" not in html
    before = await db.fetchval("SELECT count(*) FROM mails")
    assert (await ask(free_app, account.username)).status_code == 404
    assert await db.fetchval("SELECT count(*) FROM mails") == before
    assert 'id="mail"' not in (await page(client_of(free_app, account), "/me/settings"))[1]
