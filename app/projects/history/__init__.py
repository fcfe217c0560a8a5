"""A project's votes over time, from its event log, as points of a picture and rows of a table."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from asyncpg import Pool

from app.projects.history.queries import select_base, select_changes
from app.projects.rows import Row

PARTS = 24
WIDTH, HEIGHT = 480, 120
# The log of a project is read as a whole. Above this, no picture: a bound on what one page costs. The
# version does not tell how many events there are: it leaps when an epoch begins after a loss.
MOST_EVENTS = 50_000


@dataclass(frozen=True)
class Moment:
    at: datetime
    upvotes: int
    downvotes: int


@dataclass(frozen=True)
class History:
    """The tally at the end of each part of a project's life, or of its event log's where old events
    were dropped, and two lines to draw of it. No moments: there are too many events to read.
    """

    moments: list[Moment]
    most: int
    up: str
    down: str
    trimmed: bool = False


TOO_LONG = History([], 0, "", "")


async def history_of(db: Pool, project: Row) -> History | None:
    """None without votes."""
    tally = project.widget.tally
    if tally.version == 0:
        return None
    base = await select_base(db, project.id)
    if base is None and tally.upvotes + tally.downvotes > MOST_EVENTS:
        return TOO_LONG  # each vote has an event at least
    start = Moment(*base) if base else Moment(project.created_at, 0, 0)
    now = max(datetime.now(UTC), start.at + timedelta(minutes=1))
    found, changes = await select_changes(db, project.id, start.at, now, PARTS, MOST_EVENTS + 1)
    if found > MOST_EVENTS:
        return TOO_LONG
    if not (found or base):
        return None
    return replace(draw(changes, start, now), trimmed=base is not None)


def draw(changes: list[tuple[int, int, int]], start: Moment, until: datetime) -> History:
    """Adds the changes up, from the tally at the start."""
    by_part = {part: (up, down) for part, up, down in changes}
    moments, since = [start], start.at
    for part in range(PARTS):
        up, down = by_part.get(part, (0, 0))
        at = since + (until - since) * (part + 1) / PARTS
        moments.append(Moment(at, moments[-1].upvotes + up, moments[-1].downvotes + down))
    most = max(1, *[max(moment.upvotes, moment.downvotes) for moment in moments])
    return History(
        moments,
        most,
        _line([moment.upvotes for moment in moments], most),
        _line([moment.downvotes for moment in moments], most),
    )


def _line(counts: list[int], most: int) -> str:
    """The points of an SVG polyline; y grows downwards."""
    return " ".join(
        f"{WIDTH * n // PARTS},{HEIGHT - HEIGHT * count // most}" for n, count in enumerate(counts)
    )
