"""The screen for a projector: live by votes alone, and revealed from the last place to the first."""

import re

from playwright.async_api import Page, expect

from app.board.change_tracks import add_track, remove_track
from app.event.queries import select_candidates
from tests.board.organise import organise
from tests.support import client_of

__all__ = ["organise"]


async def make_track(db, board, free_app, votes: list[int]) -> tuple[str, list[int]]:
    """Return the slug of a new track and its projects, each with so many upvotes."""
    projects = [await board.project() for _ in votes]
    slug = f"track-{projects[0]}"
    await add_track(free_app.extensions["upvote"].board, None, slug, slug)
    statement = """
        UPDATE projects SET title = 'Project ' || id, track_id = (SELECT id FROM tracks WHERE slug = $2)
        WHERE id = ANY ($1)
    """
    await db.execute(statement, projects, slug)
    for project_id, count in zip(projects, votes, strict=True):
        for user in await board.users(count):
            await upvote(free_app, user, project_id)
    return slug, projects


async def open_screen(page: Page, address: str) -> None:
    """Open the address as soon as the process that serves it has heard of the track, and that the board
    is not private any more.
    """
    while (answer := await page.goto(address)) and (answer.status == 404 or "/login" in page.url):
        pass


async def upvote(free_app, user, project_id: int) -> None:
    answer = await client_of(free_app, user).post(f"/projects/{project_id}/vote", form={"value": "1"})
    assert answer.status_code == 303


async def test_rows_move_when_somebody_votes(new_context, board, db, free_app):
    slug, projects = await make_track(db, board, free_app, [2, 1, 0])
    first, second, third = (f"Project {project_id}" for project_id in projects)
    page = await (await new_context(reduced_motion="no-preference")).new_page()
    await open_screen(page, f"/screen?track={slug}")
    rows = page.locator(".screen-row")
    await expect(rows).to_contain_text([first, second, third])
    await page.evaluate("document.querySelectorAll('.screen-row')[2].kept = true")
    for user in await board.users(3):
        await upvote(free_app, user, projects[2])
    await expect(rows).to_contain_text([third, first, second])
    await expect(rows.first.locator(".screen-score")).to_have_text("3")
    assert await page.evaluate("document.querySelector('.screen-row').kept")  # so it could move
    synced = {row.project_id: row.upvotes for row in await select_candidates(db, slug, 3)}
    assert synced[projects[2]] in (0, 3)


async def test_places_are_revealed_one_key_at_a_time(new_context, board, db, free_app):
    slug, projects = await make_track(db, board, free_app, [3, 1, 1, 0])
    first, tied, also_tied, last = (f"Project {project_id}" for project_id in projects)
    await free_app.extensions["upvote"].persist_events()
    admin = await board.user()
    await db.execute("UPDATE users SET is_admin = true WHERE id = $1", admin.id)
    page = await (await new_context(admin)).new_page()
    await open_screen(page, f"/screen?track={slug}&reveal=1")
    await expect(page.locator("#reveal-votes")).to_have_text("4 projects, 5 votes of 5 people")
    assert "Project" not in await page.content()

    async def press(key: str, *titles: str) -> None:
        await page.keyboard.press(key)
        rows = page.locator(".screen-row")
        await expect(rows).to_have_count(len(titles))
        await expect(rows).to_contain_text(list(titles))
        hidden = {first, tied, also_tied, last} - set(titles)
        assert not [title for title in hidden if title in await page.content()]

    await press("Space", last)
    await press("ArrowRight", tied, also_tied, last)
    await press("Escape", last)
    await page.reload()
    await expect(page.locator(".screen-row")).to_contain_text([last])
    await press("PageDown", tied, also_tied, last)
    await page.mouse.click(500, 500)
    await expect(page.locator(".screen-row")).to_have_count(4)
    await press(" ", first, tied, also_tied, last)
    await press("Backspace", tied, also_tied, last)


async def test_a_screen_of_a_board_that_has_become_private_asks_to_sign_in(new_context, organise):
    page = await (await new_context()).new_page()
    await page.goto("/screen")
    await organise(private="yes")
    await page.wait_for_url("**/login?next=*")
    await expect(page.get_by_role("button", name="Sign in")).to_be_visible()


async def test_a_screen_of_a_track_that_is_removed_says_so(new_context, board, db, free_app):
    slug, _ = await make_track(db, board, free_app, [1])
    page = await (await new_context()).new_page()
    await open_screen(page, f"/screen?track={slug}")
    await expect(page.locator(".screen-row")).to_have_count(1)
    await remove_track(free_app.extensions["upvote"].board, None, slug, "none")
    gone = re.compile("There is no track|This board has no tracks")
    await expect(page.get_by_role("main")).to_contain_text(gone)
    await expect(page.get_by_role("link", name="All projects")).to_be_visible()


async def test_a_reveal_whose_admin_has_signed_out_asks_to_sign_in(new_context, board, db):
    admin = await board.user()
    await db.execute("UPDATE users SET is_admin = true WHERE id = $1", admin.id)
    context = await new_context(admin)
    page = await context.new_page()
    await page.goto("/screen?reveal=1")
    await expect(page.locator("#reveal-votes")).to_contain_text("project")
    await context.clear_cookies()
    await page.wait_for_url("**/login?next=*")


async def test_a_camera_can_read_the_code_in_forced_colors(new_context):
    page = await (await new_context(forced_colors="active", color_scheme="dark")).new_page()
    await page.goto("/screen")
    await expect(page.locator(".screen-code")).to_have_css("background-color", "rgb(255, 255, 255)")
