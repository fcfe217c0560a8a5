"""The SQL of managing webhooks."""

from collections.abc import Sequence
from datetime import timedelta

from asyncpg import Connection, Pool, Record

KEPT = timedelta(days=7)


async def count_webhooks(db: Connection) -> int:
    return int(await db.fetchval("SELECT count(*) FROM webhooks"))


async def insert_webhook(db: Connection, url: str, secret: str, events: Sequence[str]) -> int:
    """Insert a webhook and return its id."""
    return int(
        await db.fetchval(
            "INSERT INTO webhooks (url, secret, events) VALUES ($1, $2, $3) RETURNING id",
            url,
            secret,
            events,
        )
    )


async def delete_webhook(db: Connection, webhook_id: int) -> str | None:
    """Delete a webhook and what waits for it; return its address, or None if there is none."""
    return await db.fetchval("DELETE FROM webhooks WHERE id = $1 RETURNING url", webhook_id)


async def insert_webhook_action(db: Connection, text: str) -> None:
    """Note a change of the webhooks in the moderation log; they are made on the command line."""
    await db.execute("INSERT INTO moderation_actions (action, reason) VALUES ('webhook', $1)", text)


async def select_states(db: Pool | Connection) -> list[Record]:
    """Return the webhooks with what waits for them, the oldest first; see WebhookState."""
    return await db.fetch(
        """
        SELECT id, url, events, created_at, disabled_at, waiting, failing, given_up, problem,
               (SELECT now() - created_at FROM webhook_events WHERE id = oldest_id) AS oldest,
               (SELECT max(ended_at) FROM webhook_deliveries
                WHERE webhook_id = webhooks.id AND ended_at IS NOT NULL AND NOT given_up
               ) AS delivered_at
        FROM webhooks CROSS JOIN LATERAL (
            SELECT count(*) FILTER (WHERE ended_at IS NULL) AS waiting,
                   count(*) FILTER (WHERE ended_at IS NULL AND problem IS NOT NULL) AS failing,
                   count(*) FILTER (WHERE given_up) AS given_up,
                   min(event_id)
                       FILTER (WHERE ended_at IS NULL AND problem IS NOT NULL) AS oldest_id,
                   (array_agg(problem ORDER BY ended_at IS NULL DESC, event_id DESC)
                       FILTER (WHERE problem IS NOT NULL))[1] AS problem
            FROM webhook_deliveries
            WHERE webhook_id = webhooks.id
              AND (ended_at IS NULL OR given_up AND ended_at > now() - interval '1 day')
        ) AS deliveries
        ORDER BY id
        """
    )


async def delete_old_events(db: Pool) -> None:
    """Remove events that were delivered or given up KEPT ago, and those that no webhook waits for."""
    await db.execute(
        """
        DELETE FROM webhook_events
        WHERE created_at < now() - $1::interval AND NOT EXISTS (
            SELECT FROM webhook_deliveries JOIN webhooks ON webhooks.id = webhook_id
            WHERE event_id = webhook_events.id AND disabled_at IS NULL
              AND (ended_at IS NULL OR ended_at > now() - $1::interval)
        )
        """,
        KEPT,
    )
