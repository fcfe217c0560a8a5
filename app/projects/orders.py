"""The orders that a list can have; docs/ranking.md tells how each rank is computed, and why."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any


@dataclass(frozen=True)
class Order:
    """The column that ranks a list, its type, and how its text is read back.

    `moves`: the rank changes with votes. `windowed`: one may ask for a range of time. `young`: only
    projects of this age are listed.
    """

    label: str
    column: str
    type: str
    parse: Callable[[str], Any]
    moves: bool = True
    windowed: bool = False
    young: timedelta | None = None


def _number(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("no rank")
    return number


def _score(text: str) -> int:
    return max(-(2**31), min(int(text), 2**31 - 1))


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None or not 1970 < moment.year < 3000:
        raise ValueError("no time of this board")
    return moment


REAL = "double precision"
ORDERS = {
    "hot": Order("Hot", "projects.hot", REAL, _number),
    "top": Order("Top", "projects.score", "integer", _score, windowed=True),
    "new": Order("New", "projects.created_at", "timestamptz", _moment, moves=False),
    "rising": Order("Rising", "projects.rising", REAL, _number, young=timedelta(days=3)),
    "best": Order("Best", "projects.best", REAL, _number, windowed=True),
    "controversial": Order("Controversial", "projects.controversy", REAL, _number, windowed=True),
}
SORTS = [(key, order.label) for key, order in ORDERS.items()]
WINDOWS = {
    "day": ("Day", timedelta(days=1)),
    "week": ("Week", timedelta(weeks=1)),
    "month": ("Month", timedelta(days=30)),
    "year": ("Year", timedelta(days=365)),
    "all": ("All time", None),
}


def oldest(order: str, window: str, now: datetime) -> datetime | None:
    """The time of submission from which on a list shows projects; None: from the beginning.

    Whole minutes, so that PostgreSQL meets the same statement more than once.
    """
    length = WINDOWS[window][1] if ORDERS[order].windowed else ORDERS[order].young
    return None if length is None else (now - length).replace(second=0, microsecond=0)
