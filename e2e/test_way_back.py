"""The way back for somebody who has forgotten the password, in a browser."""

import re
import secrets

from playwright.async_api import expect

from app.accounts.queries import insert_user
from app.moderation.password_links import make_logged_link


async def test_a_link_lets_its_holder_set_a_password_and_signs_in(new_context, db):
    account = await insert_user(db, f"back-{secrets.token_hex(4)}", "no hash")
    link = await make_logged_link(db, None, account.id, "forgotten")
    former = await (await new_context(account)).new_page()
    await former.goto("/me/settings")
    await expect(former.get_by_role("heading", name="Settings")).to_be_visible()
    page = await (await new_context()).new_page()
    await page.goto(link)
    await page.get_by_label("New password").fill("password1")
    await page.get_by_role("button", name="Set password").click()
    await expect(page.get_by_role("alert")).to_contain_text("Many people use this password")
    await page.get_by_label("New password").fill("three plain words")
    await page.get_by_role("button", name="Set password").click()
    await expect(page.get_by_role("status").first).to_contain_text("you are signed in")
    await expect(page).to_have_url(re.compile(r"^http://[^/]+/$"))
    await page.goto(link)
    await expect(page.get_by_role("heading")).to_contain_text("does not work any more")
    await former.goto("/me/settings")
    await expect(former.get_by_role("heading", name="Sign in")).to_be_visible()
