"""What pages and API show alike: a page of a list, one project, one's own votes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from app.projects import queries
from app.projects.cursors import encode_cursor
from app.projects.listing import PAGE, Row, make_rows
from app.projects.queries import Cursor, Project
from app.services import services
from app.voting.votes import UnknownProject

WINDOWS = {
    "day": ("Day", timedelta(days=1)),
    "week": ("Week", timedelta(weeks=1)),
    "month": ("Month", timedelta(days=30)),
    "year": ("Year", timedelta(days=365)),
    "all": ("All time", None),
}
FILTERS = {"all": (1, -1), "up": (1,), "down": (-1,)}


@dataclass(frozen=True)
class ListPage:
    """PAGE rows at most, and the cursor of the page behind them, None on the last one."""

    rows: list[Row]
    next: str | None


async def ranked_page(
    sort: str, window: str, after: Cursor | None, user_id: int | None, first_rank: int = 1
) -> ListPage:
    """A page of one of the ORDERS as `user_id` sees it; `window` is one of WINDOWS."""
    found = await queries.select_projects(
        services().db, sort, user_id, after, PAGE + 1, _since(sort, window)
    )
    return await _page(found, user_id, first_rank)


async def voted_page(user_id: int, chosen: str, after: Cursor | None) -> ListPage:
    """A page of what a user voted on, last vote first; `chosen` is one of FILTERS.

    Straight from the votes table, so no older than the last persist; a vote that Redis knows to have
    changed since is no longer listed where it does not belong.
    """
    found = await queries.select_voted_projects(
        services().db, user_id, FILTERS[chosen], after, PAGE + 1
    )
    page = await _page(found, user_id)
    rows = [row for row in page.rows if row.widget.value in FILTERS[chosen]]
    return ListPage(rows, page.next)


async def find_row(project_id: int, user_id: int | None, *, hidden: bool = False) -> Row:
    """One project as `user_id` sees it, a hidden one only if `hidden`; raises UnknownProject."""
    project = await queries.select_project(services().db, project_id, user_id, hidden=hidden)
    if project is None:
        raise UnknownProject
    [row] = await make_rows(services().functions, [project], user_id)
    return row


def _since(sort: str, window: str) -> datetime | None:
    """The oldest submission that the list shows; only `top` looks at a range of time."""
    length = WINDOWS[window][1]
    return datetime.now(UTC) - length if sort == "top" and length else None


async def _page(found: Sequence[Project], user_id: int | None, first_rank: int = 1) -> ListPage:
    rows = await make_rows(services().functions, found[:PAGE], user_id, first_rank)
    return ListPage(rows, encode_cursor(found[PAGE - 1]) if len(found) > PAGE else None)
