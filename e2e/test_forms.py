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


async def write(page) -> None:
    await page.goto("/projects/new")
    await page.get_by_label("Title").fill("An hour of work")
    await page.get_by_label("Description").fill("Words")


async def expect_text(page, title: str, description: str) -> None:
    await expect(page.get_by_label("Title")).to_have_value(title)
    await expect(page.get_by_label("Description")).to_have_value(description)


async def test_what_was_typed_survives_a_lost_connection_and_going_back(page, board):
    await write(page)
    key = await page.locator("[name=key]").input_value()
    await page.route("**/projects/new", lambda route: route.abort())
    await page.get_by_role("button", name="Submit project").click()
    await page.unroute_all()
    await page.goto("/projects/new")
    await expect_text(page, "An hour of work", "Words")
    assert await page.locator("[name=key]").input_value() == key
    await page.goto("/")
    await page.go_back()
    await expect_text(page, "An hour of work", "Words")
    await page.get_by_role("button", name="Submit project").click()
    await expect(page).to_have_url(re.compile(r"/projects/\d+$"))
    await page.goto("/projects/new")
    await expect_text(page, "", "")


async def test_a_draft_is_discarded_and_removed_by_signing_out(page, board):
    await write(page)
    await page.reload()
    await page.get_by_role("button", name="Discard it").click()
    await expect_text(page, "", "")
    await write(page)
    await page.get_by_role("button", name="Sign out").click()
    await expect(page.get_by_role("link", name="Sign in").first).to_be_visible()
    assert (
        await page.evaluate("Object.keys(sessionStorage).filter((name) => name.startsWith('draft:'))")
        == []
    )


async def test_a_draft_is_not_shown_to_another_account(page, board, app):
    await write(page)
    value = session_cookie(app, await board.user())
    await page.context.add_cookies([{"name": "upvote_session", "value": value, "url": page.url}])
    await page.reload()
    await expect_text(page, "", "")


async def test_a_reason_survives_a_reload(new_context, board, db):
    admin, project = await board.user(), await board.project()
    await db.execute("UPDATE users SET is_admin = true WHERE id = $1", admin.id)
    page = await (await new_context(admin)).new_page()
    await page.goto(f"/projects/{project}")
    await page.locator("details.moderation").evaluate("(details) => { details.open = true; }")
    await page.get_by_label("Reason").fill("Because.")
    await page.reload()
    await expect(page.get_by_label("Reason")).to_have_value("Because.")


async def test_what_was_typed_comes_back_when_it_is_too_large_without_javascript(new_context, board):
    context = await new_context(await board.user(), java_script_enabled=False)
    page = await context.new_page()
    await page.goto("/projects/new")
    await page.get_by_label("Title").fill("An hour of work")
    await page.get_by_label("Description").fill("語" * 9_000)  # nine bytes each in a form
    await page.get_by_role("button", name="Submit project").click()
    await expect(page.get_by_role("heading", name="That is too large")).to_be_visible()
    await expect_text(page, "An hour of work", "語" * 9_000)
    await page.get_by_label("Description").fill("語" * 900)
    await page.get_by_role("button", name="Send again").click()
    await expect(page).to_have_url(re.compile(r"/projects/\d+$"))
