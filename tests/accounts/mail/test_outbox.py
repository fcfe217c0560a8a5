"""Mails are tried again, given up, and sent again with the same link."""

from dataclasses import asdict

import pytest
from structlog.testing import capture_logs

from app.accounts.mail import outbox, smtp
from tests.accounts.link_pages import use
from tests.accounts.mail.conftest import ask, link_in, set_settings, work
from tests.moderation.admin_pages import page
from tests.support import client_of


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


async def send_again(app, db, monkeypatch) -> None:
    """Send the mail that is due, without learning that the server has accepted it."""

    async def lose_the_answer(url, message):
        await send(url, message)
        raise TimeoutError

    send = smtp.send
    with monkeypatch.context() as losing:
        losing.setattr(smtp, "send", lose_the_answer)
        assert await work(app) == 0
    await db.execute("UPDATE mails SET due_at = now()")


async def test_a_mail_that_arrived_unnoticed_has_the_same_link_when_it_is_sent_again(
    mailing_app, mail_server, account, address, db, monkeypatch
):
    await ask(mailing_app, account.username)
    await ask(mailing_app, account.username)
    await send_again(mailing_app, db, monkeypatch)
    assert await work(mailing_app) == 2
    links = [link_in(mail) for mail in mail_server.mails]
    assert len(links) == 3
    assert len(set(links)) == 2  # of two mails
    assert links.count(links[0]) == 2
    assert (await page(client_of(mailing_app), links[2]))[0] == 200


async def test_a_link_that_was_used_works_no_more_when_its_mail_is_sent_again(
    mailing_app, mail_server, account, address, db, monkeypatch
):
    await ask(mailing_app, account.username)
    await send_again(mailing_app, db, monkeypatch)
    link = link_in(mail_server.mails[0])
    assert (await use(mailing_app, link))[1].status_code == 303
    await work(mailing_app)
    assert (await use(mailing_app, link))[1].status_code == 404
    assert {mail["Subject"] for mail in mail_server.mails[1:]} == {"Your new password on Upvote"}


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


async def test_a_recipient_whom_the_server_refuses_stops_no_other_mail(
    mailing_app, mail_server, account, address, board, db
):
    other = await board.user()
    await db.execute(
        "INSERT INTO mail_addresses (user_id, address) VALUES ($1, 'refusing@example.org')", other.id
    )
    mail_server.refused.add("refusing@example.org")
    for name in (other.username, account.username):
        await ask(mailing_app, name)
    assert await work(mailing_app) == 1
    assert mail_server.recipients == [address]


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
