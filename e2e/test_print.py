"""Print is light with any colour scheme, and has no buttons."""


async def test_a_dark_screen_prints_dark_on_light(new_context, board):
    page = await (await new_context(color_scheme="dark")).new_page()
    await page.goto(f"/projects/{await board.project()}")
    await page.emulate_media(media="print", color_scheme="dark")
    color = "getComputedStyle(document.querySelector('h1')).color"
    lightness = sum(map(int, (await page.evaluate(color)).strip("rgb()").split(", ")))
    assert lightness < 3 * 60
    assert not await page.locator(".vote-up").is_visible()
    assert await page.locator("[data-score]").is_visible()
