"""Cursors name the next page of a list, so that no project is repeated or skipped while ranks move.

A page shows the best projects that the pages before it did not show, so the cursor carries the ids of
the projects that were shown. A project that climbs meanwhile is on the next page; one that falls is not
shown again. Nothing is stored on the server, so no page expires.

To limit a cursor's length, the ids are kept in three groups of GROUP_SIZE. When the newest group is
full, the oldest one is dropped. From then on the list is read from the floor: the position where the
oldest remaining group ended. So the first 2 * GROUP_SIZE projects of a list are shown exactly once.
Further down, a project is repeated or skipped only if it moves by GROUP_SIZE positions or more while
about as many are read.

Where ranks never move, the floor is enough: it is the last project shown. The cursor of a shuffled list
carries the seed of its order, so its later pages go on with it, whoever reads them.
"""

import json
import zlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import accumulate, pairwise
from typing import Any

from app.projects.orders import CURSOR_ORDERS
from app.projects.queries import Cursor, Position, Project
from app.projects.rows import PAGE
from app.web.ids import MAX_ID

# Three groups of 200 ids make an address of less than 2.5 kB, and a page reads at most 625 rows of an
# index.
GROUP_SIZE = 200
MAX_GROUP = GROUP_SIZE + PAGE  # a group is full when a page fills it, perhaps beyond GROUP_SIZE
# Room for three full groups and another page, with the longest ids.
MAX_JSON_BYTES = 16_000


def next_cursor(
    order: str, since: datetime | None, before: Cursor | None, shown: Sequence[Project]
) -> Cursor:
    """Return the cursor after a page that began at `before` and showed these projects, one at least."""
    before = before or Cursor(order, since)
    last = position_of(order, shown[-1])
    count = before.count + len(shown)
    if not CURSOR_ORDERS[order].rank_moves:
        return Cursor(order, since, count, floor=last, seed=before.seed)
    older, middle, newer = before.groups
    newer += tuple(project.id for project in shown)
    if len(newer) < GROUP_SIZE:
        return Cursor(order, since, count, before.floor, before.next_floor, (older, middle, newer))
    return Cursor(order, since, count, before.next_floor, last, (middle, newer, ()))


def position_of(order: str, project: Project) -> Position:
    """Return the position of a project that was read from a list in this order."""
    return Position(CURSOR_ORDERS[order].parse(project.rank), project.id)


def encode_cursor(cursor: Cursor) -> str:
    """Return the cursor as text for an address."""
    since = cursor.since and int(cursor.since.timestamp())
    positions = [_position_pair(cursor.floor), _position_pair(cursor.next_floor)]
    groups = [_gaps(group) for group in cursor.groups]
    fields = [cursor.order, since, cursor.count, *positions, *groups]
    if cursor.seed:
        fields.append(cursor.seed)
    text = json.dumps(fields, separators=(",", ":"))
    return urlsafe_b64encode(zlib.compress(text.encode(), 9)).decode().rstrip("=")


def decode_cursor(text: str | None, order: str) -> Cursor | None:
    """Return the cursor, or None if there is none, or a broken one, or one of another list."""
    if not text:
        return None
    try:
        data = urlsafe_b64decode(text + "=" * (-len(text) % 4))
        fields = json.loads(zlib.decompressobj().decompress(data, MAX_JSON_BYTES))
        return _cursor(order, *fields)
    except (ValueError, TypeError, OverflowError, OSError, RecursionError, zlib.error):
        return None


def _cursor(
    wanted: str,
    order: str,
    since: int | None,
    count: int,
    floor: Any,
    next_floor: Any,
    older: list[int],
    middle: list[int],
    newer: list[int],
    seed: int = 0,
) -> Cursor:
    ids = [_ids(group) for group in (older, middle, newer) if len(group) <= MAX_GROUP]
    if order != wanted or not 0 <= int(count) <= MAX_ID or len(ids) != 3 or type(seed) is not int:
        raise ValueError("not a cursor of this list")
    return Cursor(
        order,
        None if since is None else datetime.fromtimestamp(since, UTC),
        int(count),
        _position(order, floor),
        _position(order, next_floor),
        (ids[0], ids[1], ids[2]),
        CURSOR_ORDERS["shuffled"].parse(str(seed)),  # raises if it is no bigint
    )


def _position_pair(position: Position | None) -> list[Any] | None:
    return None if position is None else [str(position.rank), position.id]


def _position(order: str, pair: Any) -> Position | None:
    if pair is None:
        return None
    rank, project_id = pair
    [valid_id] = _ids([project_id])
    return Position(CURSOR_ORDERS[order].parse(rank), valid_id)


def _gaps(group: Sequence[int]) -> list[int]:
    """Return the sorted ids as differences, which are short and compress well."""
    return [after - before for before, after in pairwise((0, *sorted(group)))]


def _ids(gaps: Sequence[int]) -> tuple[int, ...]:
    ids = tuple(accumulate(gaps))
    if not all(type(project_id) is int and 0 < project_id <= MAX_ID for project_id in ids):
        raise ValueError("not the ids of projects")
    return ids
