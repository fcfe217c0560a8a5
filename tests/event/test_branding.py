"""Everything that said "Upvote" to visitors says the board's name, and no name breaks a page."""

import re
from xml.etree import ElementTree

import pytest

from app.fast.member_pages import MemberPages
from app.fast.visitor_pages import VisitorPages
from tests.asgi_calls import ask
from tests.support import client_of, session_cookie

NAMES = ["Herbst 2026", "פרויקטים <של> ספטמבר", 'A "quoted" & <script>alert(1)</script>', "🎉" * 60]
PAGES = ["/", "/login", "/register", "/search", "/nothing-here"]


async def read(client, path):
    return await (await client.get(path)).get_data(as_text=True)


@pytest.mark.parametrize("name", NAMES)
async def test_the_name_is_everywhere_and_ours_is_not(free_app, board, admin, organise, name):
    project_id = await board.project()
    await organise(name=name, tagline="Vote & <win>")
    client = client_of(free_app)
    member = client_of(free_app, admin)
    pages = [(client, path) for path in (*PAGES, f"/projects/{project_id}", f"/embed/{project_id}")]
    pages += [(member, path) for path in ("/me/settings", "/me/votes", "/admin/projects", "/ops")]
    for reader, path in pages:
        html = await read(reader, path)
        assert "<script>alert" not in html
        left = re.sub('aria-label="Upvote"|>Upvote <bdi>', "", html)
        assert not re.search(r"Upvote\b", left), path
    feed = ElementTree.fromstring(await read(client, "/feed.atom"))  # noqa: S314 (our own)
    assert name in feed.find("{http://www.w3.org/2005/Atom}title").text


async def test_the_fast_lists_have_the_name_and_the_welcome_too(free_app, board, organise):
    user = await board.user()
    cookie = {"cookie": f"upvote_session={session_cookie(free_app, user)}"}
    await organise(name="Autumn <i>", welcome="Hello **you**", accent="#7a3e9d")
    fast = VisitorPages(MemberPages(free_app))
    for headers in ({}, cookie):
        page = (await ask(fast, "GET", "/", headers)).body
        assert "Autumn &lt;i&gt;" in page
        assert "Hello <strong>you</strong>" in page
        assert "/board/accent-7a3e9d.css" in page
    await organise(name="Winter", welcome="")
    later = VisitorPages(MemberPages(free_app))  # what is cached is dropped after half a second
    for headers in ({}, cookie):
        page = (await ask(later, "GET", "/", headers)).body
        assert "Winter" in page
        assert "Autumn" not in page
