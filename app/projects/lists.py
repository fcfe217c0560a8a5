"""The lists and projects that the pages and the API show: ranked lists, a user's votes, one project."""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import repeat
from typing import Any

from werkzeug.exceptions import NotFound

from app.board.tracks import Track
from app.errors import UnknownProject
from app.projects import queries
from app.projects.cursors import encode_cursor, next_cursor, position_of
from app.projects.orders import ORDERS, WINDOWS, submitted_since
from app.projects.queries import Cursor, HiddenFor, Position, Project
from app.projects.rows import PAGE, Row, make_row, make_rows, read_live
from app.projects.secret_lists import ListRests, rests
from app.services import services

NO_DOWNVOTES = "There is no such list: people only vote up on this board."
WINDOW_LABELS = [(key, label) for key, (label, _) in WINDOWS.items()]
FILTERS = {"all": (1, -1), "up": (1,), "down": (-1,)}
# While the worker is away, thousands of votes that are taken back may lie between two that are not.
READ_AHEAD, MAX_READS = 200, 20


@dataclass(frozen=True)
class ListPage:
    """Up to PAGE rows, and the cursor of the next page (None on the last page)."""

    rows: list[Row]
    next: str | None


async def ranked_page(
    sort: str, window: str, after: Cursor | None, user_id: int | None, track: Track | None = None
) -> ListPage:
    """Return a page of one of the ORDERS as `user_id` sees it; `window` is one of WINDOWS.

    With a track, the page is one of the list of its projects.

    A next page has the time range of the first page, however long the reader takes. Raises ListRests,
    and answers 404 to the list controversial on a board on which people only vote up.
    """
    if _is_off(sort):
        raise NotFound(NO_DOWNVOTES)
    if rests(sort, user_id):
        raise ListRests
    since = after.since if after else submitted_since(sort, window, datetime.now(UTC))
    track_id = track.id if track else None
    found = await queries.select_projects(
        services().db, sort, user_id, after, PAGE + 1, since, track_id
    )
    return await list_page(found, user_id, sort, since, after)


def no_such_list(lists: Iterable[str]) -> NotFound:
    """Return the error that names those of the lists that this board has."""
    there = (sort for sort in lists if not _is_off(sort))
    return NotFound(f"There is no such list. Choose one of: {', '.join(there)}.")


def _is_off(sort: str) -> bool:
    return sort == "controversial" and not services().board.settings.downvotes


def list_view(
    page: ListPage, sort: str, window: str, track: Track | None = None, *, paged: bool = False
) -> dict[str, Any]:
    """Return the variables of the template projects/list.html; `paged` is False on the first page.

    `in_track` is what the address of every list in the same track ends with.
    """
    in_track = f"&track={track.slug}" if track else ""
    return {
        "projects": page.rows,
        "sort": sort,
        "label": ORDERS[sort].label,
        "window": window,
        "track": track,
        "in_track": in_track,
        "windows": WINDOW_LABELS if ORDERS[sort].windowed else None,
        "paged": paged,
        "next_url": f"/?sort={sort}&t={window}{in_track}&after={page.next}" if page.next else None,
    }


async def voted_page(user_id: int, chosen: str, after: Cursor | None) -> ListPage:
    """Return a page of the projects that a user voted on, last vote first; `chosen` is one of FILTERS.

    The list comes from the table votes, which has the votes up to the last persist. A project whose
    vote in Redis has changed since and no longer matches the filter is left out, and the page reads on
    until it is full. After MAX_READS it ends early, also without any rows, and `next` continues it.
    """
    before = after or Cursor("new")  # ranked by a time, like the list "new"
    floor, kept, more = before.floor, list[tuple[Position, Row]](), True
    for count in (PAGE + 1, *repeat(READ_AHEAD, MAX_READS)):
        found = await _voted(user_id, chosen, floor, count)
        kept += [(place, row) for place, row in found if row.vote_box.value in FILTERS[chosen]]
        more = len(found) == count
        if len(kept) > PAGE or not more:
            break
        floor = found[-1][0]
    if len(kept) > PAGE:
        floor = kept[PAGE - 1][0]
    shown = [replace(row, rank=rank) for rank, (_, row) in enumerate(kept[:PAGE], before.count + 1)]
    follows = Cursor("new", None, before.count + len(shown), floor)
    return ListPage(shown, encode_cursor(follows) if more or len(kept) > PAGE else None)


async def _voted(
    user_id: int, chosen: str, floor: Position | None, count: int
) -> list[tuple[Position, Row]]:
    """Return `count` projects after `floor` that a user voted on, and their positions."""
    found = await queries.select_voted_projects(services().db, user_id, FILTERS[chosen], floor, count)
    rows = await make_rows(services().functions, found, user_id)
    return [(position_of("new", project), row) for project, row in zip(found, rows, strict=True)]


async def list_page(
    found: Sequence[Project],
    user_id: int | None,
    order: str,
    since: datetime | None,
    after: Cursor | None,
) -> ListPage:
    """Return the page of these projects, of which there is one more than PAGE if a page follows."""
    first_rank = after.count + 1 if after else 1
    rows = await make_rows(services().functions, found[:PAGE], user_id, first_rank)
    if order == "shuffled":
        rows = [replace(row, rank=0) for row in rows]  # a place there says nothing
    if len(found) <= PAGE:
        return ListPage(rows, None)
    return ListPage(rows, encode_cursor(next_cursor(order, since, after, found[:PAGE])))


async def find_row(project_id: int, user_id: int | None, hidden: HiddenFor = HiddenFor.EVERYONE) -> Row:
    """Return a project as `user_id` sees it. Raises UnknownProject, also if it is hidden for them."""
    project, live = await asyncio.gather(
        queries.select_project(services().db, project_id, user_id, hidden),
        read_live(services().functions, [project_id], user_id),
    )
    if project is None:
        raise UnknownProject
    return make_row(project, 1, live.get(project_id), user_id)
