"""axe-core finds nothing to mend on any page, in light and dark."""

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import expect

from e2e.widget import Widget

WCAG = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}


@pytest.fixture
async def filled(board):
    """A user with two projects, and one of them."""
    author = await board.user()
    await board.project(author)
    return author, await board.project(author)


async def find_faults(page) -> list[str]:
    results = await Axe().run(page, options=WCAG)
    return [
        f"{page.url}: {fault['id']} {node['target']}"
        for fault in results.response["violations"]
        for node in fault["nodes"]
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
async def test_axe_finds_nothing_on_any_page(new_context, filled, scheme, width):
    author, project_id = filled
    looks = {"color_scheme": scheme, "viewport": {"width": width, "height": 800}}
    signed_in = await (await new_context(author, **looks)).new_page()
    visitor = await (await new_context(**looks)).new_page()
    paths = ["/", "/?sort=top&t=day", "/?sort=new", f"/projects/{project_id}", "/projects/new"]
    paths += [
        "/search?q=project",
        "/me/settings",
        "/me/votes",
        "/me/votes?filter=up",
        f"/users/{author.username}",
        "/nothing-here",
    ]
    faults = []
    for path in paths:
        await signed_in.goto(path)
        faults += await find_faults(signed_in)
    for path in ["/", "/login", f"/login?next=/projects/{project_id}", "/register"]:
        await visitor.goto(path)
        faults += await find_faults(visitor)
    await visitor.goto("/register")
    await visitor.get_by_role("main").get_by_role("button").click()
    await expect(visitor.get_by_text("3 to 32 characters").first).to_be_visible()
    faults += await find_faults(visitor)
    assert faults == []


async def test_axe_finds_nothing_on_a_widget_in_any_state(new_context, filled):
    author, project_id = filled
    page = await (await new_context(author)).new_page()
    await page.goto("/?sort=new")
    widget, faults = Widget(page, project_id), []
    for name, vote in (("up", 1), ("down", -1)):
        await widget.click(name)
        await widget.expect(vote=vote, score=vote)
        faults += await find_faults(page)

    async def busy(route):
        await route.fulfill(status=503, headers={"Retry-After": "9"}, body="")

    await widget.answer(busy)
    await widget.click("up")
    await expect(widget.message).to_contain_text("Try again in")
    faults += await find_faults(page)
    assert faults == []


async def test_every_button_is_named_with_its_project(page, board):
    project_id = await board.project()
    await page.goto("/?sort=new")
    widget = Widget(page, project_id)
    title = await page.locator(f"#title-{project_id}").inner_text()
    await expect(widget.up).to_have_accessible_description(title)
    await expect(widget.down).to_have_accessible_description(title)


async def test_targets_are_large_enough_on_a_phone(new_context, board):
    page = await (await new_context(viewport={"width": 360, "height": 740})).new_page()
    project_id = await board.project()
    await page.goto("/?sort=new")
    for button in (Widget(page, project_id).up, Widget(page, project_id).down):
        size = await button.bounding_box()
        assert min(size["width"], size["height"]) >= 24
    overflow = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert await page.evaluate(overflow) == 0


async def test_the_focus_is_always_visible(page, board):
    await page.goto(f"/projects/{await board.project()}")
    for _ in range(12):
        await page.keyboard.press("Tab")
        outline = await page.evaluate(
            "parseFloat(getComputedStyle(document.activeElement).outlineWidth)"
        )
        assert outline >= 2
