"""The fields of a project say how many characters are left, and cut nothing."""

import pytest
from playwright.async_api import expect

from app.links import read_link
from app.texts import clean_line, count_graphemes

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


async def left_below(page, field: str, text: str) -> str:
    await page.locator(f"#{field}").fill(text)
    return await page.locator(f".field:has(#{field}) .field-count").text_content()


@pytest.mark.parametrize(
    "name",
    [
        "वैज्ञानिक अनुसंधान केन्द्र की प्रमुख श्रीमती लक्ष्मी देवी शर्मा",
        "\U0001f1e9\U0001f1ea\U0001f1eb\U0001f1f7\U0001f1e9 \U0001f1e9",  # two flags, two halves of one
        "\U0001f469\u200d\U0001f469\u200d\U0001f467 \U0001f44b\U0001f3fd \u2764\ufe0f e\u0301",
        "แนวคิดของเราเพื่อชุมชน เกียรติศักดิ์",
        "\u1112\u1161\u11ab ᄒ힣 நிக்ஷ க்ஷ",
    ],
)
async def test_the_count_below_a_name_is_of_what_people_see_as_characters(page, name):
    await page.goto("/register")
    seen = count_graphemes(clean_line(name))
    filled = "x" * (59 - seen) + name
    assert await left_below(page, "display_name", filled) == "1 character left."
    assert await left_below(page, "display_name", f"{filled}yyy") == "2 characters too many."


async def test_the_count_below_a_name_is_that_of_its_check(page):
    await page.goto("/register")
    filled = "क्षि" * 30
    assert await left_below(page, "display_name", filled) == "0 characters left."
    await page.locator("#username").fill("x")  # refused, so that the form comes back
    await page.get_by_role("button", name="Create account").click()
    await expect(page.locator("#username-error")).to_be_visible()
    await expect(page.locator("#display_name-error")).to_have_count(0)
    await page.locator("#display_name").fill(f"{filled}क")
    await page.get_by_role("button", name="Create account").click()
    await expect(page.locator("#display_name-error")).to_contain_text("at most 60 characters")


@pytest.mark.parametrize("path", ["/me/settings", "/register"])
async def test_every_name_of_an_account_is_counted_alike(new_context, board, path):
    page = await (await new_context(await board.user() if path.startswith("/me") else None)).new_page()
    await page.goto(path)
    assert await left_below(page, "display_name", "क्षि" * 29) == "2 characters left."


async def test_a_link_is_counted_as_it_is_stored(page):
    await page.goto("/projects/new")
    link = f"https://example.org/{'ж' * 320}"
    left = 2000 - len(read_link(link).address)
    assert 0 < left < 100
    assert await left_below(page, "url", link) == f"{left} characters left."
    assert await left_below(page, "url", f"{link}{'ж' * 20}") == f"{120 - left} characters too many."
    await page.locator("#title").fill("A link")
    await page.get_by_role("button", name="Submit project").click()
    await expect(page.locator("#url-error")).to_contain_text(f"It has {2120 - left} now.")


async def test_what_the_server_leaves_out_does_not_count(page):
    await page.goto("/projects/new")
    title = "\u2068a\u00adb\u200b\u2069" * 59 + "\ufeff "
    assert len(clean_line(title)) == 118
    assert await left_below(page, "title", title) == "2 characters left."
