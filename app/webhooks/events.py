"""Writes the events of webhooks, in the transaction of the change that they tell of.

A project's row is locked by its change, and the announced voting by announcing. So of two events with
one subject the one that is committed first has the lower id, and they are sent in the order of ids.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from asyncpg import Connection
from pydantic_core import to_json

from app.links import read_link
from app.webhooks import PROJECT_REMOVED, PROJECT_SUBMITTED, PROJECT_UPDATED, queries
from app.webhooks.queries import Event, EventProject

VOTING = "voting"


async def write_submitted(db: Connection, project_ids: Sequence[int]) -> None:
    """Write an event that these projects are on the board: new, or shown again by an admin."""
    await _write_projects(db, PROJECT_SUBMITTED, project_ids)


async def write_updated(db: Connection, project_ids: Sequence[int]) -> None:
    """Write events of what these projects say now; those that are hidden are left out.

    Call it while this transaction holds the locks of their rows.
    """
    await _write_projects(db, PROJECT_UPDATED, project_ids)


async def write_key_given(db: Connection, project_id: int, key: str) -> None:
    """Write an event that a project has a key now; its waiting events stay in order with later ones."""
    await queries.update_subject(db, _subject(project_id, None), _subject(project_id, key))
    await write_updated(db, [project_id])


async def write_removed(db: Connection, project_ids: Sequence[int], reason: str) -> None:
    """Write an event that these projects are off the board. `reason`: "deleted" or "hidden"."""
    if project_ids and await queries.select_is_wanted(db, PROJECT_REMOVED):
        keys = await queries.select_project_keys(db, project_ids)
        removed = [(each, keys.get(each)) for each in sorted(project_ids)]
        events = [
            (_subject(number, key), {"project": {"id": number, "key": key}, "reason": reason})
            for number, key in removed
        ]
        await _write(db, PROJECT_REMOVED, events)


async def write_voting(db: Connection, kind: str, data: dict[str, Any]) -> None:
    """Write an event about voting. The transaction must hold the lock of announced_voting."""
    await _write(db, kind, [(VOTING, data)])


async def _write_projects(db: Connection, kind: str, project_ids: Sequence[int]) -> None:
    if project_ids and await queries.select_is_wanted(db, kind):
        found = await queries.select_event_projects(db, project_ids)
        events = [(_subject(each.id, each.key), {"project": _project(each)}) for each in found]
        await _write(db, kind, events)


def _subject(project_id: int, key: str | None) -> str:
    """Return what is kept in order: a key may name another project after a deletion."""
    return f"key {key}" if key else f"project {project_id}"


def _project(project: EventProject) -> dict[str, Any]:
    """Return a project as in the API, without its tally and without anybody's vote."""
    people = [(name, display_name or None) for name, display_name in project.people]
    link = read_link(project.url) if project.url else None
    return {
        "id": project.id,
        "key": project.key,
        "title": project.title,
        "url": link.address if link else None,
        "description": project.description,
        "author": people[0][0],
        "authors": [name for name, _ in people],
        "display_name": people[0][1],
        "display_names": [display_name for _, display_name in people],
        "track": project.track,
        "created_at": project.created_at,
        "edited_at": project.edited_at,
        "locked": project.locked,
    }


async def _write(db: Connection, kind: str, events: Sequence[tuple[str, dict[str, Any]]]) -> None:
    if events and (now := await queries.select_is_wanted(db, kind)):
        bodies = [Event(subject, _body(kind, now, data)) for subject, data in events]
        await queries.insert_events(db, kind, bodies)


def _body(kind: str, now: datetime, data: dict[str, Any]) -> str:
    return to_json({"type": kind, "timestamp": now, "data": data}).decode()
