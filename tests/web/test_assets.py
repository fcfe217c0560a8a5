"""Static files, compression, and the weight of a page."""

import gzip
import hashlib
import re

import pytest

from app.web.assets import STATIC, asset
from tests.asgi_calls import ask, front_of
from tests.support import client_of

ZIPPED = {"Accept-Encoding": "gzip, br"}


async def test_an_asset_is_kept_for_ever_under_its_digest_only(app):
    client = client_of(app)
    answer = await client.get(asset("js/vote.js"))
    assert "immutable" in answer.headers["Cache-Control"]
    assert (await client.get("/static/js/vote.js?v=old")).headers["Cache-Control"] == "no-cache"
    again = await client.get("/static/js/vote.js", headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304


@pytest.mark.parametrize("path", ["js/vote.js", "css/base.css", "icons/favicon.ico"])
@pytest.mark.parametrize("asked", [{}, {"accept-encoding": "gzip"}, {"if-none-match": "*"}])
async def test_the_door_of_assets_gives_what_quart_gives(free_app, path, asked, monkeypatch):
    quarts = await ask(free_app, "GET", asset(path), asked)
    if "if-none-match" not in asked:
        monkeypatch.setattr(type(free_app), "__call__", lambda *_: pytest.fail("passed on"))
    doors = await ask(front_of(free_app), "GET", asset(path), asked)
    assert (doors.status, doors.headers, doors.body) == (quarts.status, quarts.headers, quarts.body)


def test_htmx_is_as_its_makers_published_it():
    vendor = STATIC / "vendor"
    expected, name = (vendor / "htmx.min.js.sha256").read_text().split()
    assert hashlib.sha256((vendor / name).read_bytes()).hexdigest() == expected
    assert "Zero-Clause BSD" in (vendor / "htmx.LICENSE").read_text()


@pytest.mark.parametrize("path", ["../main.py", "%2e%2e/main.py", "", "js"])
async def test_nothing_outside_the_folder_is_served(app, path):
    assert (await client_of(app).get(f"/static/{path}")).status_code == 404


async def test_a_page_is_compressed_for_those_who_ask(app, board):
    path = f"/projects/{await board.project()}"
    plain = await (await client_of(app).get(path)).get_data(as_text=False)
    answer = await client_of(app).get(path, headers=ZIPPED)
    assert answer.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(await answer.get_data(as_text=False)) == plain
    assert "Accept-Encoding" in answer.headers["Vary"]


async def test_the_front_page_weighs_less_than_60_kb_in_all(app, board):
    for _ in range(25):
        await board.project()
    client = client_of(app)
    answer = await client.get("/", headers=ZIPPED)
    html = gzip.decompress(await answer.get_data(as_text=False)).decode()
    weight = int(answer.headers["Content-Length"])
    for address in sorted(set(re.findall(r'(?:href|src)="(/static/[^"#]+)', html))):
        weight += int((await client.get(address, headers=ZIPPED)).headers["Content-Length"])
    assert 10_000 < weight < 60_000
