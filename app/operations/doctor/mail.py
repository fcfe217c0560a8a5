"""Checks of mail: the server in SMTP_URL, and mails that could not be sent."""

from asyncpg import Connection

from app.accounts.mail import queries, smtp
from app.operations.doctor.check import Check, fail, ok
from app.settings import Settings

NAME = "mail server"
ANSWER_SECONDS = 4.0  # for each of connecting, TLS and logging in


async def check_mail_server(settings: Settings, *, connects: bool) -> list[Check]:
    """Return the check of the mail server.

    `connects`: begin TLS and log in, as for a mail. A page that updates by itself must not do that all
    the time.
    """
    if settings.smtp_url is None:
        return [ok(NAME, "none (SMTP_URL is unset)")]
    server = smtp.parse_smtp_url(settings.smtp_url)
    address = f"{server.host}:{server.port}"
    if not connects:
        return [ok(NAME, f"{address} (upvote doctor connects to it)")]
    try:
        async with smtp.connect(settings.smtp_url, ANSWER_SECONDS):
            return [ok(NAME, f"{address} accepts mails, as {settings.mail_from}")]
    except smtp.ERRORS as error:
        problem = f"cannot connect to {address} and log in ({smtp.describe(error)})"
        return [fail(NAME, problem, "Correct SMTP_URL, or look at the log of that server")]


async def check_mails(db: Connection) -> Check:
    """Check that no mail of the last day has failed."""
    found = await queries.select_failures(db)
    if found.problem is None:
        return ok("mails", "none of the last day has failed")
    problem = (
        f"of the last day, {found.given_up} mails were given up and {found.waiting} wait for another "
        f"try (last: {found.problem})"
    )
    return fail("mails", problem, "Run upvote doctor, and look at the log of the mail server")
