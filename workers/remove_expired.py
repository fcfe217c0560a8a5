"""Every hour: remove idempotency keys and drafts that have expired."""

import structlog

from app.accounts.drafts.queries import delete_old_drafts
from app.accounts.idempotency.queries import delete_expired_keys
from app.services import Services

log = structlog.get_logger()


async def remove_expired(services: Services) -> None:
    keys, drafts = await delete_expired_keys(services.db), await delete_old_drafts(services.db)
    if keys or drafts:
        log.info("removed what has expired", keys=keys, drafts=drafts)
