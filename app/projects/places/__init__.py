"""Where a project stands in the lists, and where it stood at best."""

from dataclasses import dataclass
from datetime import datetime

from asyncpg import Pool

from app.projects.orders import ORDERS
from app.projects.places import queries
from app.projects.rows import Row

LISTS = ("hot", "top")
# How far down places are counted, along the list's index, and noted; the table's check has it, too.
MOST = 100


@dataclass(frozen=True)
class Place:
    """Places count from 1, as of the last sync; None below the first MOST.

    `best_at` is when it got to the best place that is known, None if that is where it stands.
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
    return [_place(*found) for found in await queries.select_places(db, project.id, LISTS, MOST)]


def _place(key: str, ahead: int, best: int | None, reached_at: datetime | None) -> Place:
    now = ahead + 1 if ahead < MOST else None
    if now is not None and now <= (best or MOST):
        best, reached_at = now, None
    return Place(key, ORDERS[key].label, now, best, reached_at)


async def record_best_places(db: Pool) -> None:
    """Keep where the first of each list stand, if they never stood higher."""
    for key in LISTS:
        await queries.upsert_best_places(db, key, MOST)
