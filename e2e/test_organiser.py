"""An organiser names the board and sets its times in the browser; every page shows it."""

import re
from datetime import UTC, datetime

from playwright.async_api import expect

from tests.board.organise import organise
from tests.moderation.admin_pages import admin

__all__ = ["admin", "organise"]


async def test_an_organiser_names_the_board_and_sets_the_end_of_voting(
    new_context, admin, organise, board
):
    page = await (await new_context(admin, timezone_id="Asia/Tokyo")).new_page()
    await page.goto("/admin/board")
    form = page.locator("form[action='/admin/board']")
    await form.get_by_role("textbox", name="Name", exact=True).fill("Herbst & <Hack>")
    await form.get_by_label("Time zone").fill("Europe/Berlin")
    await form.get_by_label("Voting ends").fill("2020-01-01 18:00")
    await form.get_by_role("button", name="Save").click()
    await expect(page.locator("#vote_until-error")).to_contain_text("in the past")
    await expect(form.get_by_role("textbox", name="Name", exact=True)).to_have_value("Herbst & <Hack>")
    await form.get_by_label("Voting ends").fill("2190-07-06 18:00")
    await form.get_by_role("button", name="Save").click()
    await expect(page.locator(".messages")).to_contain_text("It ends Tue 6 Jul 2190 18:00")
    await expect(form.get_by_text("Wed 7 Jul, 01:00 where you are")).to_be_visible()
    await expect(page.locator(".brand")).to_have_text("Herbst & <Hack>")
    visitor = await (await new_context()).new_page()
    await visitor.goto("/")
    await expect(visitor).to_have_title("Hot projects · Herbst & <Hack>")
    await expect(visitor.locator(".countdown")).to_contain_text("Voting ends")


async def test_a_draft_does_not_open_voting_again(new_context, admin, organise, db):
    await organise(vote_until="2190-07-06 18:00", timezone="UTC")
    page = await (await new_context(admin)).new_page()
    await page.goto("/admin/board")
    form = page.locator("form[action='/admin/board']")
    await form.get_by_label("Tagline").fill("Not saved yet")
    await page.get_by_role("button", name="Close voting now").click()
    await expect(page.locator(".now")).to_contain_text("Voting ended")
    await expect(form.get_by_label("Tagline")).to_have_value("Not saved yet")
    closed = await form.get_by_label("Voting ends").input_value()
    assert not closed.startswith("2190")
    await form.get_by_role("button", name="Save").click()
    await expect(page.get_by_role("alert")).to_contain_text("Voting ends is")
    await expect(form.get_by_label("Tagline")).to_have_value("Not saved yet")
    await expect(form.get_by_label("Voting ends")).to_have_value(closed)
    await form.get_by_role("button", name="Save").click()
    await expect(page.locator(".messages")).to_be_visible()
    row = await db.fetchrow("SELECT vote_until, tagline FROM board_settings")
    assert row["vote_until"] <= datetime.now(UTC)
    assert row["tagline"] == "Not saved yet"


async def test_what_a_discarded_draft_was_made_from_is_forgotten(new_context, admin, organise):
    await organise(vote_until="2190-07-06 18:00")
    page = await (await new_context(admin)).new_page()
    await page.goto("/admin/board")
    form = page.locator("form[action='/admin/board']")
    await form.get_by_label("Tagline").fill("Not saved yet")
    await page.get_by_role("button", name=re.compile("^60 minutes")).click()
    await page.get_by_role("button", name="Discard it").click()
    await form.get_by_label("Tagline").fill("Saved")
    await form.get_by_role("button", name="Save").click()
    await expect(page.locator(".messages")).to_contain_text("Saved.")
    await expect(form.get_by_label("Voting ends")).to_have_value("2190-07-06 19:00")
