"""/admin/people: all accounts, with what each has voted on; admins only."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from urllib.parse import urlencode

from asyncpg import Pool
from quart import Blueprint, Response, abort, render_template, request

from app.accounts.forms import is_username
from app.accounts.guard import require_admin
from app.moderation.csv_answer import CHUNK, Rows, csv_answer
from app.moderation.forms import PAGE
from app.moderation.odd.queries import select_finding_count
from app.moderation.people.queries import FILTERS, SORTS, ListedPerson, select_people
from app.services import services
from app.texts import clean_line
from app.web.ids import ID_DIGITS, MAX_ID
from app.web.spreadsheet import Cell

blueprint = Blueprint("people_page", __name__, url_prefix="/admin")

LONGEST_SEARCH = 60
COLUMNS = (
    *(
        "account",
        "username",
        "registered",
        "invitation",
        "votes",
        "percent_on_one_project",
        "only_project",
    ),
    *("admin", "suspended", "display_name", "from_other_site"),
)
FILTER_LABELS = {"all": "All", "suspended": "Suspended", "admins": "Admins"}
SORT_LABELS = {"new": "Newest first", "old": "Oldest first", "name": "By name"}


@dataclass(frozen=True)
class Asked:
    """Which accounts are asked for, and in which order."""

    shown: str
    sort: str
    search: str

    def address(self, **changed: str) -> str:
        """Return the query of a page with other values; those that are empty are left out."""
        values = {"show": self.shown, "sort": self.sort, "q": self.search} | changed
        usual = {"show": "all", "sort": "new"}
        kept = {name: value for name, value in values.items() if value and usual.get(name) != value}
        return f"?{urlencode(kept)}" if kept else ""

    async def read(self, db: Pool, after: int | str | None, count: int) -> list[ListedPerson]:
        return await select_people(db, self.shown, self.sort, self.search or None, after, count)

    def cursor(self, person: ListedPerson) -> int | str:
        return person.username if self.sort == "name" else person.id


@blueprint.get("/people")
async def people() -> str:
    await require_admin()
    asked, after = _asked(), _after()
    found = await asked.read(services().db, after, PAGE + 1)
    more = asked.address(after=str(asked.cursor(found[PAGE - 1]))) if len(found) > PAGE else None
    return await render_template(
        "moderation/people.html",
        asked=asked,
        people=found[:PAGE],
        is_first=after is None,
        findings=await select_finding_count(services().db),
        next_url=f"/admin/people{more}" if more else None,
        filters=FILTER_LABELS,
        orders=SORT_LABELS,
    )


@blueprint.get("/people.csv")
async def people_csv() -> Response:
    """Return all accounts that the page lists, without the names of deleted ones."""
    await require_admin()
    return await csv_answer("people", COLUMNS, _pages(services().db, _asked()))


async def _pages(db: Pool, asked: Asked) -> AsyncIterator[Rows]:
    after: int | str | None = None
    while found := await asked.read(db, after, CHUNK):
        yield [_row(person) for person in found]
        after = asked.cursor(found[-1])


def _row(person: ListedPerson) -> tuple[Cell, ...]:
    return (
        person.id,
        "deleted user" if person.deleted else person.username,
        person.created_at,
        person.invitation,
        person.votes,
        person.share,
        person.title,
        "yes" if person.is_admin else "no",
        person.suspended_at,
        person.display_name,
        "yes" if person.from_site else "no",
    )


def _asked() -> Asked:
    shown, sort = request.args.get("show") or "all", request.args.get("sort") or "new"
    if shown not in FILTERS or sort not in SORTS:
        abort(404, "There is no such list of people. Open /admin/people.")
    return Asked(shown, sort, clean_line(request.args.get("q", ""))[:LONGEST_SEARCH])


def _after() -> int | str | None:
    """Return where the page begins, in the order that is asked for; None at the beginning."""
    text = request.args.get("after", "")
    if request.args.get("sort") == "name":
        return text if is_username(text) else None
    return int(text) if ID_DIGITS.fullmatch(text) and int(text) <= MAX_ID else None
