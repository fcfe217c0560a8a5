"""The Atom feeds of the lists."""

from uuid import UUID
from xml.etree import ElementTree

import pytest

from app.main import create_app
from app.projects.feed import FEEDS
from app.projects.queries import insert_project
from tests.support import client_of

ATOM = "{http://www.w3.org/2005/Atom}"


async def test_a_feed_is_well_formed_with_any_title(app, board, db):
    author = await board.user()
    title = "A <b>&\x0b\x01 clock"
    project_id = await insert_project(db, author.id, title, "https://x.example/?a=1&b=2", "T & <p>")
    feed, entry = await feed_and_entry(app, project_id)
    assert entry.findtext(f"{ATOM}title") == "A <b>& clock"
    assert entry.findtext(f"{ATOM}author/{ATOM}name") == author.username
    for holder in (feed, entry):
        assert holder.findtext(f"{ATOM}updated")


async def test_an_edit_updates_the_entry_of_a_feed(app, board):
    author = await board.user()
    project_id = await board.project(author)
    feed, before = await feed_and_entry(app, project_id)
    assert before.findtext(f"{ATOM}updated") == before.findtext(f"{ATOM}published")
    await client_of(app, author).post(f"/projects/{project_id}/edit", form={"title": "Edited"})
    feed, after = await feed_and_entry(app, project_id)
    assert after.findtext(f"{ATOM}published") == before.findtext(f"{ATOM}published")
    assert after.findtext(f"{ATOM}updated") > before.findtext(f"{ATOM}updated")
    assert feed.findtext(f"{ATOM}updated") == after.findtext(f"{ATOM}updated")


async def feed_and_entry(app, project_id):
    """Return the feed of new projects and one project's entry in it."""
    answer = await client_of(app).get("/feed.atom?sort=new")
    feed = ElementTree.fromstring(await answer.get_data())  # noqa: S314
    entries = {entry.find(f"{ATOM}link").attrib["href"]: entry for entry in feed.iter(f"{ATOM}entry")}
    return feed, entries[f"http://localhost/projects/{project_id}"]


async def ids_under(app, host):
    """Return the ids of the feed of new projects, its own first, as asked for under a host."""
    answer = await client_of(app).get("/feed.atom?sort=new", headers={"Host": host})
    feed = ElementTree.fromstring(await answer.get_data())  # noqa: S314
    return [element.text for element in feed.iter(f"{ATOM}id")], await answer.get_data(as_text=True)


async def test_the_ids_of_a_feed_are_the_same_under_every_host(app, board):
    await board.project()
    ids, _ = await ids_under(app, "board.example")
    assert (await ids_under(app, "www.board.example:8080"))[0] == ids
    assert all(UUID(each) for each in ids)
    assert len(ids) == len(set(ids)) > 1


async def test_ids_and_links_begin_with_the_base_url(settings, board):
    project_id = await board.project()
    changes = {"base_url": "https://board.example"}
    async with create_app(settings.model_copy(update=changes)).test_app() as running:
        ids, feed = await ids_under(running.app, "other-host.example")
        page = await (
            await client_of(running.app).get(
                f"/projects/{project_id}", headers={"Host": "other-host.example"}
            )
        ).get_data(as_text=True)
    assert ids[0] == "https://board.example/feed.atom?sort=new&t=all"
    assert f"https://board.example/projects/{project_id}" in ids
    assert f'property="og:url" content="https://board.example/projects/{project_id}"' in page
    assert 'property="og:image" content="https://board.example/static/' in page
    assert "other-host.example" not in feed + page


@pytest.mark.parametrize("sort", FEEDS)
async def test_every_list_has_a_feed_that_its_page_links_to(app, board, sort):
    await board.project()
    html = await (await client_of(app).get(f"/?sort={sort}")).get_data(as_text=True)
    assert (
        f'rel="alternate" type="application/atom+xml" href="/feed.atom?sort={sort}&amp;t=all"' in html
    )
    answer = await client_of(app).get(f"/feed.atom?sort={sort}")
    assert answer.mimetype == "application/atom+xml"
    again = await client_of(app).get(
        f"/feed.atom?sort={sort}", headers={"If-None-Match": answer.headers["ETag"]}
    )
    assert again.status_code == 304


async def test_an_unknown_feed_is_not_found(app):
    assert (await client_of(app).get("/feed.atom?sort=worst")).status_code == 404
