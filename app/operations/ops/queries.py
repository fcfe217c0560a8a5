"""The SQL of /ops and /metrics."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from asyncpg import Pool

from app.operations.retention.queries import select_log
from app.webhooks.manage.state import WebhookState, read_states


@dataclass(frozen=True)
class Database:
    """Sizes in bytes, connections, the start of the event log's oldest month, and the webhooks."""

    size: int
    connections: int
    max_connections: int
    log_size: int = 0
    log_since: datetime | None = None
    webhooks: Sequence[WebhookState] = ()


async def select_database(db: Pool) -> Database:
    row = await db.fetchrow(
        """
        SELECT pg_database_size(current_database()) AS size,
               (SELECT count(*)::int FROM pg_stat_activity WHERE backend_type = 'client backend')
                   AS connections,
               current_setting('max_connections')::int AS max_connections
        """
    )
    log = await select_log(db)
    webhooks = await read_states(db)
    return Database(**row, log_size=log.size, log_since=log.since, webhooks=webhooks)
