"""The operator's page says when what it shows is old."""

from playwright.async_api import expect

from e2e.widget import open_still


async def test_the_page_says_since_when_the_board_has_not_answered(new_context, board, db):
    admin, answers = await board.user(), []
    await db.execute("UPDATE users SET is_admin = true WHERE id = $1", admin.id)
    page = await (await new_context(admin)).new_page()

    async def answer(route) -> None:
        if answers:
            await answers[-1](route)
        else:
            await route.continue_()

    await open_still(page, "/ops")
    await page.route("**/ops", answer)
    stale, as_of = page.locator("#ops-stale"), await page.locator("#ops-as-of").inner_text()
    assert len(as_of) == len("12:34:56")
    for trouble in (lambda route: route.fulfill(status=503), lambda route: route.abort()):
        answers.append(trouble)
        await page.clock.run_for(5000)
        await expect(stale).to_have_text(f"No figures since {as_of}: those below may be out of date.")
        answers.clear()
        await page.clock.run_for(5000)
        await expect(stale).to_be_empty()
        as_of = await page.locator("#ops-as-of").inner_text()
