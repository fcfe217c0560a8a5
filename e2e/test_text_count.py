"""The fields of a project say how many characters are left, and cut nothing."""

from playwright.async_api import expect

TRAIN = "\U0001f682"  # two UTF-16 units


async def test_a_field_counts_characters_as_the_server_does(page):
    await page.goto("/projects/new")
    title, count = page.locator("#title"), page.locator(".field:has(#title) .field-count")
    await expect(count).to_have_text("")
    await title.fill(TRAIN * 70 + "  ")
    await expect(count).to_have_text("")
    await title.fill(TRAIN * 119)
    await expect(count).to_have_text("1 character left.")
    await title.fill(TRAIN * 122 + " e\u0301")
    await expect(count).to_have_text("4 characters too many.")
    assert await title.input_value() == TRAIN * 122 + " e\u0301"
    await page.get_by_role("button", name="Submit project").click()
    await expect(page.locator("#title-error")).to_contain_text("It has 124 now.")
    await expect(count).to_have_text("4 characters too many.")
    await title.fill(TRAIN * 120)
    await page.get_by_role("button", name="Submit project").click()
    await expect(page.get_by_role("heading", name=TRAIN * 120)).to_be_visible()
