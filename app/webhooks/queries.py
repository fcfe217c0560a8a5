"""The SQL of webhooks: who wants which events, writing them, and which one is sent next.

Times come from PostgreSQL, unless a test gives `now`: several workers may have different clocks.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from asyncpg import Connection, Pool

GIVE_UP_AFTER = timedelta(days=1)


@dataclass(frozen=True)
class Event:
    """An event to write: what it is about, and its body as JSON."""

    subject: str
    body: str


@dataclass(frozen=True)
class EventProject:
    """What is told of a project; `people`: usernames and display names, the author's first."""

    id: int
    key: str | None
    title: str
    url: str | None
    description: str
    people: list[list[str]]
    track: str | None
    created_at: datetime
    edited_at: datetime | None
    locked: bool


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


async def select_is_wanted(db: Connection, kind: str) -> datetime | None:
    """Return the time now if a webhook wants events of this type, else None."""
    return await db.fetchval(
        """
        SELECT clock_timestamp()
        WHERE EXISTS (SELECT FROM webhooks WHERE disabled_at IS NULL AND $1 = ANY (events))
        """,
        kind,
    )


async def select_event_projects(db: Connection, project_ids: Sequence[int]) -> list[EventProject]:
    """Return those of these projects that are neither deleted nor hidden."""
    rows = await db.fetch(
        """
        SELECT projects.id, projects.key, title, url, description, tracks.slug AS track,
               projects.created_at, edited_at, locked_at IS NOT NULL AS locked,
               ARRAY (
                   SELECT ARRAY[username, coalesce(display_name, '')]
                   FROM users LEFT JOIN project_members
                       ON user_id = users.id AND project_id = projects.id AND accepted_at IS NOT NULL
                   WHERE users.id = author_id OR user_id IS NOT NULL
                   ORDER BY users.id <> author_id, username COLLATE "C"
               ) AS people
        FROM projects LEFT JOIN tracks ON tracks.id = track_id
        WHERE projects.id = ANY ($1::bigint[]) AND deleted_at IS NULL AND hidden_at IS NULL
        ORDER BY projects.id
        """,
        project_ids,
    )
    return [EventProject(**row) for row in rows]


async def select_project_keys(db: Connection, project_ids: Sequence[int]) -> dict[int, str]:
    """Return the keys of those of these projects that have one, deleted ones too."""
    rows = await db.fetch(
        "SELECT id, key FROM projects WHERE id = ANY ($1::bigint[]) AND key IS NOT NULL", project_ids
    )
    return {row["id"]: row["key"] for row in rows}


async def lock_projects_of(db: Connection, user_id: int) -> list[int]:
    """Return the projects that a user is an author of, locked until the transaction ends."""
    rows = await db.fetch(
        """
        SELECT id FROM projects
        WHERE deleted_at IS NULL AND id IN (
            SELECT id FROM projects WHERE author_id = $1
            UNION ALL
            SELECT project_id FROM project_members WHERE user_id = $1 AND accepted_at IS NOT NULL
        )
        ORDER BY id FOR NO KEY UPDATE
        """,
        user_id,
    )
    return [row["id"] for row in rows]


async def insert_events(db: Connection, kind: str, events: Sequence[Event]) -> None:
    """Insert events of one type, and a delivery of each for every webhook that wants it.

    A webhook that is removed meanwhile is left out.
    """
    await db.execute(
        """
        WITH wanting AS (
            SELECT id FROM webhooks WHERE disabled_at IS NULL AND $1 = ANY (events) FOR KEY SHARE
        ), written AS (
            INSERT INTO webhook_events (type, subject, body)
            SELECT $1, subject, body FROM unnest($2::text[], $3::text[]) AS given (subject, body)
            WHERE EXISTS (SELECT FROM wanting) RETURNING id, subject
        )
        INSERT INTO webhook_deliveries (webhook_id, event_id, subject)
        SELECT wanting.id, written.id, subject FROM wanting CROSS JOIN written
        """,
        kind,
        [event.subject for event in events],
        [event.body for event in events],
    )


async def select_due_webhooks(db: Pool, now: datetime | None) -> list[int]:
    """Return the webhooks for which something may have to be sent now."""
    rows = await db.fetch(
        """
        SELECT id FROM webhooks
        WHERE disabled_at IS NULL AND EXISTS (
            SELECT FROM webhook_deliveries
            WHERE webhook_id = webhooks.id AND ended_at IS NULL AND due_at <= coalesce($1, now())
        )
        ORDER BY id
        """,
        now,
    )
    return [row["id"] for row in rows]


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
