"""The SQL of webhooks: who wants which events, and writing them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from asyncpg import Connection


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


# The people of a project are two small reads of users: a join of both would read all users.
EVENT_PROJECTS = """
    SELECT projects.id, projects.key, title, url, description, tracks.slug AS track,
           projects.created_at, edited_at, locked_at IS NOT NULL AS locked,
           ARRAY (
               SELECT ARRAY[username, coalesce(display_name, '')] FROM users WHERE users.id = author_id
           ) || ARRAY (
               SELECT ARRAY[username, coalesce(display_name, '')]
               FROM project_members JOIN users ON users.id = user_id
               WHERE project_id = projects.id AND accepted_at IS NOT NULL AND user_id <> author_id
               ORDER BY username COLLATE "C"
           ) AS people
    FROM projects LEFT JOIN tracks ON tracks.id = track_id
    WHERE projects.id = ANY ($1::bigint[]) AND deleted_at IS NULL AND hidden_at IS NULL
    ORDER BY projects.id
"""


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
    rows = await db.fetch(EVENT_PROJECTS, project_ids)
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


async def update_subject(db: Connection, before: str, after: str) -> None:
    """Let what waits of one subject be of another one."""
    await db.execute(
        "UPDATE webhook_deliveries SET subject = $2 WHERE subject = $1 AND ended_at IS NULL",
        before,
        after,
    )
