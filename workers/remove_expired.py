"""Every hour: remove idempotency keys that have expired."""

import structlog

from app.accounts.idempotency.queries import delete_expired_keys
from app.services import Services

log = structlog.get_logger()


async def remove_expired(services: Services) -> None:
    if removed := await delete_expired_keys(services.db):
        log.info("removed expired keys", keys=removed)
