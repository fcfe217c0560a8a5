"""The logo: decoded within bounds and written anew, or refused in words; nothing else is served."""

import io
import struct
import zlib

import pytest
from PIL import Image
from quart.datastructures import FileStorage

from app.board.drawing import SIDE
from app.board.logo import MAX_BYTES
from tests.support import client_of

PATH = "/admin/board/logo"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


@pytest.fixture
async def client(free_app, admin, organise, db):
    yield client_of(free_app, admin)
    await db.execute("UPDATE board_settings SET logo = NULL, revision = revision + 1")
    await free_app.extensions["upvote"].board.refresh()


def picture(kind="PNG", size=(200, 100), **options):
    written = io.BytesIO()
    Image.new("RGB", size, "#7a3e9d").save(written, kind, **options)
    return written.getvalue()


def bomb(side=32_000):
    """Return a PNG of 3 kB that says that it has a thousand million pixels."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 6, 0, 0, 0))
    data = chunk(b"IDAT", zlib.compress(b"\0" * 100_000))
    return b"\x89PNG\r\n\x1a\n" + head + data + chunk(b"IEND", b"")


def moving():
    frames = [Image.new("RGB", (20, 20), colour) for colour in ("red", "blue")]
    written = io.BytesIO()
    frames[0].save(written, "WEBP", save_all=True, append_images=frames[1:])
    return written.getvalue()


async def upload(client, content, name="logo.png"):
    files = {"picture": FileStorage(io.BytesIO(content), filename=name)}
    answer = await client.post(PATH, files=files)
    return answer.status_code, await answer.get_data(as_text=True)


def logo_of(app):
    return app.extensions["upvote"].board.settings.logo


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
async def test_an_uploaded_picture_is_in_the_header_of_every_page(free_app, client, kind):
    assert (await upload(client, picture(kind)))[0] == 303
    page = await (await client_of(free_app).get("/login")).get_data(as_text=True)
    address = f"/board/logo/{logo_of(free_app)}.webp"
    assert f'<img class="brand-logo" src="{address}" alt=""' in page
    answer = await client_of(free_app).get(address)
    assert answer.mimetype == "image/webp"
    assert "immutable" in answer.headers["Cache-Control"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    with Image.open(io.BytesIO(await answer.get_data(as_text=False))) as shown:
        assert shown.size == (200, 100)
    await client.post(PATH, form={"action": "remove"})
    assert logo_of(free_app) is None
    assert (await client_of(free_app).get(address)).status_code == 404


async def test_what_is_stored_has_no_metadata_and_is_small(free_app, client):
    exif = Image.Exif()
    exif[0x010E] = "51.5 N, home"
    content = picture("JPEG", (3_000, 1_500), exif=exif) + b"<script>alert(1)</script>"
    assert (await upload(client, content))[0] == 303
    answer = await client.get(f"/board/logo/{logo_of(free_app)}.webp")
    stored = await answer.get_data(as_text=False)
    assert b"home" not in stored
    assert b"script" not in stored
    with Image.open(io.BytesIO(stored)) as shown:
        assert shown.size == (SIDE, SIDE // 2)
        assert not shown.getexif()


BAD = {
    "nothing": (b"", 422, "Choose a picture"),
    "svg": (SVG, 422, "no picture of these kinds"),
    "html": (b"<!doctype html><script>alert(1)</script>", 422, "no picture of these kinds"),
    "gif": (picture("GIF"), 422, "no picture of these kinds"),
    "4 GB": (bomb(), 422, "too large"),
    "wide": (picture(size=(4_001, 2)), 422, "4,001 by 2 pixels"),
    "truncated": (picture("JPEG", (900, 900))[:2_000], 422, "damaged"),
    "moving": (moving(), 422, "moves"),
    "large": (b"\x89PNG" + b"x" * MAX_BYTES, 413, "larger than 1 MB"),
    "very large": (b"\x89PNG" + b"x" * (2 * MAX_BYTES), 413, "larger than 1 MB"),
}


@pytest.mark.parametrize("name", BAD)
async def test_another_file_is_refused_in_words_and_nothing_changes(free_app, client, name):
    content, expected, words = BAD[name]
    status, text = await upload(client, content)
    assert (status, words in text) == (expected, True), text
    assert logo_of(free_app) is None


async def test_only_admins_upload_and_only_this_route_takes_more(free_app, board, client):
    stranger = client_of(free_app, await board.user())
    assert (await upload(stranger, picture()))[0] == 403
    large = {"title": "x" * 70_000}
    assert (await client.post("/projects/new", form=large)).status_code == 413


async def test_the_accents_style_sheet_is_linked_only_if_it_is_set(free_app, client, organise):
    page = await (await client_of(free_app).get("/login")).get_data(as_text=True)
    assert "/board/accent-" not in page
    await organise(accent="#7a3e9d")
    page = await (await client_of(free_app).get("/login")).get_data(as_text=True)
    start = page.index("/board/accent-7a3e9d.css")
    address = page[start : page.index('"', start)]
    answer = await client_of(free_app).get(address)
    assert (answer.status_code, answer.mimetype) == (200, "text/css")
    assert "--accent: #7a3e9d" in await answer.get_data(as_text=True)
    for colour in ("ffffff", "7A3E9D", "xyz", "7a3e9d0"):
        assert (await client.get(f"/board/accent-{colour}.css")).status_code == 404
