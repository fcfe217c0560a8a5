"""What a text paints outside of its lines, as piled marks do, stays within its own place."""

from app.projects.queries import insert_project
from e2e.widget import until_listed

# How far marks are piled depends on the font. A shadow is painted over the neighbours in the same way.
PAINT_OUTSIDE = """(selector) => document.querySelectorAll(selector).forEach((text) => {
    text.style.textShadow = [100, 80, 60, 40].map((y) => `0 ${y}px red, 0 -${y}px red`).join();
})"""
# They change with time.
HIDE_AGES = "document.querySelectorAll('time').forEach((each) => each.style.display = 'none')"


async def test_nothing_is_painted_over_the_rows_around_a_text(new_context, board, db):
    page = await (await new_context(viewport={"width": 800, "height": 700})).new_page()
    author = await board.user()
    older, piled, newer = [
        await insert_project(db, author.id, title, None, title) for title in ("Older", "Piled", "Newer")
    ]
    await until_listed(page, older, piled, newer)
    await page.goto("/?sort=new")
    await page.evaluate(HIDE_AGES)
    rows = [page.locator(f"#project-{each} .project-body") for each in (older, newer)]
    before = [await row.screenshot() for row in rows]
    await page.evaluate(PAINT_OUTSIDE, f"#project-{piled} .project-body")
    assert [await row.screenshot() for row in rows] == before


async def test_nothing_is_painted_over_the_votes_of_a_project(page, board, db):
    project_id = await insert_project(db, (await board.user()).id, "Piled", None, "Piled")
    await page.goto(f"/projects/{project_id}")
    votes = page.locator(".showcase-votes")
    before = await votes.screenshot()
    await page.evaluate(PAINT_OUTSIDE, ".showcase-title, .showcase-text")
    assert await votes.screenshot() == before
