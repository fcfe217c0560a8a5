"""A real SMTP server, a board that sends its mails there, and accounts with a mail address."""

import asyncio
import re
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, AuthResult

from app.accounts.mail.outbox import send_due_mails
from app.accounts.passwords import hash_password
from app.accounts.queries import insert_user
from tests.accounts.hashing import quick_hashes
from tests.support import client_of

__all__ = ["quick_hashes"]

PASSWORD = "correct horse"
BASE_URL = "https://board.example"
USER, SECRET = "post", "se/cret:@"


@dataclass
class MailServer:
    """An SMTP server on a free port, the mails that it accepted, and the addresses that it refuses."""

    port: int = 0
    mails: list[EmailMessage] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    refused: set[str] = field(default_factory=set)
    logins: int = 0

    @property
    def url(self) -> str:
        return f"smtp://post:se%2Fcret%3A%40@127.0.0.1:{self.port}"

    async def handle_RCPT(self, server, session, envelope, address, options) -> str:
        if address in self.refused:
            return f"550 5.1.1 <{address}>: no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope) -> str:
        self.recipients += envelope.rcpt_tos
        message = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(message, EmailMessage)
        self.mails.append(message)
        return "250 OK"

    def authenticate(self, server, session, envelope, mechanism, data) -> AuthResult:
        self.logins += 1
        success = (data.login, data.password) == (USER.encode(), SECRET.encode())
        return AuthResult(success=success, handled=success)  # else the server answers 535

    @asynccontextmanager
    async def serving(self, **options: Any) -> AsyncIterator[None]:
        options = {"authenticator": self.authenticate, "auth_require_tls": False} | options
        loop = asyncio.get_running_loop()
        new: Callable[[], SMTP] = lambda: SMTP(self, loop=loop, **options)  # noqa: E731
        server = await loop.create_server(new, "127.0.0.1", self.port)
        self.port = server.sockets[0].getsockname()[1]
        yield
        server.close()
        await server.wait_closed()


@pytest.fixture
async def mail_server() -> AsyncIterator[MailServer]:
    server = MailServer()
    async with server.serving():
        yield server


@pytest.fixture
async def mailing_app(free_app, mail_server, db, redis, monkeypatch):
    """Return the app of a board that sends mail through `mail_server`; no mail waits yet."""
    await db.execute("DELETE FROM mails")
    services = free_app.extensions["upvote"]
    settings = services.settings.model_copy(
        update={"smtp_url": mail_server.url, "mail_from": "board@board.example", "base_url": BASE_URL}
    )
    set_settings(free_app, settings, monkeypatch)
    keys = [key async for key in redis.scan_iter("limit:{*mail*") if b"mail:" in key]
    if keys:
        await redis.delete(*keys)  # all tests come from one address
    return free_app


def set_settings(app, settings, monkeypatch) -> None:
    """Let the app have these settings until the test ends."""
    services = replace(app.extensions["upvote"], settings=settings)
    monkeypatch.setitem(app.extensions, "upvote", services)
    monkeypatch.setitem(app.jinja_env.globals, "settings", settings)


async def work(app) -> int:
    """Send the mails that are due, as the worker does; return how many were sent."""
    return await send_due_mails(app.extensions["upvote"])


@pytest.fixture
async def account(db):
    """Return an account with a password, and without a mail address."""
    return await insert_user(db, f"m-{secrets.token_hex(5)}", await hash_password(PASSWORD))


@pytest.fixture
async def address(db, account):
    """Return the confirmed mail address of the account."""
    address = f"{account.username}@Example.org"
    await db.execute(
        "INSERT INTO mail_addresses (user_id, address, confirmed_at) VALUES ($1, $2, now())",
        account.id,
        address,
    )
    return address


LINK = re.compile(rf"{BASE_URL}(/(?:password|mail)/[\w-]{{43}})")


def link_in(mail) -> str:
    return LINK.search(mail.get_content()).group(1)


async def ask(app, typed):
    return await client_of(app).post("/password", form={"username": typed})
