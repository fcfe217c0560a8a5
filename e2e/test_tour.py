"""A tour of three people through every page and state, which checks each one and keeps a screenshot.

`make test` tours once, on a light phone. axe-core checks every page there: by all rules where it has
elements of a kind that no earlier page had, by turns in that look and in the opposite one, and by the
rules about whole pages elsewhere. `make chaos` tours in every width and scheme, with axe-core in
each, and keeps the screenshots in test-artifacts/tour.
"""

from collections import defaultdict
from functools import partial
from types import SimpleNamespace

import pytest
from quart import render_template
from werkzeug.exceptions import default_exceptions

from app.accounts.links import digest_of, new_secret
from app.accounts.links.queries import insert_link
from app.accounts.mail.queries import update_pending, update_pending_digest
from app.accounts.queries import select_user
from app.projects.lists import ListPage, list_view
from app.web.errors import TITLES, answer_error
from e2e.axe import FIRST
from e2e.tour import STOPS, Stop
from e2e.visits import PhoneVisits, options, visit

LOOKS = [(width, scheme) for width in (360, 768, 1280) for scheme in ("light", "dark")]
PEOPLE = ["visitor", "regular", "admin"]
# Addresses for GET that are not pages.
NOT_PAGES = {
    *("/healthz", "/readyz", "/metrics", "/live", "/feed.atom", "/favicon.ico", "/robots.txt"),
    *("/static/<path:path>", "/me/export.json", "/results.csv", "/results.svg"),
    *("/screen/rows", "/screen/places"),
    *("/admin/people.csv", "/admin/projects/<id:project_id>/votes.csv", "/admin/users/<username>"),
    *("/.well-known/change-password", "/embed/upvote.js"),
    *("/board/logo/<digest>.webp", "/board/accent-<colour>.css"),
    # Only a board with a provider has these pages: test_sign_in.py looks at them.
    *("/sign-in/start", "/sign-in/callback", "/sign-in/connect", "/sign-in/confirm"),
    *("/sign-in/name", "/sign-in/ended", "/me/settings/provider"),
    "/handover",  # see handover_pages
}


def test_the_tour_stops_at_every_page(app):
    gets = {rule.rule for rule in app.url_map.iter_rules() if "GET" in rule.methods}
    pages = {path for path in gets - NOT_PAGES if not path.startswith("/api/")}
    found = app.url_map.bind("localhost")
    somewhere = defaultdict(lambda: "1")
    paths = [stop.path.format_map(somewhere).partition("?")[0] for stop in STOPS if stop.status == 200]
    assert pages == {found.match(path, return_rule=True)[0].rule for path in paths}


async def test_every_page_passes_on_a_phone(new_context, places, board, db):
    phone, faults = PhoneVisits(), []
    for who in PEOPLE:
        page, of_this_person = await set_out(new_context, places, board, db, FIRST, who)
        for stop in STOPS:
            if stop.who == who:
                faults += await phone.visit(page, stop, of_this_person)
    assert "\n".join(faults) == ""


@pytest.mark.long
@pytest.mark.parametrize("who", PEOPLE)
@pytest.mark.parametrize("look", LOOKS)
async def test_every_page_passes_in_every_look(new_context, places, board, db, look, who):
    page, places = await set_out(new_context, places, board, db, look, who)
    faults = []
    for stop in STOPS:
        if stop.who == who:
            faults += await visit(page, stop, places, look)
    assert "\n".join(faults) == ""


async def test_error_pages_and_empty_lists_pass_on_a_phone(new_context, app):
    page = await (await new_context(**options(FIRST))).new_page()
    phone, faults = PhoneVisits(), []
    async for stop in elsewhere(page, app):
        faults += await phone.visit(page, stop, {})
    assert "\n".join(faults) == ""


@pytest.mark.long
@pytest.mark.parametrize("look", LOOKS)
async def test_error_pages_and_empty_lists_pass_in_every_look(new_context, app, look):
    page = await (await new_context(**options(look))).new_page()
    faults = []
    async for stop in elsewhere(page, app):
        faults += await visit(page, stop, {}, look)
    assert "\n".join(faults) == ""


async def set_out(new_context, places, board, db, look, who):
    """Return an empty page of this person and the values for the paths of the stops."""
    regular = await board.user()
    accounts = {"visitor": None, "regular": regular, "admin": await select_user(db, "tour-admin")}
    page = await (await new_context(accounts[who], **options(look))).new_page()
    query = "INSERT INTO project_members (project_id, user_id) VALUES ($1, $2)"
    await db.execute(query, places["twin"], regular.id)
    return page, places | {
        "regular": regular.username,
        "regular_id": regular.id,
        "own": await board.project(regular),
        "secret": await give_links(db),
    }


async def elsewhere(page, app):
    """Yield a stop for each error page and empty list, which the page gets there."""
    pages = await error_pages(app) | await empty_lists(app) | await handover_pages(app)
    for name, (status, html) in pages.items():
        await page.route("**/elsewhere", partial(answer_with, status, html))
        yield Stop("visitor", name, "/elsewhere", status=status)
        await page.unroute("**/elsewhere")


async def give_links(db) -> str:
    """Return the secret of a link to set a password, and of one to confirm a mail address."""
    account_id, secret = (
        await db.fetchval("SELECT id FROM users WHERE username = 'tour-admin'"),
        new_secret(),
    )
    digest, pending = digest_of(secret), f"{secret[:5].lower()}@example.org"
    async with db.acquire() as connection, connection.transaction():
        await insert_link(connection, account_id, digest, mailed=False)
        await update_pending(connection, account_id, pending)
    await update_pending_digest(db, account_id, pending, digest)
    return secret


async def error_pages(app) -> dict[str, tuple[int, str]]:
    """Return the page for each error by its name."""
    pages = {}
    for status in TITLES:
        error = default_exceptions[status](description=f"What happened, in a sentence. ({status})")
        if status in (429, 503):
            error.retry_after = 7
        async with app.test_request_context("/elsewhere"):
            pages[f"error-{status}"] = status, await (await answer_error(error)).get_data(as_text=True)
    return pages


async def empty_lists(app) -> dict[str, tuple[int, str]]:
    """Return the lists of a board without projects, and the last page of a list."""
    pages = {}
    for name, sort, window, paged in (
        ("board", "hot", "all", False),
        ("rising", "rising", "all", False),
        ("day", "top", "day", False),
        ("last-page", "new", "all", True),
    ):
        view = list_view(ListPage([], None), sort, window, paged=paged)
        async with app.test_request_context("/"):
            pages[f"empty-{name}"] = 200, await render_template("projects/list.html", **view)
    return pages


async def handover_pages(app) -> dict[str, tuple[int, str]]:
    """Return the pages of links of another site: each refusal, and the one that asks."""
    pages, user = {}, SimpleNamespace(username="ines", display_name="Inês Ferreira")
    for kind in ("wrong", "late", "used", "barred"):
        async with app.test_request_context("/handover"):
            html = await render_template("handover/refused.html", kind=kind, reason="The reason why.")
            pages[f"handover-{kind}"] = 401, html
    async with app.test_request_context("/handover"):
        view = {"account": user, "user": SimpleNamespace(username="jo"), "token": "x", "next": "/"}
        pages["handover-ask"] = 200, await render_template("handover/ask.html", **view)
    return pages


async def answer_with(status: int, html: str, route) -> None:
    await route.fulfill(status=status, body=html, content_type="text/html; charset=utf-8")
