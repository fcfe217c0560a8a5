"""What a text paints outside of its lines, as piled marks do, stays within its own place."""

import io

from PIL import Image
from playwright.async_api import Locator

from app.projects.queries import insert_project
from e2e.widget import until_listed

# How far marks are piled depends on the font. A shadow is painted over the neighbours in the same way.
# Nothing else on a page is magenta.
PAINT_OUTSIDE = """(selector) => document.querySelectorAll(selector).forEach((text) => {
    text.style.textShadow = [100, 80, 60, 40, 5].map((y) => `0 ${y}px #f0f, 0 -${y}px #f0f`).join();
})"""


async def painted(place: Locator) -> int:
    """Return how many pixels of the place are magenta, or a mix of it with white, grey or black."""
    image = Image.open(io.BytesIO(await place.screenshot())).convert("RGB")
    return sum(
        count for count, (r, g, b) in image.getcolors(image.width * image.height) if g < min(r, b) - 40
    )


async def test_nothing_is_painted_over_the_rows_around_a_text(new_context, board, db):
    page = await (await new_context(viewport={"width": 800, "height": 700})).new_page()
    author = await board.user()
    older, piled, newer = [
        await insert_project(db, author.id, title, None, title) for title in ("Older", "Piled", "Newer")
    ]
    await until_listed(page, older, piled, newer)
    await page.goto("/?sort=new")
    rows = [page.locator(f"#project-{each} .project-body") for each in (older, piled, newer)]
    assert [await painted(row) for row in rows] == [0, 0, 0]
    await page.evaluate(PAINT_OUTSIDE, f"#project-{piled} .project-body")
    before, within, after = [await painted(row) for row in rows]
    assert within > 0
    assert (before, after) == (0, 0)


async def test_nothing_is_painted_over_the_votes_of_a_project(page, board, db):
    project_id = await insert_project(db, (await board.user()).id, "Piled", None, "Piled")
    await page.goto(f"/projects/{project_id}")
    title, votes = page.locator(".showcase-title"), page.locator(".showcase-votes")
    assert [await painted(title), await painted(votes)] == [0, 0]
    await page.evaluate(PAINT_OUTSIDE, ".showcase-title, .showcase-text")
    assert await painted(title) > 0
    assert await painted(votes) == 0
