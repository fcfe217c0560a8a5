"""The mail server: where it is, how it is reached, and what its errors mean."""

import asyncio
import ipaddress
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email.message import EmailMessage
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

import aiosmtplib
from aiosmtplib import SMTPException, SMTPRecipientsRefused, SMTPResponseException

# Each answer of the server, and one mail from connecting to the end.
ANSWER_SECONDS = 10.0
MAIL_SECONDS = 30.0
# What a server that is away, hangs, refuses or breaks off raises.
ERRORS = (SMTPException, OSError, TimeoutError)


class SmtpServer(NamedTuple):
    """A mail server, with TLS from the first byte or by STARTTLS (True: required; None: if offered)."""

    host: str
    port: int
    username: str | None
    password: str | None
    use_tls: bool
    start_tls: bool | None


def parse_smtp_url(url: str) -> SmtpServer:
    """Return the server of smtp://user:password@host:587 or smtps://….

    A password is sent through TLS only, except to this machine itself, which needs none.
    """
    parts = urlsplit(url)
    host, password = parts.hostname or "", unquote(parts.password) if parts.password else None
    username = unquote(parts.username) if parts.username else None
    if parts.scheme == "smtps":
        return SmtpServer(host, parts.port or 465, username, password, True, False)
    start_tls = False if _is_local(host) else (True if password else None)
    return SmtpServer(host, parts.port or 587, username, password, False, start_tls)


def _is_local(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


@asynccontextmanager
async def connect(url: str, answer_seconds: float = ANSWER_SECONDS) -> AsyncIterator[aiosmtplib.SMTP]:
    """Connect, begin TLS and log in. Raises one of ERRORS."""
    server = parse_smtp_url(url)
    client = aiosmtplib.SMTP(
        hostname=server.host,
        port=server.port,
        username=server.username,
        password=server.password,
        use_tls=server.use_tls,
        start_tls=server.start_tls,
        timeout=answer_seconds,
    )
    async with asyncio.timeout(MAIL_SECONDS), client:
        yield client


async def send(url: str, message: EmailMessage) -> None:
    """Send a mail. Raises one of ERRORS."""
    async with connect(url) as client:
        await client.send_message(message)


def is_permanent(error: BaseException) -> bool:
    """Return whether the server will never accept this mail, since it refuses the recipient."""
    if not isinstance(error, SMTPRecipientsRefused):
        return False
    return all(500 <= refused.code < 600 for refused in error.recipients)


def describe(error: BaseException) -> str:
    """Return the kind and code of an error. The server's own words may contain an address."""
    if isinstance(error, SMTPRecipientsRefused):
        codes = sorted({str(refused.code) for refused in error.recipients})
        return f"the server refuses the recipient ({', '.join(codes)})"
    if isinstance(error, SMTPResponseException):
        return f"{type(error).__name__} {error.code}"
    return type(error).__name__
