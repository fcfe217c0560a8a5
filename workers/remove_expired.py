"""Every hour: remove keys, drafts, links, mails, tokens and events whose time is over."""

import structlog

from app.accounts.drafts.queries import delete_old_drafts
from app.accounts.handover.queries import delete_expired_handovers
from app.accounts.idempotency.queries import delete_expired_keys
from app.accounts.links.queries import delete_old_links
from app.accounts.mail.queries import delete_old_mails, delete_unconfirmed
from app.services import Services
from app.voting.recovery.queries import delete_finished
from app.webhooks.manage.queries import delete_old_events

log = structlog.get_logger()


async def remove_expired(services: Services) -> None:
    keys, drafts = await delete_expired_keys(services.db), await delete_old_drafts(services.db)
    events, links = await delete_finished(services.db), await delete_old_links(services.db)
    await delete_old_mails(services.db)
    await delete_unconfirmed(services.db)
    await delete_old_events(services.db)
    await delete_expired_handovers(services.db)
    if keys or drafts or events or links:
        log.info("removed what has expired", keys=keys, drafts=drafts, events=events, links=links)
