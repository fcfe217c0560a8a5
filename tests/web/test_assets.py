"""Static files, compression, and the weight of a page."""

import gzip
import hashlib
import re

import pytest

from app.web.assets import ASSETS, STATIC, asset
from tests.asgi_calls import ask, with_middleware
from tests.support import client_of

ZIPPED = {"Accept-Encoding": "gzip, br"}


async def test_an_asset_is_cached_for_ever_only_under_its_digest(app):
    client = client_of(app)
    answer = await client.get(asset("js/main.js"))
    assert "immutable" in answer.headers["Cache-Control"]
    assert (await client.get("/static/js/main.js?v=old")).headers["Cache-Control"] == "no-cache"
    again = await client.get("/static/js/main.js", headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304


@pytest.mark.parametrize("path", ["js/main.js", "css/base.css", "icons/favicon.ico"])
@pytest.mark.parametrize("asked", [{}, {"accept-encoding": "gzip"}, {"if-none-match": "*"}])
async def test_the_fast_path_for_static_files_answers_like_quart(free_app, path, asked, monkeypatch):
    quart = await ask(free_app, "GET", asset(path), asked)
    if "if-none-match" not in asked:
        monkeypatch.setattr(type(free_app), "__call__", lambda *_: pytest.fail("passed on"))
    fast = await ask(with_middleware(free_app), "GET", asset(path), asked)
    assert (fast.status, fast.headers, fast.body) == (quart.status, quart.headers, quart.body)


async def test_a_page_loads_one_module_and_one_sheet_for_every_page(app):
    html = await (await client_of(app).get("/projects/0")).get_data(as_text=True)
    assert re.findall(r'<script type="module" src="([^"]+)">', html) == [asset("js/main.js")]
    assert re.findall(r'<link rel="stylesheet" href="([^"]+)">', html) == [asset("css/board.css")]


def test_every_file_of_a_component_is_in_something_that_is_served():
    comment = re.compile(r"/\*.*?\*/|^\s*//[^\n]*", re.DOTALL | re.MULTILINE)
    for kind in ("js", "css"):
        served = "".join(a.content.decode() for path, a in ASSETS.items() if path.startswith(kind))
        assert not comment.search(served)
        for path in sorted((STATIC / kind).iterdir()):
            lines = [line.strip() for line in comment.sub("", path.read_text()).splitlines()]
            own = [line for line in lines if not line.startswith(("import", "@import"))]
            assert max(own, key=len).removeprefix("export ") in served, path


def test_htmx_is_the_published_file():
    vendor = STATIC / "vendor"
    expected, name = (vendor / "htmx.min.js.sha256").read_text().split()
    assert hashlib.sha256((vendor / name).read_bytes()).hexdigest() == expected
    assert "Zero-Clause BSD" in (vendor / "htmx.LICENSE").read_text()


@pytest.mark.parametrize("path", ["../main.py", "%2e%2e/main.py", "", "js"])
async def test_nothing_outside_the_folder_is_served(app, path):
    assert (await client_of(app).get(f"/static/{path}")).status_code == 404


async def test_a_page_is_compressed_for_clients_that_accept_gzip(app, board):
    path = f"/projects/{await board.project()}"
    plain = await (await client_of(app).get(path)).get_data(as_text=False)
    answer = await client_of(app).get(path, headers=ZIPPED)
    assert answer.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(await answer.get_data(as_text=False)) == plain
    assert "Accept-Encoding" in answer.headers["Vary"]


async def test_the_front_page_with_its_assets_weighs_less_than_45_kb(app, board):
    for _ in range(25):
        await board.project()
    client = client_of(app)
    answer = await client.get("/", headers=ZIPPED)
    html = gzip.decompress(await answer.get_data(as_text=False)).decode()
    weight = int(answer.headers["Content-Length"])
    for address in sorted(set(re.findall(r'(?:href|src)="(/static/[^"#]+)', html))):
        weight += int((await client.get(address, headers=ZIPPED)).headers["Content-Length"])
    assert 10_000 < weight < 45_000
