"""A project's places in the lists: the current one and the best one so far."""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from asyncpg import Pool

from app.projects.orders import ORDERS
from app.projects.places import queries

if TYPE_CHECKING:
    from app.projects.rows import Row

LISTS = ("hot", "top")
# Places below this one are neither counted nor stored: counting reads the list's index from the top.
# The CHECK of the table best_places has the same number.
MAX_PLACE = 100


@dataclass(frozen=True)
class Place:
    """A project's place in one list. Places count from 1, by the last sync; None is below MAX_PLACE.

    `best_at` is when the project reached its best place, None if it is there now.
    """

    list: str
    label: str
    now: int | None
    best: int | None
    best_at: datetime | None


async def places_of(db: Pool, project: "Row") -> list[Place]:
    """Return one place for each of LISTS; none for a hidden project, which is in no list."""
    if project.hidden:
        return []
    return [_place(*found) for found in await queries.select_places(db, project.id, LISTS, MAX_PLACE)]


def _place(key: str, ahead: int, best: int | None, reached_at: datetime | None) -> Place:
    now = ahead + 1 if ahead < MAX_PLACE else None
    if now is not None and now <= (best or MAX_PLACE):
        best, reached_at = now, None
    return Place(key, ORDERS[key].label, now, best, reached_at)


async def record_best_places(db: Pool) -> None:
    """Store the places of the first MAX_PLACE projects of each list that have never been higher."""
    for key in LISTS:
        await queries.upsert_best_places(db, key, MAX_PLACE)
