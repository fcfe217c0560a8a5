"""Static files, compression, and the weight of a page."""

import gzip
import hashlib
import re
from pathlib import Path

import pytest

from app.web.assets import STATIC, asset, imported_modules, load_assets
from tests.asgi_calls import ask, with_middleware
from tests.support import client_of

ZIPPED = {"Accept-Encoding": "gzip, br"}
# The modules that pages load by their names; all others are imported.
ENTRIES = ("copy-text.js", "main.js", "own-time.js", "screen.js", "screen-reveal.js")
# Everything in a module that looks like the address of a script, however it is imported.
SPECIFIER = re.compile(r"""^[^/].*['"]([^'"]+\.js[^'"]*)['"]""", re.MULTILINE)


async def test_an_asset_is_cached_for_ever_only_under_its_digest(app):
    client = client_of(app)
    answer = await client.get(asset("js/vote-box.js"))
    assert "immutable" in answer.headers["Cache-Control"]
    assert (await client.get("/static/js/vote-box.js?v=old")).headers["Cache-Control"] == "no-cache"
    again = await client.get(
        "/static/js/vote-box.js", headers={"If-None-Match": answer.headers["ETag"]}
    )
    assert again.status_code == 304


@pytest.mark.parametrize("path", ["js/vote-box.js", "css/base.css", "icons/favicon.ico"])
@pytest.mark.parametrize("asked", [{}, {"accept-encoding": "gzip"}, {"if-none-match": "*"}])
async def test_the_fast_path_for_static_files_answers_like_quart(free_app, path, asked, monkeypatch):
    quart = await ask(free_app, "GET", asset(path), asked)
    if "if-none-match" not in asked:
        monkeypatch.setattr(type(free_app), "__call__", lambda *_: pytest.fail("passed on"))
    fast = await ask(with_middleware(free_app), "GET", asset(path), asked)
    assert (fast.status, fast.headers, fast.body) == (quart.status, quart.headers, quart.body)


async def test_every_import_leads_to_a_module_that_is_cached_for_ever(app):
    client, names = client_of(app), {path.name for path in (STATIC / "js").iterdir()}
    addresses, seen = [asset(f"js/{name}") for name in ENTRIES], set()
    while addresses:
        address = addresses.pop()
        seen.add(address)
        answer = await client.get(address)
        assert answer.status_code == 200, address
        assert "immutable" in answer.headers["Cache-Control"], address
        assert answer.mimetype in ("text/javascript", "application/javascript")
        addresses += set(SPECIFIER.findall(await answer.get_data(as_text=True))) - seen
    assert {address.partition("?")[0].rpartition("/")[2] for address in seen} == names
    assert len(seen) == len(names)  # each module has one address, so a page holds one instance of it
    imported = {address for name in ENTRIES for address in imported_modules(f"js/{name}")}
    assert {*imported, *[asset(f"js/{name}") for name in ENTRIES]} == seen


async def test_a_page_preloads_every_module_that_its_script_imports(app):
    html = await (await client_of(app).get("/")).get_data(as_text=True)
    preloaded = re.findall(r'<link rel="modulepreload" href="([^"]+)">', html)
    assert preloaded == list(imported_modules("js/main.js"))
    assert re.findall(r'<script type="module" src="([^"]+)">', html) == [asset("js/main.js")]


def write_modules(folder: Path, **modules: str) -> Path:
    (folder / "js").mkdir(exist_ok=True)
    for name, content in modules.items():
        (folder / "js" / f"{name}.js").write_text(content)
    return folder


def test_a_change_in_a_module_changes_the_addresses_of_all_modules_that_import_it(tmp_path):
    modules = {
        "main": "import './box.js';",
        "box": 'import {a} from "./leaf.js";',
        "leaf": "1",
        "other": "2",
    }
    before = load_assets(write_modules(tmp_path, **modules))
    after = load_assets(write_modules(tmp_path, leaf="3"))
    changed = {path for path in before if before[path].digest != after[path].digest}
    assert changed == {"js/main.js", "js/box.js", "js/leaf.js"}
    assert after["js/box.js"].content.decode() == (
        f'import {{a}} from "/static/js/leaf.js?v={after["js/leaf.js"].digest}";'
    )


def test_circular_imports_of_modules_are_refused_at_the_start(tmp_path):
    circle = write_modules(tmp_path, a="import './b.js';", b="import './c.js';", c="import './b.js';")
    with pytest.raises(ValueError, match=r"circle: (js/b\.js, js/c\.js|js/c\.js, js/b\.js)$"):
        load_assets(circle)


def test_an_import_of_a_module_that_does_not_exist_is_refused_at_the_start(tmp_path):
    with pytest.raises(ValueError, match=r"^js/a\.js imports js/b\.js, which does not exist$"):
        load_assets(write_modules(tmp_path, a="import {b} from './b.js';"))


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


async def test_the_front_page_with_its_assets_weighs_less_than_60_kb(app, board):
    for _ in range(25):
        await board.project()
    client = client_of(app)
    answer = await client.get("/", headers=ZIPPED)
    html = gzip.decompress(await answer.get_data(as_text=False)).decode()
    weight = int(answer.headers["Content-Length"])
    for address in sorted(set(re.findall(r'(?:href|src)="(/static/[^"#]+)', html))):
        weight += int((await client.get(address, headers=ZIPPED)).headers["Content-Length"])
    assert 10_000 < weight < 60_000
