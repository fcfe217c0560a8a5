"""The SQL of sending: which event is sent next, and what became of it.

Times come from PostgreSQL, unless a test gives `now`: several workers may have different clocks.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from asyncpg import Pool

GIVE_UP_AFTER = timedelta(days=1)


@dataclass(frozen=True)
class Delivery:
    """An event to send to a webhook, for the `tries`-th time; its secret is in no traceback."""

    webhook_id: int
    event_id: int
    tries: int
    url: str
    secret: str = field(repr=False)
    message_id: str
    body: str


async def select_webhooks(db: Pool, now: datetime | None) -> dict[int, bool]:
    """Return for each webhook that is not disabled whether something may have to be sent now."""
    rows = await db.fetch(
        """
        SELECT id, EXISTS (
            SELECT FROM webhook_deliveries
            WHERE webhook_id = webhooks.id AND ended_at IS NULL AND due_at <= coalesce($1, now())
        ) AS is_due
        FROM webhooks WHERE disabled_at IS NULL ORDER BY id
        """,
        now,
    )
    return {row["id"]: row["is_due"] for row in rows}


async def update_next_delivery(
    db: Pool, webhook_id: int, lease: timedelta, now: datetime | None
) -> Delivery | None:
    """Take the next delivery of a webhook that is due, or return None.

    It waits for earlier events of its subject. It is due again after `lease`, in case this process ends
    meanwhile. No two processes take the same one.
    """
    row = await db.fetchrow(
        """
        WITH next AS (
            SELECT event_id FROM webhook_deliveries AS due
            WHERE webhook_id = $1 AND ended_at IS NULL AND due_at <= coalesce($3, now())
              AND event_id = ( -- one look into an index, whatever the planner knows of the table
                  SELECT min(earlier.event_id) FROM webhook_deliveries AS earlier
                  WHERE earlier.webhook_id = $1 AND earlier.subject = due.subject
                    AND earlier.ended_at IS NULL
              )
            ORDER BY due_at, event_id LIMIT 1 FOR UPDATE SKIP LOCKED
        )
        UPDATE webhook_deliveries AS taken
        SET tries = tries + 1, due_at = coalesce($3, now()) + $2
        FROM next, webhooks, webhook_events
        WHERE taken.webhook_id = $1 AND taken.event_id = next.event_id
          AND webhooks.id = $1 AND disabled_at IS NULL AND webhook_events.id = next.event_id
        RETURNING taken.webhook_id, taken.event_id, tries, url, secret, message_id, body
        """,
        webhook_id,
        lease,
        now,
    )
    return row and Delivery(**row)


async def update_delivered(db: Pool, webhook_id: int, event_id: int, now: datetime | None) -> None:
    await db.execute(
        """
        UPDATE webhook_deliveries SET ended_at = coalesce($3, now()), problem = NULL
        WHERE webhook_id = $1 AND event_id = $2 AND NOT given_up
        """,
        webhook_id,
        event_id,
        now,
    )


async def update_failed(
    db: Pool, tried: Delivery, problem: str, wait: timedelta, now: datetime | None
) -> bool:
    """Let a delivery, and those that wait behind it, wait before the next try; return if given up.

    It is given up if the event is older than GIVE_UP_AFTER. A later try of another process decides.
    """
    ended = await db.fetchval(
        """
        WITH failed AS (
            UPDATE webhook_deliveries AS tried
            SET problem = $4, due_at = coalesce($6, now()) + $5,
                given_up = created_at <= coalesce($6, now()) - $7::interval,
                ended_at = CASE
                    WHEN created_at <= coalesce($6, now()) - $7::interval THEN coalesce($6, now())
                END
            FROM webhook_events
            WHERE webhook_id = $1 AND event_id = $2 AND tries = $3 AND ended_at IS NULL
              AND webhook_events.id = event_id
            RETURNING tried.subject, due_at, given_up
        ), behind AS (
            UPDATE webhook_deliveries AS waiting SET due_at = greatest(waiting.due_at, failed.due_at)
            FROM failed
            WHERE webhook_id = $1 AND waiting.subject = (SELECT subject FROM failed)
              AND event_id > $2 AND ended_at IS NULL AND NOT failed.given_up
        )
        SELECT given_up FROM failed
        """,
        tried.webhook_id,
        tried.event_id,
        tried.tries,
        problem,
        wait,
        now,
        GIVE_UP_AFTER,
    )
    return bool(ended)


async def update_disabled(db: Pool, webhook_id: int, problem: str) -> None:
    """Send nothing more to a webhook, and give up what waits for it."""
    await db.execute(
        """
        WITH disabled AS (UPDATE webhooks SET disabled_at = now() WHERE id = $1)
        UPDATE webhook_deliveries SET ended_at = now(), given_up = true, problem = $2
        WHERE webhook_id = $1 AND ended_at IS NULL
        """,
        webhook_id,
        problem,
    )
