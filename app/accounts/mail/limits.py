"""Limits on mails that somebody asks for: the board must not be used to fill mailboxes."""

import hashlib

from werkzeug.exceptions import TooManyRequests

from app.accounts.attempts import client_address, wait_text
from app.accounts.limiter import Limit
from app.accounts.state import accounts
from app.services import services
from app.settings import Settings
from app.voting import keys

# Many people may share an address, as at an event.
PEOPLE_BEHIND_ONE_ADDRESS = 10


def mail_limit(settings: Settings, times: int = 1) -> Limit:
    return Limit(times * settings.mail_limit_max, settings.mail_limit_window)


async def count_request() -> None:
    """Count a mail that this network address asks for. Raises TooManyRequests."""
    limit = mail_limit(services().settings, PEOPLE_BEHIND_ONE_ADDRESS)
    await _count("mail", client_address(), limit, "Many mails have been asked for from your network.")


async def count_confirmation(user_id: int, address: str) -> None:
    """Count a mail that confirms an address. Raises TooManyRequests.

    Counted for the account, and for the mail address, which many accounts could give.
    """
    await count_request()
    limit = mail_limit(services().settings)
    digest = hashlib.sha256(address.lower().encode()).hexdigest()[:16]
    for subject in (str(user_id), digest):
        await _count("confirmation", subject, limit, "Look among unwanted mail: some are on their way.")


async def _count(kind: str, subject: str, limit: Limit, message: str) -> None:
    if wait := await accounts().limiter.attempt(keys.limit(kind, subject), limit):
        raise TooManyRequests(f"{message} Try again in {wait_text(wait)}.", retry_after=wait)
