"""What pages and API show alike: a page of a list, one project, one's own votes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from app.errors import UnknownProject
from app.projects import queries
from app.projects.cursors import encode_cursor, next_cursor
from app.projects.orders import ORDERS, WINDOWS, oldest
from app.projects.queries import Cursor, Project
from app.projects.rows import PAGE, Row, make_rows
from app.services import services

RANGES = [(key, label) for key, (label, _) in WINDOWS.items()]
FILTERS = {"all": (1, -1), "up": (1,), "down": (-1,)}


@dataclass(frozen=True)
class ListPage:
    """PAGE rows at most, and the cursor of the page behind them, None on the last one."""

    rows: list[Row]
    next: str | None


async def ranked_page(sort: str, window: str, after: Cursor | None, user_id: int | None) -> ListPage:
    """A page of one of the ORDERS as `user_id` sees it; `window` is one of WINDOWS.

    The pages of one reading look at the same range of time, however long the reading takes.
    """
    since = after.since if after else oldest(sort, window, datetime.now(UTC))
    found = await queries.select_projects(services().db, sort, user_id, after, PAGE + 1, since)
    return await _page(found, user_id, sort, since, after)


def list_view(page: ListPage, sort: str, window: str, *, paged: bool = False) -> dict[str, Any]:
    """What the template projects/list.html is drawn from; `paged`: it is not the list's first page."""
    return {
        "projects": page.rows,
        "sort": sort,
        "window": window,
        "windows": RANGES if ORDERS[sort].windowed else None,
        "paged": paged,
        "next_url": f"/?sort={sort}&t={window}&after={page.next}" if page.next else None,
    }


async def voted_page(user_id: int, chosen: str, after: Cursor | None) -> ListPage:
    """A page of what a user voted on, last vote first; `chosen` is one of FILTERS.

    Straight from the votes table, so no older than the last persist; a vote that Redis knows to have
    changed since is no longer listed where it does not belong.
    """
    floor = after.floor if after else None
    found = await queries.select_voted_projects(
        services().db, user_id, FILTERS[chosen], floor, PAGE + 1
    )
    page = await _page(found, user_id, "new", None, after)  # ranked by a time, as new is
    rows = [row for row in page.rows if row.widget.value in FILTERS[chosen]]
    return ListPage(rows, page.next)


async def find_row(project_id: int, user_id: int | None, *, hidden: bool = False) -> Row:
    """One project as `user_id` sees it, a hidden one only if `hidden`; raises UnknownProject."""
    project = await queries.select_project(services().db, project_id, user_id, hidden=hidden)
    if project is None:
        raise UnknownProject
    [row] = await make_rows(services().functions, [project], user_id)
    return row


async def _page(
    found: Sequence[Project],
    user_id: int | None,
    order: str,
    since: datetime | None,
    after: Cursor | None,
) -> ListPage:
    first_rank = after.count + 1 if after else 1
    rows = await make_rows(services().functions, found[:PAGE], user_id, first_rank)
    if len(found) <= PAGE:
        return ListPage(rows, None)
    return ListPage(rows, encode_cursor(next_cursor(order, since, after, found[:PAGE])))
