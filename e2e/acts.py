"""What the tour does on a page before it is looked at: fill in forms, press, vote, reveal."""

from collections.abc import Awaitable, Callable

from playwright.async_api import Page, Route, expect

Act = Callable[[Page], Awaitable[None]]


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
