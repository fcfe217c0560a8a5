"""Outside of the times for submitting nobody but admins submits and changes projects."""

import asyncio
import re

import pytest

from app.accounts.commands import create_token
from app.accounts.settings.delete_account import delete
from app.accounts.withdrawals import run_withdrawals
from app.voting.votes import Status, Vote
from tests.accounts.hashing import quick_hashes
from tests.accounts.person import one
from tests.support import client_of
from tests.vote_box import HTMX

__all__ = ["one", "quick_hashes"]

FUTURE = "2199-01-01 12:00"
NEW = {"title": "Night train map", "description": "Where they go"}


async def post(client, path, form, **headers):
    answer = await client.post(path, form=form, headers=headers)
    return answer.status_code, await answer.get_data(as_text=True)


@pytest.mark.parametrize(
    ("times", "words"),
    [
        ({"submit_from": FUTURE}, "Submitting opens Tue 1 Jan 2199 12:00"),
        ({"submit_until": "now"}, "Submitting ended"),
        ({"vote_until": "now"}, "Submitting ended"),
    ],
)
async def test_submitting_is_refused_in_words_wherever_it_is_tried(
    free_app, board, db, settings, admin, organise, times, words
):
    user = await board.user()
    client = client_of(free_app, user)
    token = await create_token(settings, user.username)
    await organise(**times)
    page = await client.get("/projects/new")
    assert page.status_code == 403
    assert words in await page.get_data(as_text=True)
    status, text = await post(client, "/projects/new", NEW)
    assert (status, words in text, "Where they go" in text) == (403, True, True)
    status, text = await post(client, "/projects/new", NEW, **HTMX)
    assert (status, words in text) == (403, True)
    answer = await client.post("/api/projects", json=NEW, headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 403
    assert words in (await answer.get_json())["message"]
    assert not await db.fetchval("SELECT count(*) FROM projects WHERE author_id = $1", user.id)
    assert (await post(client_of(free_app, admin), "/projects/new", NEW))[0] == 303


async def test_what_was_typed_before_the_end_is_not_lost_with_the_session(one, board, db, organise):
    """It is shown with the reason why it cannot be sent any more."""
    project = await board.project()
    await db.execute("UPDATE projects SET author_id = $1 WHERE id = $2", one.id, project)
    for path, closing in (
        ("/projects/new", {"submit_until": "now"}),
        (f"/projects/{project}/edit", {"submit_until": "now"}),
        (f"/projects/{project}/edit", None),
    ):
        await organise(submit_until="")
        await one.session_ends()
        await one.send(path, **NEW)
        if closing:
            await organise(**closing)
        else:
            await db.execute("UPDATE projects SET locked_at = now() WHERE id = $1", project)
        page = await one.sign_in(to=path)
        assert ("Submitting ended" if closing else "locked this project") in page, path
        assert "Where they go" in page, path
        assert "this was not sent" in page, path
        assert "send it again" not in page, path
        assert (await one.client.get(path)).status_code == 403


@pytest.mark.parametrize("way", ["form", "API", "API, once", "key"])
async def test_what_an_admin_submits_outside_of_the_times_is_in_the_moderation_log(
    free_app, db, settings, admin, organise, way
):
    scopes = ["projects"] if way == "key" else []
    token = await create_token(settings, admin.username, scopes)
    client, headers = client_of(free_app, admin), {"Authorization": f"Bearer {token}"}

    async def submit(title):
        form = NEW | {"title": title}
        if way == "form":
            return (await client.post("/projects/new", form=form)).status_code
        if way == "key":
            path = f"/api/projects/by-key/{title}"
            return (await client.put(path, json=form, headers=headers)).status_code
        once = {"Idempotency-Key": f'"{title}"'} if way == "API, once" else {}
        return (await client.post("/api/projects", json=form, headers=headers | once)).status_code

    assert await submit("In-time") in (201, 303)
    await organise(submit_until="now")
    assert await submit("Too-late") in (201, 303)
    logged = (
        "SELECT action, title, reason FROM moderation_actions WHERE admin_id = $1 AND project_id > 0"
    )
    assert [tuple(row) for row in await db.fetch(logged, admin.id)] == [
        ("submit", "Too-late", "Submitted while submitting was not open.")
    ]
    page = await (await client.get("/admin/audit")).get_data(as_text=True)
    assert re.search(r"submitted\s+<a [^>]+><bdi>Too-late</bdi>", page)


async def test_an_author_neither_edits_nor_deletes_and_the_pages_say_why(free_app, board, db, organise):
    author = await board.user()
    path, client = f"/projects/{await board.project(author)}", client_of(free_app, author)
    assert f'href="{path}/edit"' in await (await client.get(path)).get_data(as_text=True)
    await organise(submit_until="now")
    before = await db.fetchrow("SELECT * FROM projects WHERE author_id = $1", author.id)
    page = await (await client.get(path)).get_data(as_text=True)
    assert "Submitting ended" in page
    assert f'href="{path}/edit"' not in page
    for action, form in (("edit", NEW), ("delete", {"confirm": "yes"})):
        answer = await client.get(f"{path}/{action}")
        assert answer.status_code == 403
        assert "Submitting ended" in await answer.get_data(as_text=True)
        status, text = await post(client, f"{path}/{action}", form)
        assert (status, "Submitting ended" in text) == (403, True)
    assert await db.fetchrow("SELECT * FROM projects WHERE author_id = $1", author.id) == before


async def test_closing_waits_for_a_submission_or_refuses_it(free_app, board, db, organise):
    """Twenty submissions run into "close now": what is stored was stored before its answer."""
    users = await board.users(20)
    clients = [client_of(free_app, user) for user in users]

    async def close():
        after = await organise(submit_until="now")
        ids = [user.id for user in users]
        count = "SELECT count(*) FROM projects WHERE author_id = ANY ($1::bigint[])"
        return after, await db.fetchval(count, ids)

    sent = asyncio.gather(*(post(client, "/projects/new", NEW) for client in clients))
    (_, stored), answers = await asyncio.gather(close(), sent)
    statuses = [status for status, _ in answers]
    assert set(statuses) <= {303, 403}
    assert statuses.count(303) == stored
    assert (await post(clients[0], "/projects/new", NEW))[0] == 403


async def test_an_admin_corrects_any_project_and_the_log_says_what_changed(
    free_app, board, db, admin, organise
):
    project_id = await board.project()
    path, client = f"/projects/{project_id}", client_of(free_app, admin)
    title = await db.fetchval("SELECT title FROM projects WHERE id = $1", project_id)
    await organise(submit_until="now")
    assert f'href="{path}/edit"' in await (await client.get(path)).get_data(as_text=True)
    assert "as an admin" in await (await client.get(f"{path}/edit")).get_data(as_text=True)
    form = {"title": "Corrected <title>", "description": "No phone number"}
    assert (await post(client, f"{path}/edit", form))[0] == 303
    entry = await db.fetchrow(
        "SELECT admin_id, action, title, reason FROM moderation_actions WHERE project_id = $1",
        project_id,
    )
    changes = f"title: “{title}” → “Corrected <title>”\ndescription: “” → “No phone number”"
    assert tuple(entry) == (admin.id, "edit", title, changes)
    log = await (await client.get("/admin/audit")).get_data(as_text=True)
    assert "Corrected &lt;title&gt;" in log
    await post(client, f"{path}/edit", form)  # changes nothing
    count = "SELECT count(*) FROM moderation_actions WHERE project_id = $1"
    assert await db.fetchval(count, project_id) == 1
    stranger = client_of(free_app, await board.user())
    assert (await post(stranger, f"{path}/edit", form))[0] == 403


async def test_an_admin_corrects_a_locked_and_a_hidden_project(free_app, board, db, admin):
    project_id = await board.project()
    client = client_of(free_app, admin)
    for action in ("lock", "hide"):
        await post(client, f"/admin/projects/{project_id}", {"action": action, "reason": "spam"})
        form = {"title": f"After {action}"}
        assert (await post(client, f"/projects/{project_id}/edit", form))[0] == 303
    assert await db.fetchval("SELECT title FROM projects WHERE id = $1", project_id) == "After hide"


async def test_the_author_of_a_locked_project_cannot_delete_it_in_any_way(free_app, board, db, admin):
    author = await board.user()
    project_id, client = await board.project(author), client_of(free_app, author)
    lock = {"action": "lock", "reason": "The winner"}
    await post(client_of(free_app, admin), f"/admin/projects/{project_id}", lock)
    status, text = await post(client, f"/projects/{project_id}/delete", {"confirm": "yes"})
    assert (status, "locked this project" in text) == (403, True)
    services, state = free_app.extensions["upvote"], free_app.extensions["upvote_accounts"]
    await delete(services, state, author, delete_projects=True)
    assert await db.fetchval("SELECT deleted_at FROM projects WHERE id = $1", project_id) is None


async def test_deleting_an_account_after_the_end_changes_no_tally(free_app, board, organise):
    services, state = free_app.extensions["upvote"], free_app.extensions["upvote_accounts"]
    early, late, other = await board.users(3)
    project_id = await board.project()
    for user in (early, late, other):
        assert (await services.batcher.cast(Vote(project_id, user.id, 1))).status is Status.ACCEPTED
    await delete(services, state, early, delete_projects=False)  # the worker has not come to it yet
    await organise(vote_until="now")
    page = await (await client_of(free_app, late).get("/me/settings/delete")).get_data(as_text=True)
    assert "all your votes still count" in page
    assert not await delete(services, state, late, delete_projects=True)
    await run_withdrawals(services)
    services.board.settings = services.board.resolve({})  # a worker that does not know the end yet
    await run_withdrawals(services)
    await services.board.refresh()
    await services.persist_events()
    assert await board.votes(project_id) == {early.id: 1, late.id: 1, other.id: 1}
    await organise(vote_until="")
    await run_withdrawals(services)
    await services.persist_events()
    assert await board.votes(project_id) == {late.id: 1, other.id: 1}


async def test_a_moderator_removes_votes_after_the_end(free_app, board, db, admin, organise):
    services, user = free_app.extensions["upvote"], await board.user()
    project_id, client = await board.project(), client_of(free_app, admin)
    assert (await services.batcher.cast(Vote(project_id, user.id, 1))).status is Status.ACCEPTED
    await organise(vote_until="now")
    await services.persist_events()
    for action in ("suspend", "withdraw"):
        await post(client, f"/admin/people/{user.username}", {"action": action, "reason": "fraud"})
    await run_withdrawals(services)
    await services.persist_events()
    assert await board.votes(project_id) == {}


async def test_a_deleted_project_gives_its_voters_their_votes_back(free_app, board, organise):
    services, author, voter = free_app.extensions["upvote"], *(await board.users(2))
    first, second = await board.project(author), await board.project()
    await organise(budget="1")
    assert (await services.batcher.cast(Vote(first, voter.id, 1))).status is Status.ACCEPTED
    refused = await services.batcher.cast(Vote(second, voter.id, 1))
    assert refused.status is Status.OVER_BUDGET
    path = f"/projects/{first}/delete"
    assert (await post(client_of(free_app, author), path, {"confirm": "yes"}))[0] == 303
    assert (await services.batcher.cast(Vote(second, voter.id, 1))).status is Status.ACCEPTED
