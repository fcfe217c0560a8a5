"""The title, text and picture that other sites show for a link."""

import re
import struct
from html import unescape

from app.projects.queries import insert_project
from tests.support import client_of

PNG = b"\x89PNG\r\n\x1a\n"


async def card(app, path):
    """Return the properties of the page's card and its description for search engines."""
    answer = await client_of(app).get(path)
    html = await answer.get_data(as_text=True)
    found = re.findall(r'<meta (?:property|name)="([\w:]+)" content="([^"]*)"', html)
    assert len(found) == len(dict(found))
    return dict(found)


async def test_a_project_has_its_own_card(app, board, db):
    author = await board.user()
    text = 'Where "they" go & why. ' * 20
    project_id = await insert_project(db, author.id, "A <b> map", None, text)
    found = await card(app, f"/projects/{project_id}")
    assert found["og:title"] == "A &lt;b&gt; map"
    assert found["og:url"] == f"http://localhost/projects/{project_id}"
    assert found["og:description"] == found["description"]
    assert found["description"].startswith("Where &#34;they&#34; go &amp; why.")
    assert len(unescape(found["description"])) <= 200
    assert found["twitter:card"] == "summary_large_image"


async def test_all_other_pages_have_the_card_of_the_board(app):
    found = await card(app, "/")
    assert found["og:title"] == "Upvote"
    assert found["og:url"] == "http://localhost/"
    assert found["og:description"] == found["description"]


async def test_the_picture_has_the_declared_size(app):
    found = await card(app, "/")
    assert found["og:image"].startswith("http://localhost/static/")
    answer = await client_of(app).get(found["og:image"].removeprefix("http://localhost"))
    picture = await answer.get_data(as_text=False)
    assert answer.mimetype == found["og:image:type"] == "image/png"
    assert picture.startswith(PNG)
    assert struct.unpack(">II", picture[16:24]) == (1200, 630)
    assert (found["og:image:width"], found["og:image:height"]) == ("1200", "630")
    assert len(picture) < 100_000
