"""A tour as three people through every page and state: each is well, and its picture is kept.

The pictures are in test-artifacts/tour. `make test` goes once, on a phone in the light;
`make chaos` goes in every width and scheme.
"""

import asyncio
import sys
from pathlib import Path

import pytest
from playwright.async_api import Page
from werkzeug.exceptions import default_exceptions

from app.accounts.queries import insert_user, select_user
from app.moderation.actions import moderate_project
from app.web.errors import TITLES, answer_error
from e2e.tour import STOPS, Stop
from tests.processes import environment

PICTURES = Path(__file__).parent.parent / "test-artifacts/tour"
OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
LISTS_OVERFLOW = (
    "(lists => lists && lists.scrollWidth - lists.clientWidth)(document.querySelector('.lists ul'))"
)
# How far what was painted has moved by itself, as browsers score it (0.1 and more is felt as a jump).
SHIFT = """new Promise((done) => {
    let sum = 0;
    const add = (entry) => { if (!entry.hadRecentInput) sum += entry.value; };
    const observer = new PerformanceObserver((list) => list.getEntries().forEach(add));
    observer.observe({type: 'layout-shift', buffered: true});
    setTimeout(() => done(sum), 30);
})"""
LOOKS = [
    pytest.param(width, scheme, marks=[] if (width, scheme) == (360, "light") else pytest.mark.long)
    for width in (360, 768, 1280)
    for scheme in ("light", "dark")
]


@pytest.fixture(scope="module")
async def places(settings, app, db) -> dict[str, str]:
    """A board with demo content, a locked and a hidden project; what the stops' paths are made of."""
    amounts = ("--projects=60", "--users=60", "--votes=1500")
    command = (sys.executable, "-m", "app.commands", "demo", *amounts)
    demo = await asyncio.create_subprocess_exec(*command, env=environment(settings))
    assert await demo.wait() == 0
    top = await db.fetch(
        "SELECT id FROM projects WHERE char_length(description) > 200 ORDER BY score DESC LIMIT 3"
    )
    project, locked, hidden = [row["id"] for row in top]
    admin = await insert_user(db, "tour-admin", "no hash", is_admin=True)
    services = app.extensions["upvote"]
    await moderate_project(services, admin.id, "lock", locked, "The competition is over.")
    await moderate_project(services, admin.id, "hide", hidden, "Submitted twice.")
    author = await db.fetchval(
        "SELECT username FROM users WHERE id = (SELECT author_id FROM projects WHERE id = $1)", project
    )
    return {"project": project, "locked": locked, "hidden": hidden, "author": author}


@pytest.mark.parametrize(("width", "scheme"), LOOKS)
async def test_every_page_is_well_in_every_state(new_context, places, board, db, width, scheme):
    looks = {"viewport": {"width": width, "height": 800}, "color_scheme": scheme}
    regular = await board.user()
    admin = await select_user(db, "tour-admin")
    people = {
        who: await (await new_context(account, **looks)).new_page()
        for who, account in (("visitor", None), ("regular", regular), ("admin", admin))
    }
    faults, pictures = [], PICTURES / f"{scheme}-{width}"
    for stop in STOPS:
        page = people[stop.who]
        faults += await visit(page, stop, places | {"regular": regular.username})
        await page.screenshot(path=pictures / f"{stop.who}-{stop.name}.png", full_page=True)
    assert faults == []


@pytest.mark.parametrize(("width", "scheme"), LOOKS)
async def test_every_error_page_is_well(new_context, app, width, scheme):
    looks = {"viewport": {"width": width, "height": 800}, "color_scheme": scheme}
    page = await (await new_context(**looks)).new_page()
    faults = []
    for status in TITLES:
        await page.route("**/broken", await answer_with(app, status))
        faults += await visit(page, Stop("visitor", str(status), "/broken", status=status), {})
        await page.unroute("**/broken")
        picture = PICTURES / f"{scheme}-{width}" / f"error-{status}.png"
        await page.screenshot(path=picture, full_page=True)
    assert faults == []


async def answer_with(app, status: int):
    """A route that answers with the product's page for an error."""
    error = default_exceptions[status](description=f"What happened, in a sentence. ({status})")
    if status in (429, 503):
        error.retry_after = 7
    async with app.test_request_context("/broken"):
        html = await (await answer_error(error)).get_data(as_text=True)

    async def answer(route):
        await route.fulfill(status=status, body=html, content_type="text/html; charset=utf-8")

    return answer


async def visit(page: Page, stop: Stop, places: dict[str, str]) -> list[str]:
    """Go there, do what is done there; what is wrong with the page then."""
    answer = await page.goto(stop.path.format(**places))
    assert answer is not None
    if stop.act:
        await stop.act(page)
    found = {
        f"status {answer.status}": answer.status != stop.status,
        "wider than the screen": await page.evaluate(OVERFLOW) > 0,
        "lists cut off": (await page.evaluate(LISTS_OVERFLOW) or 0) > 0,
        "not one heading": await page.locator("h1").count() != (0 if stop.name == "card-gone" else 1),
        "moved by itself": await page.evaluate(SHIFT) > 0.01,
    }
    return [f"{stop.who} at {stop.name}: {fault}" for fault, is_so in found.items() if is_so]
