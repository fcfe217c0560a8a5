"""The orders that a list can have; docs/ranking.md says how each rank is computed, and why."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any


@dataclass(frozen=True)
class Order:
    """A list's order: the SQL expression that ranks it, its type, and the parser of its text.

    `rank_moves` says whether votes change the rank: then the list rests while tallies are secret.
    `windowed` says whether readers can choose a time range. Projects older than `max_age` are not
    listed. `rank` may contain SEED, by which it differs from reader to reader.
    """

    label: str
    rank: str
    type: str
    parse: Callable[[str], Any]
    rank_moves: bool = True
    windowed: bool = False
    max_age: timedelta | None = None


def _number(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("not a finite number")
    return number


def _score(text: str) -> int:
    return max(-(2**31), min(int(text), 2**31 - 1))


def _digest(text: str) -> int:
    number = int(text)
    if not -(2**63) <= number < 2**63:
        raise ValueError("not a bigint")
    return number


def _time(text: str) -> datetime:
    time = datetime.fromisoformat(text)
    if time.tzinfo is None or not 1970 < time.year < 3000:
        raise ValueError("not a time of this board")
    return time


REAL = "double precision"
SEED = "$seed"
ORDERS = {
    "hot": Order("Hot", "projects.hot", REAL, _number),
    "top": Order("Top", "projects.score", "integer", _score, windowed=True),
    "new": Order("New", "projects.created_at", "timestamptz", _time, rank_moves=False),
    "rising": Order("Rising", "projects.rising", REAL, _number, max_age=timedelta(days=3)),
    "best": Order(
        "Best", "best_rank(projects.upvotes, projects.downvotes)", REAL, _number, windowed=True
    ),
    "controversial": Order("Controversial", "projects.controversy", REAL, _number, windowed=True),
    "shuffled": Order(
        "Shuffled",
        f"hashint8extended(projects.id, {SEED}::bigint)",
        "bigint",
        _digest,
        rank_moves=False,
    ),
}
# What a cursor may lead through: the lists and the matches of a search, ranked by kind of match.
CURSOR_ORDERS = ORDERS | {"search": Order("Search", "kind", "integer", _score)}
# The lists that pages link to, and those while tallies are secret, when the others rest.
SORTS = [(key, order.label) for key, order in ORDERS.items() if key != "shuffled"]
SECRET_SORTS = [("shuffled", ORDERS["shuffled"].label), ("new", ORDERS["new"].label)]
WINDOWS = {
    "day": ("Day", timedelta(days=1)),
    "week": ("Week", timedelta(weeks=1)),
    "month": ("Month", timedelta(days=30)),
    "year": ("Year", timedelta(days=365)),
    "all": ("All time", None),
}


def submitted_since(order: str, window: str, now: datetime) -> datetime | None:
    """Return the time since which a listed project was submitted, or None for all projects.

    It is cut to whole minutes, so that PostgreSQL can use a prepared statement again.
    """
    length = WINDOWS[window][1] if ORDERS[order].windowed else ORDERS[order].max_age
    return None if length is None else (now - length).replace(second=0, microsecond=0)
