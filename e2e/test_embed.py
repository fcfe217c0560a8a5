"""The card of a project in an iframe on another site."""

import pytest
from playwright.async_api import expect

from e2e.conftest import FRIEND

PAGE = """<!doctype html><html lang="en"><title>Another site</title><body style="margin: 1rem">
<p>Above</p><iframe src="{card}" title="Votes" width="320" height="96" style="border: 0"></iframe>"""


@pytest.fixture
async def framing(new_context, base, board):
    """Return a function that opens a page of another site with the card of a new project in a frame."""

    async def framing(site: str, **looks):
        project_id = await board.project()
        context = await new_context(**looks)
        html = PAGE.format(card=f"{base}/embed/{project_id}")
        await context.route(
            f"{site}/**", lambda route: route.fulfill(body=html, content_type="text/html")
        )
        page = await context.new_page()
        await page.goto(f"{site}/article")
        return page, page.frame_locator("iframe"), project_id

    return framing


async def test_an_allowed_site_shows_the_card(framing):
    page, card, project_id = await framing(FRIEND)
    await expect(card.get_by_role("heading", name="Project")).to_be_visible()
    mark = card.locator(".card-up use")
    assert await mark.evaluate("use => use.getBoundingClientRect().width") > 10  # the icon is loaded
    async with page.expect_popup() as popup:
        await card.get_by_role("link", name="Upvote").click()
    board = await popup.value
    assert board.url.endswith(f"/projects/{project_id}")
    assert await board.evaluate("window.opener") is None
