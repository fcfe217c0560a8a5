"""Fixtures for a real browser on the real stack: web, worker, PostgreSQL and Valkey."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, BrowserContext, Page, async_playwright, expect

from app.accounts.queries import Account, insert_user
from app.board.change_tracks import add_track
from app.moderation.actions import moderate_project
from e2e.breakages import break_button
from e2e.browser import find_browser
from e2e.site import Site, running_site
from e2e.site_button import SiteButton, until_ready
from e2e.widget import Widget, open_still
from tests.accounts.handover.site import PAIRS, new_subject, signed
from tests.api.keyed import give_key
from tests.conftest import *  # noqa: F403  (the servers' fixtures)
from tests.conftest import NO_LIMITS
from tests.ports import free_port
from tests.processes import environment, running, until_alive
from tests.support import session_cookie
from tests.waiting import CEILING

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-features=LocalNetworkAccessChecks",  # otherwise other sites cannot frame 127.0.0.1
]
# On a broken button every expectation fails by time-out, so the time-out is short.
expect.set_options(timeout=1000 * (20 if os.environ.get("UPVOTE_BREAKAGE") else CEILING))
FRIEND = "http://friend.test"  # may show a project in an iframe
# Records the addresses of all requests, each vote request with the browser's time, and the number of
# vote requests without an answer.
RECORD_REQUESTS = """
window.fetched = [];
window.sent = [];
window.flying = 0;
const send = window.fetch;
window.fetch = async (address, options) => {
  window.fetched.push(String(address));
  if (!/\\/(vote|api\\/votes)$/.test(address)) return send(address, options);
  const {body} = options;
  const named = () => ({up: 1, none: 0, down: -1})[JSON.parse(body).vote_type];
  const value = typeof body === 'string' ? named() : Number(body.get('value'));
  window.sent.push({address: String(address), at: performance.now(), value});
  window.flying += 1;
  try {
    return await send(address, options);
  } finally {
    window.flying -= 1;
  }
};
"""


@pytest.fixture(scope="session")
async def site() -> AsyncIterator[Site]:
    """Run a site on another origin, whose pages may use the board."""
    async with running_site() as site:
        yield site


@pytest.fixture(scope="session")
async def port(settings, site) -> AsyncIterator[int]:
    """Run a worker and a web process without limits that one other site may frame; yield its port."""
    mail = {"smtp_url": "smtp://127.0.0.1:1", "mail_from": "board@board.example", "mail_limit_max": 0}
    port = free_port()
    changes = NO_LIMITS | {"embed_ancestors": FRIEND, "base_url": f"http://127.0.0.1:{port}"} | mail
    changes |= {"cors_origins": site.origin, "handover_keys": PAIRS}
    async with running("web", settings, port=port, **changes), running("worker", settings):
        await until_alive(port)
        yield port


@pytest.fixture(scope="session")
def base(port: int) -> str:
    return f"http://127.0.0.1:{port}"


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    path = find_browser()
    assert path, "no browser: run make test, or python e2e/browser.py"
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        await browser.close()


@pytest.fixture
async def new_context(browser, app, base):
    """Return a function that opens browser contexts, signed in or not; fail on console errors."""
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    async def new_context(account: Account | None = None, **options) -> BrowserContext:
        address = options.setdefault("base_url", base)
        context = await browser.new_context(**options)
        contexts.append(context)
        context.set_default_timeout(1000 * CEILING)
        context.on("console", lambda message: _note(complaints, message))
        context.on("weberror", lambda error: complaints.append(str(error.error)))
        if options.get("java_script_enabled", True):
            await context.add_init_script(RECORD_REQUESTS)
        if letter := os.environ.get("UPVOTE_BREAKAGE"):
            await break_button(context, letter)
        if account is not None:
            cookie = {"name": "upvote_session", "value": session_cookie(app, account)}
            await context.add_cookies([cookie | {"url": address}])
        return context

    yield new_context
    for context in contexts:
        await context.close()
    assert complaints == []


# Messages of browser and htmx for a request without an answer, which many tests cause on purpose.
PROVOKED = ("Failed to load resource", "htmx:error: Failed to fetch", "htmx:error: timeout")


def _note(complaints: list[str], message) -> None:
    provoked = any(p in message.text for p in PROVOKED)
    missing = "status of 404" in message.text and "/static/" in message.location["url"]
    if message.type in ("error", "warning") and (missing or not provoked):
        complaints.append(message.text)


@pytest.fixture
async def page(new_context, board) -> Page:
    """Return an empty page of a signed-in user."""
    return await (await new_context(await board.user())).new_page()


@pytest.fixture
async def widget(page, board) -> Widget:
    """Return the widget of a new project on its own page."""
    project_id = await board.project()
    await page.goto(f"/projects/{project_id}")
    return Widget(page, project_id)


@pytest.fixture
async def still(page, board) -> Widget:
    """Return a widget on a page with a stopped clock, which only the test moves."""
    project_id = await board.project()
    await open_still(page, f"/projects/{project_id}")
    return Widget(page, project_id)


@pytest.fixture
def open_widget(new_context):
    """Return a function that opens a project in a new context, signed in or not; gives its widget."""

    async def open_widget(account: Account | None, project_id: int) -> Widget:
        page = await (await new_context(account)).new_page()
        await page.goto(f"/projects/{project_id}")
        return Widget(page, project_id)

    return open_widget


@pytest.fixture
async def embed(new_context, board, db, site, base):
    """Return a function that opens a page with buttons for new projects, on a stopped clock."""

    async def embed(count: int = 1, *, is_visitor: bool = False) -> list[SiteButton]:
        projects = [await board.project() for _ in range(count)]
        keys = [await give_key(db, project_id) for project_id in projects]
        token = "" if is_visitor else signed(aud=base, sub=new_subject())
        page = await (await new_context()).new_page()
        await open_still(page, site.page(base, keys, token))
        await until_ready(page)
        return [SiteButton(page, *each) for each in zip(projects, keys, strict=True)]

    return embed


@pytest.fixture(scope="session")
async def places(settings, app, db) -> dict[str, str]:
    """Make a board with demo content and return the values for the stops' paths.

    It has a locked project, another one with the same link, and a hidden one. Half of the projects are
    in a track, and one has a team.
    """
    amounts = ("--projects=60", "--users=60", "--votes=1500")
    command = (sys.executable, "-m", "app.commands", "demo", *amounts)
    demo = await asyncio.create_subprocess_exec(*command, env=environment(settings))
    assert await demo.wait() == 0
    top = await db.fetch(
        "SELECT id FROM projects WHERE char_length(description) > 200 AND url IS NOT NULL"
        " ORDER BY score DESC LIMIT 3"
    )
    project, locked, hidden = [row["id"] for row in top]
    admin = await insert_user(db, "tour-admin", "no hash", is_admin=True)
    services = app.extensions["upvote"]
    await moderate_project(services, admin.id, "lock", locked, "The competition is over.")
    await moderate_project(services, admin.id, "hide", hidden, "Submitted twice.")
    author = await db.fetchval(
        "SELECT username FROM users WHERE id = (SELECT author_id FROM projects WHERE id = $1)", project
    )
    twin = await db.fetchval(
        """
        INSERT INTO projects (author_id, title, url, description)
        SELECT author_id, 'The same, once more', url, 'Found again.' FROM projects WHERE id = $1
        RETURNING id
        """,
        locked,
    )
    for slug, name in (("made", "Things that somebody made"), ("quiet", "Quiet things")):
        await add_track(services.board, None, slug, name)
    track = "(SELECT id FROM tracks WHERE slug = 'made')"
    await db.execute(f"UPDATE projects SET track_id = {track} WHERE id % 2 = $1", project % 2)  # noqa: S608
    await db.execute(
        "INSERT INTO project_members (project_id, user_id, accepted_at) VALUES ($1, $2, now())",
        project,
        admin.id,
    )
    code = "0" * 24
    invitation = await db.fetchval(
        """
        INSERT INTO invitations (code, label, uses, used, until, admin_id)
        VALUES ($1, 'Volunteers of the fair', 40, 3, '2199-12-01', $2) RETURNING id
        """,
        code,
        admin.id,
    )
    used_up = "INSERT INTO invitations (code, label, uses, used) VALUES ($1, 'Jury', 5, 5)"
    await db.execute(used_up, "1" * 24)
    found = {"project": project, "locked": locked, "hidden": hidden, "twin": twin}
    return found | {"author": author, "code": code, "invitation": invitation}
