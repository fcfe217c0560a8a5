"""Sends the mails that are due: in the worker, so that no request waits for a mail server.

What a mail says is made when it is sent. So the table of mails holds no secret of a link, and a request
for a reset costs the same whether there is such an account or not: it stores what was typed, and only
here somebody looks for the account. Each try has the same secret, since a mail may have arrived
although the server's answer was lost.
"""

from email.message import EmailMessage

import structlog

from app.accounts.limiter import Limiter
from app.accounts.links import digest_of, secret_of
from app.accounts.links.password_links import PATH, store_mailed_link
from app.accounts.mail import queries, smtp
from app.accounts.mail.limits import mail_limit
from app.accounts.mail.queries import Mail, MailAddress
from app.accounts.mail.texts import Sender, write_mail
from app.services import Services
from app.voting import keys

log = structlog.get_logger()

CONFIRM_PATH = "/mail/"
AT_ONCE = 8  # mails in one run, each of which may take MAIL_SECONDS
# Seconds until the next try. A link is of no use to somebody who has stopped waiting for it.
WAITS = (60, 240, 900, 1_800)
TRIES = len(WAITS) + 1


async def send_due_mails(services: Services) -> int:
    """Send the mails that are due; return how many. After a failure the next run goes on."""
    if services.settings.smtp_url is None:
        return 0
    sent = 0
    for _ in range(AT_ONCE):
        mail = await queries.update_next_mail(services.db, WAITS)
        if mail is None:
            break
        try:
            sent += await _send(services, mail)
        except ServerAway:
            break
    return sent


class ServerAway(Exception):
    """The mail server does not take mails now, whoever they are for."""


class Unwritable(Exception):
    """A mail that Python's library cannot write, as to an address that an earlier version accepted."""


async def _fail(services: Services, mail: Mail, problem: str, *, given_up: bool) -> None:
    await queries.update_mail_failed(services.db, mail.id, problem, given_up=given_up)
    log.warning("a mail could not be sent", kind=mail.kind, reason=problem, given_up=given_up)


async def _send(services: Services, mail: Mail) -> bool:
    """Send a mail; return whether it was sent. A failure is logged without its address.

    Raises ServerAway.
    """
    try:
        message = await _write(services, mail)
    except Unwritable as error:
        await _fail(services, mail, f"it cannot be written ({error})", given_up=True)
        return False
    if message is not None and not await _is_accepted(services, mail, message):
        return False
    await queries.delete_mail(services.db, mail.id)
    return message is not None


async def _is_accepted(services: Services, mail: Mail, message: EmailMessage) -> bool:
    """Give a mail to the server; return False if it refuses the recipient. Raises ServerAway."""
    try:
        await smtp.send(services.settings.smtp_url or "", message)
    except smtp.ERRORS as error:
        refused = smtp.is_permanent(error)
        given_up = refused or mail.tries >= TRIES
        await _fail(services, mail, smtp.describe(error), given_up=given_up)
        if refused:
            return False
        raise ServerAway from error
    return True


async def _write(services: Services, mail: Mail) -> EmailMessage | None:
    """Return the mail with its link, or None if there is nothing to send any more.

    Raises Unwritable.
    """
    found = await _recipient(services, mail)
    if found is None:
        return None
    to = {"reset": found.address, "confirm": found.pending}.get(mail.kind, mail.sent_to)
    if to is None:
        return None
    link = await _link(services, mail, found, to)
    if link is None:
        return None
    sender = Sender(services.settings.mail_from or "", services.board.settings.name)
    try:
        message = write_mail(mail.kind, sender, to, found.username, services.settings.address + link)
        message.as_bytes()  # as when it is sent: some headers are refused only here
    except Exception as error:  # whatever is wrong with one mail must not stop those behind it
        raise Unwritable(type(error).__name__) from error
    return message


async def _recipient(services: Services, mail: Mail) -> MailAddress | None:
    """Return the account that a mail is for; None if there is none, or it had enough mails."""
    if mail.kind != "reset":
        return await queries.select_address(services.db, mail.user_id or 0)
    found = await queries.select_address_by_name(services.db, mail.sent_to or "")
    if found is None or (mail.tries == 1 and await _is_over_limit(services, found.user_id)):
        return None
    return found


async def _is_over_limit(services: Services, user_id: int) -> bool:
    """Count a reset; return whether the account has had as many as MAIL_LIMIT_MAX allows."""
    key, limit = keys.limit("reset", str(user_id)), mail_limit(services.settings)
    return bool(await Limiter(services.redis).attempt(key, limit))


async def _link(services: Services, mail: Mail, found: MailAddress, to: str) -> str | None:
    """Return the path that the mail leads to, with the secret of a link that is valid from now on."""
    # No other mail has all of these, not even one of a board that a backup was restored to.
    parts = (mail.kind, mail.id, mail.asked_at.isoformat(), found.user_id, to)
    secret = secret_of(" ".join(map(str, parts)), services.settings.require_secret_key())
    if mail.kind == "reset":
        sent_before = mail.asked_at if mail.tries > 1 else None
        async with services.db.acquire() as db, db.transaction():
            stored = await store_mailed_link(db, found.user_id, secret, sent_before)
        return PATH + secret if stored else None
    if mail.kind == "confirm":
        await queries.update_pending_digest(services.db, found.user_id, to, digest_of(secret))
        return CONFIRM_PATH + secret
    return "/me/settings"
