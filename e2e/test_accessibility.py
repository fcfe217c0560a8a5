"""Accessibility that axe-core cannot check. axe-core itself runs on the tour (e2e/test_tour.py)."""

from playwright.async_api import expect

from e2e.widget import Widget, until_listed


async def test_every_button_has_the_name_of_its_project(page, board):
    project_id = await board.project()
    await until_listed(page, project_id)
    await page.goto("/?sort=new")
    widget = Widget(page, project_id)
    title = await page.locator(f"#title-{project_id}").inner_text()
    await expect(widget.up).to_have_accessible_description(title)
    await expect(widget.down).to_have_accessible_description(title)


async def test_the_arrows_are_large_enough_on_a_phone(new_context, board):
    phone = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True}
    page = await (await new_context(await board.user(), **phone)).new_page()
    widget = Widget(page, await board.project())
    await until_listed(page, widget.project_id)
    await page.goto("/?sort=new")
    for button in (widget.up, widget.down):
        size = await button.bounding_box()
        assert min(size["width"], size["height"]) >= 24
    overflow = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert await page.evaluate(overflow) == 0
    for button, vote in ((widget.up, 1), (widget.down, -1)):
        await button.tap()
        await widget.expect(vote=vote, score=vote)


async def test_a_pressed_arrow_has_another_shape(widget):
    """Colour is never the only difference: a pressed arrow is filled."""
    fill = "button => getComputedStyle(button.querySelector('.icon')).fill"
    assert await widget.up.evaluate(fill) == "none"
    await widget.click("up")
    assert await widget.up.evaluate(fill) != "none"
    assert await widget.down.evaluate(fill) == "none"


async def test_nothing_moves_with_reduced_motion(new_context, board):
    page = await (await new_context(reduced_motion="reduce")).new_page()
    moving = """Array.from(document.querySelectorAll('*'), (each) => getComputedStyle(each))
        .filter((look) => look.transitionDuration !== '0s' || look.animationName !== 'none').length"""
    await page.goto(f"/projects/{await board.project()}")
    assert await page.evaluate(moving) == 0
    await page.emulate_media(reduced_motion="no-preference")
    assert await page.evaluate(moving) > 0


async def test_a_message_has_an_edge_in_forced_colors(widget):
    await widget.page.emulate_media(forced_colors="active")
    await widget.answer(lambda route: route.fulfill(status=503, headers={"Retry-After": "600"}))
    await widget.click("up")
    await expect(widget.message).to_contain_text("Try again in")
    await expect(widget.message).to_have_css("outline-style", "solid")
