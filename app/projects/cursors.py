"""Cursors: they name a list's next page, and keep it from repeating or skipping while ranks move.

A page is the best of what the pages before it did not show, so the cursor carries the numbers of what
was shown. Whatever climbs meanwhile comes on the next page, whatever falls is not shown again. Nothing
is stored anywhere: no page expires.

So that a cursor does not grow for ever, the numbers are kept in three groups of GROUP. When the newest
is full, the oldest is forgotten, and the list is from then on read from the floor: the place where the
oldest remaining group ended. Hence the first 2 * GROUP projects of a list come exactly once; further
down one is repeated or skipped only if it moves GROUP places or more while about as many are read.

Where ranks never move, the floor alone, at the last project shown, does all of it.
"""

import json
import zlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import accumulate, pairwise
from typing import Any

from app.projects.orders import ORDERS
from app.projects.queries import Cursor, Mark, Project
from app.web.ids import LARGEST_ID

# Three groups of 200 numbers make an address of less than 2.5 kB, and a page reads 625 rows of an index
# at most.
GROUP = 200
# A page more than the groups can hold, of numbers as long as they get.
LARGEST = 16_000


def next_cursor(
    order: str, since: datetime | None, before: Cursor | None, shown: Sequence[Project]
) -> Cursor:
    """The cursor behind a page that began at `before` and showed these projects, one at least."""
    before = before or Cursor(order, since)
    last = Mark(ORDERS[order].parse(shown[-1].rank), shown[-1].id)
    count = before.count + len(shown)
    if not ORDERS[order].moves:
        return Cursor(order, since, count, floor=last)
    older, middle, newer = before.groups
    newer += tuple(project.id for project in shown)
    if len(newer) < GROUP:
        return Cursor(order, since, count, before.floor, before.mark, (older, middle, newer))
    return Cursor(order, since, count, before.mark, last, (middle, newer, ()))


def encode_cursor(cursor: Cursor) -> str:
    """The cursor as a word for an address."""
    since = cursor.since and int(cursor.since.timestamp())
    fields = [cursor.order, since, cursor.count, _pair(cursor.floor), _pair(cursor.mark)]
    groups = [_gaps(group) for group in cursor.groups]
    text = json.dumps([*fields, *groups], separators=(",", ":"))
    return urlsafe_b64encode(zlib.compress(text.encode(), 9)).decode().rstrip("=")


def decode_cursor(text: str | None, order: str) -> Cursor | None:
    """The cursor, or None for no cursor, a broken one or another list's: start at the top then."""
    if not text:
        return None
    try:
        data = urlsafe_b64decode(text + "=" * (-len(text) % 4))
        fields = json.loads(zlib.decompressobj().decompress(data, LARGEST))
        return _cursor(order, *fields)
    except (ValueError, TypeError, OverflowError, OSError, RecursionError, zlib.error):
        return None


def _cursor(
    wanted: str, order: str, since: int | None, count: int, floor: Any, mark: Any, *groups: list[int]
) -> Cursor:
    numbers = [_numbers(group) for group in groups]
    if order != wanted or not 0 < int(count) <= LARGEST_ID or len(numbers) != 3:
        raise ValueError("no cursor of this list")
    return Cursor(
        order,
        None if since is None else datetime.fromtimestamp(since, UTC),
        int(count),
        _mark(order, floor),
        _mark(order, mark),
        (numbers[0], numbers[1], numbers[2]),
    )


def _pair(mark: Mark | None) -> list[Any] | None:
    return None if mark is None else [str(mark.rank), mark.id]


def _mark(order: str, pair: Any) -> Mark | None:
    if pair is None:
        return None
    rank, number = pair
    [valid] = _numbers([number])
    return Mark(ORDERS[order].parse(rank), valid)


def _gaps(group: Sequence[int]) -> list[int]:
    """Numbers that grow by little are short, and compress well."""
    return [after - before for before, after in pairwise((0, *sorted(group)))]


def _numbers(gaps: Sequence[int]) -> tuple[int, ...]:
    numbers = tuple(accumulate(gaps))
    if not all(type(number) is int and 0 < number <= LARGEST_ID for number in numbers):
        raise ValueError("no numbers of projects")
    return numbers
