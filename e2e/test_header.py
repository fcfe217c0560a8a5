"""The header on narrow phones."""

import io

import pytest
from PIL import Image
from quart.datastructures import FileStorage

from tests.support import client_of
from tests.waiting import until

# Where the brand ends, and where the text of the first link begins, which may be wider than its box.
LOOK = """() => {
  const text = document.createRange();
  text.selectNodeContents(document.querySelector('.account a'));
  const end = document.querySelector('.brand').getBoundingClientRect().right;
  return [end, text.getBoundingClientRect().left];
}"""


@pytest.fixture
async def wide_logo(free_app, board, db):
    """Give the board a logo that is five times as wide as high."""
    admin, picture = await board.user(), io.BytesIO()
    await db.execute("UPDATE users SET is_admin = true WHERE id = $1", admin.id)
    Image.new("RGB", (1000, 200), "#7a3e9d").save(picture, "PNG")
    files = {"picture": FileStorage(io.BytesIO(picture.getvalue()), filename="logo.png")}
    answer = await client_of(free_app, admin).post("/admin/board/logo", files=files)
    assert answer.status_code == 303
    yield
    await db.execute("UPDATE board_settings SET logo = NULL, revision = revision + 1")
    await free_app.extensions["upvote"].board.refresh()


@pytest.mark.parametrize("width", [320, 360])
@pytest.mark.parametrize("is_visitor", [True, False])
async def test_a_wide_logo_leaves_room_for_the_links(new_context, board, wide_logo, is_visitor, width):
    account = None if is_visitor else await board.user()
    page = await (await new_context(account, viewport={"width": width, "height": 640})).new_page()

    async def shows_logo() -> bool:  # the web process follows within a second
        await page.goto("/")
        return await page.locator(".brand-logo").is_visible()

    await until(shows_logo, "for the logo on the page")
    ends, begins = await page.evaluate(LOOK)
    assert ends <= begins
