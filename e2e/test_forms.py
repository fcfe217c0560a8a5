"""Forms: a second click sends nothing twice."""

import re

from playwright.async_api import expect

TWO_CLICKS = "(button) => { button.click(); button.click(); }"


async def test_a_second_click_sends_a_form_once(page, board, db):
    sent = []
    page.on("request", lambda request: request.method == "POST" and sent.append(request.url))
    await page.goto("/projects/new")
    await page.get_by_label("Title").fill("Sent once")
    await page.get_by_role("button", name="Submit project").evaluate(TWO_CLICKS)
    await expect(page).to_have_url(re.compile(r"/projects/\d+$"))
    assert len(sent) == 1
