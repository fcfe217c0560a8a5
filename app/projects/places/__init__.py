"""Where a project stands in the lists, and where it stood at best."""

from dataclasses import dataclass
from datetime import datetime

from asyncpg import Pool

from app.projects.listing import Row
from app.projects.orders import ORDERS
from app.projects.places import queries

LISTS = ("hot", "top")
# Standing is counted along the list's index, so there is an end to it: one place in a thousand more or
# less says nothing.
MOST_COUNTED = 1_000
MOST_NOTED = 100  # as the table's check has it


@dataclass(frozen=True)
class Place:
    """Places count from 1. `now` is as of the last sync, None below the first MOST_COUNTED.

    `best` is the best that is known, None if it never was among the first MOST_NOTED; `best_at` is
    when it got there, None if that is where it stands.
    """

    list: str
    label: str
    now: int | None
    best: int | None
    best_at: datetime | None


async def places_of(db: Pool, project: Row) -> list[Place]:
    """One place a list; none of a project that is in no list."""
    if project.hidden:
        return []
    return [
        _place(*found) for found in await queries.select_places(db, project.id, LISTS, MOST_COUNTED)
    ]


def _place(key: str, ahead: int, best: int | None, reached_at: datetime | None) -> Place:
    now = ahead + 1 if ahead < MOST_COUNTED else None
    if now is not None and now <= min(best or MOST_NOTED, MOST_NOTED):
        best, reached_at = now, None
    return Place(key, ORDERS[key].label, now, best, reached_at)


async def note_best_places(db: Pool) -> None:
    """Keep where the first of each list stand, if they never stood higher."""
    for key in LISTS:
        await queries.upsert_best_places(db, key, MOST_NOTED)
