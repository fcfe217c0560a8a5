"""GET /embed/upvote.js: the vote button for pages of other sites."""

import gzip
import re

import pytest

from app.web.button_module import make_module
from tests.asgi_calls import ask
from tests.board.organise import organise
from tools import button_module as tool

__all__ = ["organise"]

ADDRESS = "/embed/upvote.js"
LARGEST = 6_000  # bytes, of all that a page loads for its buttons


def test_the_file_is_what_its_tool_writes():
    assert tool.FILE.read_text() == tool.text()


@pytest.mark.parametrize("times", [(200, 500), (321, 654), (1_234, 2_567)])
def test_the_button_is_one_module_of_less_than_6_kb(times):
    module = make_module(*times)
    assert 4_000 < len(module.zipped) < LARGEST
    assert len(gzip.compress(module.content, 6)) < LARGEST  # as a proxy may compress it
    code = module.content.decode()
    assert "import(" not in code
    assert "import{" not in code
    assert "eval" not in code
    assert code.count("export") == 1


async def test_any_site_may_read_it_and_asks_again_soon(app):
    answer = await ask(app, "GET", ADDRESS, {"origin": "https://site.example"})
    assert answer.status == 200
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
    assert answer.headers["content-type"].partition(";")[0] == "text/javascript"
    assert answer.headers["cache-control"] == "public, max-age=300"
    again = await ask(app, "GET", ADDRESS, {"if-none-match": answer.headers["etag"]})
    assert again.status == 304
    assert again.headers["access-control-allow-origin"] == "*"


async def test_the_address_with_its_digest_is_cached_for_ever(app):
    digest = (await ask(app, "GET", ADDRESS)).headers["etag"].strip('"')
    kept = await ask(app, "GET", f"{ADDRESS}?v={digest}")
    assert "immutable" in kept.headers["cache-control"]
    other = await ask(app, "GET", f"{ADDRESS}?v=000000000000")
    assert other.body == kept.body
    assert "immutable" not in other.headers["cache-control"]


async def test_a_private_board_gives_it_to_everybody(app, organise):
    await organise(private="yes")
    answer = await ask(app, "GET", ADDRESS)
    assert (answer.status, answer.headers["cache-control"]) == (200, "public, max-age=300")


def test_it_has_the_settings_of_the_board():
    module = make_module(321, 654)
    assert module.digest != make_module(200, 500).digest
    code = module.content.decode()
    assert "321" in code
    assert "654" in code
    names = re.findall(r"^export const (\w+)", (tool.FOLDER / tool.SETTINGS).read_text(), re.MULTILINE)
    assert len(names) >= 3
    assert [name for name in names if name in code] == []


def test_a_name_that_two_modules_have_is_refused(tmp_path):
    (tmp_path / tool.ENTRY).write_text("import {b} from './other.js';\nconst a = b;\n")
    (tmp_path / "other.js").write_text("const a = 1;\nexport const b = a;\n")
    with pytest.raises(ValueError, match=r"^other\.js and upvote-button\.js both have the name a$"):
        tool.bundle(tmp_path)


def test_an_import_under_another_name_is_refused(tmp_path):
    (tmp_path / tool.ENTRY).write_text("import {\n  b as c,\n} from './other.js';\n")
    with pytest.raises(ValueError, match=r"^upvote-button\.js imports something under another name"):
        tool.bundle(tmp_path)
