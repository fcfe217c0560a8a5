"""A project's tally over time, from its event log: the lines of a chart and the rows of a table."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from asyncpg import Pool

from app.projects.history.queries import select_base, select_changes
from app.projects.rows import Row

PARTS = 24
WIDTH, HEIGHT = 480, 120
# A project's whole log is read, so a project with more events gets no chart: this bounds the cost of a
# page. The version does not say how many events there are: it leaps when an epoch begins after a loss.
MAX_EVENTS = 50_000


@dataclass(frozen=True)
class Point:
    """The tally at one time."""

    at: datetime
    upvotes: int
    downvotes: int


@dataclass(frozen=True)
class History:
    """The tally at the start and at the end of PARTS parts of a project's life, and two SVG lines.

    If old events were dropped (`trimmed`), it starts where the event log starts. There are no points if
    there are too many events to read.
    """

    points: list[Point]
    max_count: int
    up: str
    down: str
    trimmed: bool = False


TOO_LONG = History([], 0, "", "")


async def history_of(db: Pool, project: Row) -> History | None:
    """Return a project's history, or None if nobody has voted on it."""
    tally = project.vote_box.tally
    if tally.version == 0:
        return None
    base = await select_base(db, project.id)
    if base is None and tally.upvotes + tally.downvotes > MAX_EVENTS:
        return TOO_LONG  # each vote has at least one event
    start = Point(*base) if base else Point(project.created_at, 0, 0)
    now = max(datetime.now(UTC), start.at + timedelta(minutes=1))
    found, changes = await select_changes(db, project.id, start.at, now, PARTS, MAX_EVENTS + 1)
    if found > MAX_EVENTS:
        return TOO_LONG
    if not (found or base):
        return None
    return replace(build_history(changes, start, now), trimmed=base is not None)


def build_history(changes: list[tuple[int, int, int]], start: Point, until: datetime) -> History:
    """Return the history that the changes make of the tally at the start."""
    by_part = {part: (up, down) for part, up, down in changes}
    points = [start]
    for part in range(PARTS):
        up, down = by_part.get(part, (0, 0))
        at = start.at + (until - start.at) * (part + 1) / PARTS
        points.append(Point(at, points[-1].upvotes + up, points[-1].downvotes + down))
    max_count = max(1, *[max(point.upvotes, point.downvotes) for point in points])
    return History(
        points,
        max_count,
        _polyline([point.upvotes for point in points], max_count),
        _polyline([point.downvotes for point in points], max_count),
    )


def _polyline(counts: list[int], max_count: int) -> str:
    """Return the points of an SVG polyline; y grows downwards."""
    return " ".join(
        f"{WIDTH * n // PARTS},{HEIGHT - HEIGHT * count // max_count}" for n, count in enumerate(counts)
    )
