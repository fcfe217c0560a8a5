"""Forms: a second click sends nothing twice."""

import re

from playwright.async_api import expect

from tests.support import session_cookie

TWO_CLICKS = "(button) => { button.click(); button.click(); }"


async def test_a_second_click_sends_a_form_once(page, board, db):
    sent = []
    page.on("request", lambda request: request.method == "POST" and sent.append(request.url))
    await page.goto("/projects/new")
    await page.get_by_label("Title").fill("Sent once")
    await page.get_by_role("button", name="Submit project").evaluate(TWO_CLICKS)
    await expect(page).to_have_url(re.compile(r"/projects/\d+$"))
    assert len(sent) == 1


async def test_a_tab_of_another_account_does_not_vote_and_says_what_to_do(widget, board, app):
    lee = await board.user()
    cookie = {"name": "upvote_session", "value": session_cookie(app, lee), "url": widget.page.url}
    await widget.page.context.add_cookies([cookie])  # as another tab does
    await widget.up.click()
    await expect(widget.message).to_contain_text(f"you are signed in as {lee.username} now")
    await expect(widget.message).to_contain_text("Reload the page")
    await widget.expect(vote=0, score=0)
    await widget.page.reload()
    await widget.up.click()
    await widget.expect(vote=1, score=1)
