"""Authors can edit and delete their own projects only."""

import re

from app.projects.queries import insert_project
from tests.support import client_of


async def test_an_author_edits_a_project(app, board):
    author = await board.user()
    project_id = await board.project(author)
    client = client_of(app, author)
    form = {"title": "Mended", "url": "https://new.example/", "description": "Text"}
    answer = await client.post(f"/projects/{project_id}/edit", form=form)
    assert answer.status_code == 303
    html = await (await client.get(f"/projects/{project_id}")).get_data(as_text=True)
    assert "Mended" in html
    assert f'href="/projects/{project_id}/edit"' in html
    assert ">edited <time" in html
    listed = await (await client.get("/?sort=new")).get_data(as_text=True)
    row = listed.partition(f'id="project-{project_id}"')[2].partition("</li>")[0]
    assert ">edited</time>" in row
    bad = await client.post(f"/projects/{project_id}/edit", form={**form, "title": ""})
    assert bad.status_code == 422


async def test_saving_without_a_change_is_not_an_edit(app, board):
    author = await board.user()
    project_id = await board.project(author)
    client = client_of(app, author)
    page = await (await client.get(f"/projects/{project_id}/edit")).get_data(as_text=True)
    title = re.search(r'name="title"[^>]* value="([^"]*)"', page)[1]
    await client.post(f"/projects/{project_id}/edit", form={"title": title})
    html = await (await client.get(f"/projects/{project_id}")).get_data(as_text=True)
    assert title in html
    assert ">edited" not in html
    listed = await (await client.get("/?sort=new")).get_data(as_text=True)
    assert ">edited" not in listed.partition(f'id="project-{project_id}"')[2].partition("</li>")[0]


async def test_a_link_that_no_browser_reads_is_text_until_its_author_edits_it(app, board, db):
    """Earlier versions accepted such links."""
    author, unreadable = await board.user(), "https://name@999.1.1.1/"
    project_id = await insert_project(db, author.id, "Old link", unreadable, "")
    client, path = client_of(app, author), f"/projects/{project_id}"
    for page in (path, "/?sort=new", "/feed.atom"):
        assert "999.1.1.1" not in await (await client.get(page)).get_data(as_text=True)
    assert (await (await client.get(f"/api{path}")).get_json())["url"] is None
    form = await (await client.get(f"{path}/edit")).get_data(as_text=True)
    assert f'value="{unreadable}"' in form
    kept = {"title": "Old link", "url": unreadable}
    assert (await client.post(f"{path}/edit", form=kept)).status_code == 422


async def test_a_link_of_an_earlier_version_is_shown_as_browsers_read_it(app, board, db):
    author = await board.user()
    old = r"https://evil.example\@good.example"
    project_id = await insert_project(db, author.id, "Old link", old, "")
    client, path = client_of(app, author), f"/projects/{project_id}"
    page = await (await client.get(path)).get_data(as_text=True)
    assert '"project-host">evil.example<' in page
    assert 'href="https://evil.example/@good.example"' in page
    await client.post(f"{path}/edit", form={"title": "Old link", "url": old})
    assert ">edited" not in await (await client.get(path)).get_data(as_text=True)


async def test_only_the_author_edits_or_deletes_a_project(app, board, db):
    project_id, other = await board.project(), client_of(app, await board.user())
    for action in ("edit", "delete"):
        path = f"/projects/{project_id}/{action}"
        form = {"title": "Mine", "confirm": "yes"}
        assert (await other.get(path)).status_code == 403
        assert (await other.post(path, form=form)).status_code == 403
        assert (await client_of(app).post(path, form=form)).headers["Location"].startswith("/login")
    assert await db.fetchval("SELECT deleted_at FROM projects WHERE id = $1", project_id) is None


async def test_a_deleted_project_takes_no_votes_even_if_it_is_cached(app, board, db):
    author, voter = await board.user(), await board.user()
    project_id = await board.project(author)
    client, vote = client_of(app, voter), f"/projects/{project_id}/vote"
    await client.post(vote, form={"value": 1})
    owner = client_of(app, author)
    asked = await owner.post(f"/projects/{project_id}/delete", form={})
    assert asked.status_code == 200
    assert (await client.get(f"/projects/{project_id}")).status_code == 200
    done = await owner.post(f"/projects/{project_id}/delete", form={"confirm": "yes"})
    kept = await db.fetchrow("SELECT title, url, description FROM projects WHERE id = $1", project_id)
    assert tuple(kept) == ("Deleted", None, "")
    assert done.status_code == 303
    assert (await client.get(f"/projects/{project_id}")).status_code == 404
    assert (await client.post(vote, form={"value": 0})).status_code == 404
    html = await (await client.get("/?sort=new")).get_data(as_text=True)
    assert f'id="project-{project_id}"' not in html
