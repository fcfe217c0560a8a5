"""The only upload: the board's logo."""

import io

import pytest
from PIL import Image
from quart.datastructures import FileStorage

from tests.moderation.admin_pages import admin
from tests.support import client_of

__all__ = ["admin"]

SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


def head_of_a_bomb() -> bytes:
    """Return a PNG whose head promises 1,000 million pixels, 4 GB when decoded."""
    picture = io.BytesIO()
    Image.new("RGB", (1, 1)).save(picture, "PNG")
    return picture.getvalue().replace(b"\0\0\0\1\0\0\0\1", b"\0\0\x7d\0\0\0\x7d\0", 1)


@pytest.mark.parametrize("content", [SVG, b"<!doctype html><script>x()</script>", head_of_a_bomb()])
async def test_a_picture_is_a_script_or_a_bomb(free_app, admin, db, content):
    before = await db.fetchval("SELECT count(*) FROM board_logos")
    files = {"picture": FileStorage(io.BytesIO(content), filename="logo.png")}
    answer = await client_of(free_app, admin).post("/admin/board/logo", files=files)
    assert answer.status_code == 422
    assert await db.fetchval("SELECT count(*) FROM board_logos") == before
