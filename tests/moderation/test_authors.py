"""What admins do to a project: its author is told, and can delete it, but not edit it or vote."""

import json
import re

import pytest

from tests.support import client_of
from tests.vote_box import HTMX, post_vote

REASON = "Reported by <somebody>"


@pytest.fixture
async def moderate(free_app, board, db):
    """Return a function that acts on a project as an admin."""
    admin = await board.user()
    await db.execute("UPDATE users SET is_admin = true WHERE id = $1", admin.id)

    async def moderate(path, action, reason=REASON):
        form = {"action": action, "reason": reason}
        answer = await client_of(free_app, admin).post(f"/admin{path}", form=form)
        assert answer.status_code == 303

    moderate.admin = admin
    return moderate


@pytest.fixture
async def author(board):
    return await board.user()


@pytest.fixture
async def path(board, author):
    return f"/projects/{await board.project(author)}"


async def read(app, account, path):
    answer = await client_of(app, account).get(path)
    return answer.status_code, await answer.get_data(as_text=True)


async def test_an_author_reads_why_a_project_is_hidden(free_app, author, path, moderate):
    await moderate(path, "hide", "An earlier reason")
    await moderate(path, "restore")
    await moderate(path, "hide")
    status, html = await read(free_app, author, path)
    assert status == 200
    assert "This project is hidden" in html
    assert "Reported by &lt;somebody&gt;" in html
    assert "An earlier reason" not in html
    assert f'href="{path}/delete"' in html
    assert f'href="{path}/edit"' not in html
    assert len(re.findall(r'<button class="vote-[^>]* disabled', html)) == 2
    await moderate(path, "restore")
    assert REASON[:11] not in (await read(free_app, author, path))[1]


async def test_nobody_else_learns_of_a_hidden_project(free_app, board, author, path, moderate):
    await moderate(path, "hide")
    other = await board.user()
    for account in (other, None):
        for address in (path, f"/api{path}"):
            assert (await read(free_app, account, address))[0] == 404
    for action in ("edit", "delete"):
        assert (await read(free_app, other, f"{path}/{action}"))[0] == 404
        answer = await client_of(free_app, other).post(f"{path}/{action}", form={"confirm": "yes"})
        assert answer.status_code == 404
    for address in ("/?sort=new", f"/users/{author.username}", "/feed.atom"):
        assert f'{path}"' not in (await read(free_app, author, address))[1]


async def test_a_hidden_project_is_deleted_by_its_author_but_takes_no_edit_or_vote(
    free_app, author, path, moderate, db
):
    await moderate(path, "hide")
    client, project_id = client_of(free_app, author), int(path.rpartition("/")[2])
    assert (await client.get(f"{path}/edit")).status_code == 403
    assert (await client.post(f"{path}/edit", form={"title": "Mine again"})).status_code == 403
    assert (await post_vote(client, project_id, 1, **HTMX)).status_code == 404
    assert (await client.post(f"{path}/delete", form={"confirm": "yes"})).status_code == 303
    assert await db.fetchval("SELECT title FROM projects WHERE id = $1", project_id) == "Deleted"
    assert (await client.get(path)).status_code == 404


async def test_a_locked_project_stays_as_people_voted_on_it(
    free_app, board, author, path, moderate, db
):
    client, project_id = client_of(free_app, author), int(path.rpartition("/")[2])
    await moderate(path, "lock", "The contest is over")
    before = await db.fetchrow("SELECT title, url, description FROM projects WHERE id = $1", project_id)
    page = (await read(free_app, author, path))[1]
    assert "The contest is over" in page
    assert f'href="{path}/edit"' not in page
    assert "The contest is over" not in (await read(free_app, await board.user(), path))[1]
    form = await client.get(f"{path}/edit")
    assert form.status_code == 403
    assert "locked this project" in await form.get_data(as_text=True)
    refused = await client.post(f"{path}/edit", form={"title": "Buy pills", "description": "An hour"})
    assert refused.status_code == 403
    html = await refused.get_data(as_text=True)
    assert "locked this project" in html
    assert "An hour" in html  # what was typed is not lost
    after = await db.fetchrow("SELECT title, url, description FROM projects WHERE id = $1", project_id)
    assert after == before
    await moderate(path, "unlock")
    assert (await client.post(f"{path}/edit", form={"title": "Better"})).status_code == 303


async def test_the_form_says_who_reads_the_reason_and_the_export_agrees(
    free_app, author, path, moderate, db
):
    page = (await read(free_app, moderate.admin, path))[1]
    assert "The author and all admins can read it" in page
    page = (await read(free_app, moderate.admin, f"/admin/people/{author.username}"))[1]
    assert f"{author.username} and all admins can read it" in page
    await moderate(path, "hide")
    await moderate(path, "lock", "Written when only admins read it")
    await db.execute("UPDATE moderation_actions SET reason_shared = false WHERE reason LIKE 'Written%'")
    page = (await read(free_app, author, path))[1]
    assert "Written when" not in page
    assert "Locked <time" in page
    export = json.loads((await read(free_app, author, "/me/export.json"))[1])
    assert [entry["reason"] for entry in export["moderation"]] == [REASON, None]


@pytest.mark.parametrize("deleted", [False, True])
async def test_all_projects_of_an_account_are_hidden_and_restored_at_once(
    free_app, board, author, path, moderate, db, deleted
):
    voter, other = client_of(free_app, await board.user()), await board.project()
    paths = [path, f"/projects/{await board.project(author)}"]
    name = author.username
    if deleted:
        name = f"deleted-{author.id}-x"
        await db.execute(
            "UPDATE users SET username = $2, deleted_at = now() WHERE id = $1", author.id, name
        )
    assert f'/admin/people/{name}">All projects' in (await read(free_app, moderate.admin, path))[1]
    page = (await read(free_app, moderate.admin, f"/admin/people/{name}"))[1]
    assert all(f'href="{each}"' in page for each in paths)
    assert ("Suspend" in page) is not deleted
    await moderate(f"/users/{name}", "hide-projects")
    for each in paths:
        assert (await voter.get(each)).status_code == 404
        assert (await post_vote(voter, int(each.rpartition("/")[2]), 1, **HTMX)).status_code == 404
    assert (await voter.get(f"/projects/{other}")).status_code == 200
    log = (await read(free_app, moderate.admin, "/admin/audit"))[1]
    assert all(re.search(rf'hid\s+<a href="{each}"><bdi>Project', log) for each in paths)
    await moderate(f"/users/{name}", "restore-projects")
    assert [(await voter.get(each)).status_code for each in paths] == [200, 200]
