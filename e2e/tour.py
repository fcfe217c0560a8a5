"""The stops of the tour: every page and state of the board, and who goes there.

A new page is one line in STOPS. {project}, {locked}, {hidden}, {own}, {twin}, {author} and {regular}
are filled in.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from playwright.async_api import Page, Route, expect

Act = Callable[[Page], Awaitable[None]]


@dataclass(frozen=True)
class Stop:
    who: str  # visitor, regular or admin
    name: str  # name of the screenshot
    path: str
    act: Act | None = None  # what to do before the screenshot
    status: int = 200


def fill(number: int = 0, **fields: str) -> Act:
    """Fill in the form of the page with this number (-1: the last) and send it."""

    async def act(page: Page) -> None:
        form = page.locator("main form.form").nth(number)
        for name, value in fields.items():
            await form.locator(f"[name={name}]").fill(value)
        async with page.expect_navigation():
            await form.locator("button[type=submit], button:not([type])").first.click()

    return act


def press(name: str) -> Act:
    """Press the button with this name and wait for the next page."""

    async def act(page: Page) -> None:
        async with page.expect_navigation():
            await page.get_by_role("main").get_by_role("button", name=name).click()

    return act


def follow(name: str) -> Act:
    """Follow the link with this name."""

    async def act(page: Page) -> None:
        async with page.expect_navigation():
            await page.get_by_role("link", name=name).click()

    return act


def search(words: str) -> Act:
    """Search with the field in the header, or with the icon that leads to a field."""

    async def act(page: Page) -> None:
        if not await (field := page.locator(".site-search input")).is_visible():
            await page.get_by_role("link", name="Search").click()
            field = page.get_by_label("Words")
        await field.fill(words)
        await field.press("Enter")
        await page.wait_for_url("**/search?q=*")

    return act


def moderate(name: str, reason: str) -> Act:
    """Open the moderation of a project, enter a reason and press the button with this name."""

    async def act(page: Page) -> None:
        await open_details("Moderation")(page)
        await page.get_by_label("Reason").fill(reason)
        await press(name)(page)

    return act


def vote(direction: str) -> Act:
    """Vote on the first project of the page and wait for the answer."""

    async def act(page: Page) -> None:
        box = page.locator("form.vote").first
        async with page.expect_response("**/vote"):
            await box.locator(f".vote-{direction}").click()
        await page.mouse.move(0, 0)

    return act


def vote_without_server(direction: str) -> Act:
    """Vote on the first project of the page while the server cannot take votes."""

    async def refuse(route: Route) -> None:
        await route.fulfill(status=503, headers={"Retry-After": "600"}, body="")

    async def act(page: Page) -> None:
        await page.route("**/vote", refuse)
        box = page.locator("form.vote").first
        await box.locator(f".vote-{direction}").click()
        await expect(box.get_by_role("status")).to_contain_text("Try again in")
        await page.unroute("**/vote")
        await page.mouse.move(0, 0)

    return act


def open_details(name: str) -> Act:
    """Open the details with this name."""

    async def act(page: Page) -> None:
        await page.locator("summary", has_text=name).click()

    return act


def reveal(places: int) -> Act:
    """Reveal this many places of the results."""

    async def act(page: Page) -> None:
        await expect(page.locator("#reveal-votes")).to_contain_text("projects")
        for _ in range(places):
            await page.keyboard.press("Space")
        if places:
            await expect(page.locator(".screen-row--new").first).to_be_visible()
            # A row that fades in has less contrast.
            await page.evaluate("Promise.all(document.getAnimations().map((each) => each.finished))")

    return act


STOPS = [
    Stop("visitor", "hot", "/"),
    Stop("visitor", "top", "/?sort=top"),
    Stop("visitor", "top-of-the-day", "/?sort=top&t=day"),
    Stop("visitor", "new", "/?sort=new"),
    Stop("visitor", "track", "/?sort=top&t=all&track=made"),
    Stop("visitor", "track-empty", "/?track=quiet"),
    Stop("visitor", "no-such-track", "/?track=gone", status=404),
    Stop("visitor", "rising", "/?sort=rising"),
    Stop("visitor", "controversial", "/?sort=controversial&t=week"),
    Stop("visitor", "no-such-list", "/?sort=nonsense", status=404),
    Stop("visitor", "search", "/search"),
    Stop("visitor", "search-found", "/", search("map")),
    Stop("visitor", "search-nothing", "/", search("xyzzy")),
    Stop("visitor", "best", "/?sort=best&t=year"),
    Stop("visitor", "project", "/projects/{project}"),
    Stop("visitor", "project-snippet", "/projects/{project}", open_details("another site")),
    Stop("visitor", "project-numbers", "/projects/{project}", open_details("The numbers")),
    Stop("visitor", "project-same-link", "/projects/{twin}"),
    Stop("visitor", "project-locked", "/projects/{locked}"),
    Stop("visitor", "project-hidden", "/projects/{hidden}", status=404),
    Stop("visitor", "results", "/results"),
    Stop("visitor", "screen", "/screen"),
    Stop("visitor", "results-no-such-track", "/results?track=gone", status=404),
    Stop("visitor", "profile", "/users/{author}"),
    Stop("visitor", "profile-empty", "/users/tour-admin"),
    Stop("visitor", "card", "/embed/{project}"),
    Stop("visitor", "card-gone", "/embed/{hidden}", status=404),
    Stop("visitor", "sign-in", "/login"),
    Stop("visitor", "sign-in-to-vote", "/login?next=/projects/{project}"),
    Stop("visitor", "sign-in-expired", "/login?next=/&expired=1"),
    Stop("visitor", "sign-in-wrong", "/login", fill(username="nobody", password="wrong")),
    Stop("visitor", "forgot", "/password"),
    Stop("visitor", "forgot-wrong", "/password", fill(username=" ")),
    Stop("visitor", "forgot-sent", "/password", fill(username="nobody")),
    Stop("visitor", "new-password", "/password/{secret}"),
    Stop("visitor", "new-password-wrong", "/password/{secret}", fill(password="password1")),
    Stop("visitor", "new-password-gone", f"/password/{43 * 'A'}", status=404),
    Stop("visitor", "confirm-mail", "/mail/{secret}"),
    Stop("visitor", "mail-confirmed", "/mail/{secret}", press("Confirm")),
    Stop("visitor", "confirm-mail-gone", f"/mail/{43 * 'A'}", status=404),
    Stop("visitor", "register", "/register"),
    Stop("visitor", "register-wrong", "/register", fill(username="A B", password="x")),
    Stop("regular", "hot", "/"),
    Stop("regular", "page-two", "/?sort=new", follow("More projects")),
    Stop("regular", "voted-up", "/projects/{project}", vote("up")),
    Stop("regular", "voted-down", "/?sort=top", vote("down")),
    Stop("regular", "vote-refused", "/?sort=new", vote_without_server("up")),
    Stop("regular", "vote-refused-on-its-page", "/projects/{project}", vote_without_server("down")),
    Stop("regular", "vote-locked", "/projects/{locked}"),
    Stop("regular", "my-votes", "/me/votes"),
    Stop("regular", "my-votes-up", "/me/votes?filter=up"),
    Stop("regular", "my-votes-down", "/me/votes?filter=down"),
    Stop("regular", "submit", "/projects/new"),
    Stop("regular", "submit-wrong", "/projects/new", fill(title="", url="ftp://x", description="Text")),
    Stop("regular", "submitted", "/projects/new", fill(title="A kite", description="It sings.")),
    Stop("regular", "own", "/projects/{own}"),
    Stop("regular", "edit", "/projects/{own}/edit"),
    Stop("regular", "edit-wrong", "/projects/{own}/edit", fill(title="")),
    Stop("regular", "edited", "/projects/{own}/edit", fill(title="A kite that tells the wind")),
    Stop("regular", "edit-not-mine", "/projects/{project}/edit", status=403),
    Stop("regular", "team", "/projects/{own}/team"),
    Stop("regular", "team-wrong", "/projects/{own}/team", fill(username="nobody-here")),
    Stop("regular", "team-invited", "/projects/{own}/team", fill(username="tour-admin")),
    Stop("regular", "invited", "/projects/{twin}"),
    Stop("regular", "teams", "/me/teams"),
    Stop("regular", "team-not-mine", "/projects/{project}/team", status=403),
    Stop("regular", "delete", "/projects/{own}/delete"),
    Stop("regular", "profile", "/users/{regular}"),
    Stop("regular", "deleted", "/projects/{own}/delete", press("Delete project")),
    Stop("regular", "settings", "/me/settings"),
    Stop("regular", "settings-wrong", "/me/settings", fill(current="wrong-one", password="x")),
    Stop("regular", "settings-new-token", "/me/settings", fill(2, name="backup script")),
    Stop("regular", "settings-mail-wrong", "/me/settings", fill(1, address="x", mail_password="y")),
    Stop("regular", "settings-tokens", "/me/settings"),
    Stop("regular", "settings-revoked", "/me/settings", press("Revoke backup script")),
    Stop("regular", "new-password-of-another", "/password/{secret}"),
    Stop("regular", "leave", "/me/settings/delete"),
    Stop("regular", "leave-wrong", "/me/settings/delete", fill(password="wrong-one")),
    Stop("regular", "not-for-me", "/admin/audit", status=403),
    Stop("admin", "no-votes-yet", "/me/votes"),
    Stop("admin", "project-moderation", "/projects/{project}", open_details("Moderation")),
    Stop("admin", "project-hidden", "/projects/{hidden}"),
    Stop("admin", "locked", "/projects/{twin}", moderate("Lock voting", "Found to be the same.")),
    Stop("admin", "unlocked", "/projects/{twin}", moderate("Unlock voting", "It is not.")),
    Stop("admin", "profile-of-another", "/users/{author}"),
    Stop("admin", "reveal", "/screen?reveal=1", reveal(0)),
    Stop("admin", "revealed", "/screen?reveal=1", reveal(3)),
    Stop("admin", "ops", "/ops"),
    Stop("admin", "project-locked", "/projects/{locked}", open_details("Moderation")),
    Stop("admin", "board", "/admin/board"),
    Stop("admin", "board-wrong", "/admin/board", fill(1, vote_until="2020-01-01", accent="#ffd400")),
    Stop("admin", "board-reveal", "/admin/board/reveal"),
    Stop("admin", "audit", "/admin/audit"),
    Stop("admin", "closed-projects", "/admin/projects"),
    Stop("admin", "tracks", "/admin/tracks"),
    Stop("admin", "tracks-change", "/admin/tracks", open_details("Things that")),
    Stop("admin", "tracks-wrong", "/admin/tracks", fill(-1, name="", slug="A B")),
    Stop("admin", "member", "/projects/{project}/team"),
    Stop("admin", "teams", "/me/teams"),
    Stop("admin", "people", "/admin/people"),
    Stop("admin", "people-by-name", "/admin/people?sort=name&q=e"),
    Stop("admin", "people-nobody", "/admin/people?q=xyzzy"),
    Stop("admin", "odd", "/admin/odd"),
    Stop("admin", "suspend", "/admin/suspensions/new?accounts={regular_id}"),
    Stop("admin", "votes-taken-out", "/admin/withdrawals"),
    Stop("admin", "voters", "/admin/projects/{project}/votes"),
    Stop("admin", "account", "/admin/people/{author}"),
    Stop("admin", "account-link", "/admin/people/{author}", fill(1, reason="Asked by phone.")),
    Stop("admin", "account-suspended", "/admin/people/{regular}", fill(reason="Sold votes.")),
    Stop("admin", "account-again", "/admin/people/{regular}", fill(reason="Bought them, it seems.")),
    Stop("visitor", "missing", "/nothing-here", status=404),
    Stop("visitor", "wrong-method", "/logout", status=405),
]
