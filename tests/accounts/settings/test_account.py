"""Changing the password and deleting the account."""

import json
from dataclasses import replace

import pytest

from app.accounts import withdrawals
from app.accounts.revocation import Revocations, end_sessions
from app.moderation import actions
from app.projects.queries import insert_project
from app.voting import keys
from app.voting.persist import persist_events
from app.voting.votes import Vote
from tests.accounts.settings.pages import make_token, settings_page, vote_with_token
from tests.support import client_of
from tests.vote_box import HTMX, post_vote

OLD, NEW = "correct horse", "battery staple"


@pytest.fixture
async def registered(free_app, board):
    """Return a new name and a client that has just registered it."""
    name = f"me-{(await board.user()).id}"
    client = client_of(free_app)
    answer = await client.post("/register", form={"username": name, "password": OLD})
    assert answer.status_code == 303
    return name, client


async def sign_in(app, username, password):
    client = client_of(app)
    answer = await client.post("/login", form={"username": username, "password": password})
    return client, answer.status_code


async def change(client, current=OLD, password=NEW):
    form = {"current": current, "password": password}
    return await client.post("/me/settings/password", form=form)


async def test_a_new_password_ends_all_other_sessions(free_app, registered):
    name, client = registered
    other, _ = await sign_in(free_app, name, OLD)
    assert name in await settings_page(other, "/")
    assert (await change(client)).status_code == 303
    assert "Password changed" in await settings_page(client)
    assert name not in await settings_page(other, "/")
    assert (await sign_in(free_app, name, OLD))[1] == 422
    again, status = await sign_in(free_app, name, NEW)
    assert status == 303
    assert name in await settings_page(again, "/")


async def test_signing_out_everywhere_ends_every_session(free_app, registered):
    name, client = registered
    other, _ = await sign_in(free_app, name, OLD)
    third, _ = await sign_in(free_app, name, OLD)
    assert (await third.post("/logout")).status_code == 303
    assert name in await settings_page(other, "/")
    assert (await client.post("/logout", form={"everywhere": "yes"})).status_code == 303
    for each in (client, other):
        assert name not in await settings_page(each, "/")
    assert (await sign_in(free_app, name, OLD))[1] == 303


@pytest.mark.parametrize(
    ("form", "message"),
    [({"current": "wrong horse"}, "not your current"), ({"password": "short"}, "8 to 200 characters")],
)
async def test_a_password_change_that_is_refused_changes_nothing(free_app, registered, form, message):
    name, client = registered
    answer = await change(client, **form)
    assert answer.status_code == 422
    assert message in await answer.get_data(as_text=True)
    assert (await sign_in(free_app, name, OLD))[1] == 303


async def test_another_process_learns_that_sessions_have_ended(board, db):
    user, there = await board.user(), Revocations()
    await there.catch_up(db)
    assert not there.is_over(user.id, 0)
    ended = await end_sessions(db, user.id)
    await there.catch_up(db)
    assert there.is_over(user.id, ended)
    assert not there.is_over(user.id, ended + 1)


async def delete_account(client, **form):
    return await client.post("/me/settings/delete", form={"password": OLD, **form})


@pytest.mark.parametrize("remove", [True, False])
async def test_deleting_an_account_removes_its_name_votes_and_tokens(
    free_app, registered, board, db, batcher, redis, monkeypatch, remove
):
    monkeypatch.setattr(withdrawals, "GRACE_SECONDS", 0)
    name, client = registered
    user_id = await db.fetchval("SELECT id FROM users WHERE username = $1", name)
    token, other = await make_token(client), await board.project()
    mine = (await client.post("/projects/new", form={"title": "Mine"})).headers["Location"]
    project_id = int(mine.rsplit("/", 1)[1])
    for voted in (project_id, other):
        await batcher.cast(Vote(voted, user_id, 1))
    answer = await delete_account(client, **({"projects": "remove"} if remove else {}))
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")
    services = free_app.extensions["upvote"]
    while await withdrawals.run_withdrawals(services):
        await persist_events(redis, db, 0)

    assert "deleted" in await settings_page(client, "/")
    assert (await vote_with_token(free_app, token, other)).status_code == 401
    assert (await sign_in(free_app, name, OLD))[1] == 422
    visitor = client_of(free_app)
    assert (await visitor.get(f"/users/{name}")).status_code == 404
    assert await redis.hget(keys.tally(0, other), "up") == b"0"
    assert await board.votes(other) == {}
    for voted in (project_id, other):
        assert not await redis.hexists(keys.votes(0, voted), str(user_id))
    assert [e["new_value"] for e in await board.events(other)] == [1, 0]
    row = await db.fetchrow("SELECT * FROM users WHERE id = $1", user_id)
    assert name not in str(dict(row))
    found = await visitor.get(mine)
    if remove:
        assert found.status_code == 404
        voter = client_of(free_app, await board.user())
        assert (await post_vote(voter, project_id, 1, **HTMX)).status_code == 404
    else:
        assert "deleted user" in await found.get_data(as_text=True)


async def test_deleting_an_account_needs_the_password(free_app, registered):
    name, client = registered
    answer = await delete_account(client, password="wrong horse")
    assert answer.status_code == 422
    assert "not your password" in await answer.get_data(as_text=True)
    assert (await sign_in(free_app, name, OLD))[1] == 303


async def test_a_suspended_account_gets_a_message(free_app, registered, db):
    name, _ = registered
    await db.execute("UPDATE users SET suspended_at = now() WHERE username = $1", name)
    _, status = await sign_in(free_app, name, OLD)
    assert status == 403


async def test_a_suspended_account_reads_why_and_exports_its_data(free_app, board, registered, db):
    name, _ = registered
    user_id = await db.fetchval("SELECT id FROM users WHERE username = $1", name)
    admin, services = await board.user(), free_app.extensions["upvote"]
    state = free_app.extensions["upvote_accounts"]
    await actions.suspend(services, state, admin.id, user_id, "Sold <votes>")
    client = client_of(free_app)
    page = await client.post("/login", form={"username": name, "password": OLD})
    html = await page.get_data(as_text=True)
    assert page.status_code == 403
    assert "Sold &lt;votes&gt;" in html
    assert 'action="/suspended/export.json"' in html
    export = "/suspended/export.json"
    answer = await client.post(export, form={"username": name, "password": OLD})
    found = json.loads(await answer.get_data(as_text=True))
    assert found["profile"]["username"] == name
    assert [each["reason"] for each in found["moderation"]] == ["Sold <votes>"]
    assert (await client.get("/me/export.json")).status_code == 303  # that was no sign-in
    wrong = await client.post(export, form={"username": name, "password": "wrong horse"})
    assert wrong.status_code == 422
    assert "Sold" not in await wrong.get_data(as_text=True)
    await db.execute("UPDATE users SET suspended_at = NULL WHERE id = $1", user_id)
    assert (await client.post(export, form={"username": name, "password": OLD})).status_code == 422


async def test_a_suspended_account_is_deleted_by_its_owner_alone(free_app, board, registered, db):
    name, _ = registered
    user_id = await db.fetchval("SELECT id FROM users WHERE username = $1", name)
    project_id = await insert_project(db, user_id, "Mine", None, "")
    client, deletion = client_of(free_app), "/suspended/delete"
    right = {"username": name, "password": OLD, "projects": "remove"}
    assert (await client.post(deletion, form=right)).status_code == 422  # it is not suspended
    await db.execute("UPDATE users SET suspended_at = now() WHERE id = $1", user_id)
    page = await client.post("/login", form=right)
    assert f'formaction="{deletion}"' in await page.get_data(as_text=True)
    assert (await client.post(deletion, form=right | {"password": "wrong one"})).status_code == 422
    assert not await db.fetchval("SELECT deleted_at FROM users WHERE id = $1", user_id)
    assert (await client.post(deletion, form=right)).status_code == 303
    assert "Your account is deleted." in await (await client.get("/login")).get_data(as_text=True)
    row = await db.fetchrow("SELECT username, deleted_at FROM users WHERE id = $1", user_id)
    assert row["username"].startswith("deleted-")
    assert row["deleted_at"]
    assert await db.fetchval("SELECT title FROM projects WHERE id = $1", project_id) == "Deleted"
    assert (await client.post("/login", form=right)).status_code == 422


async def test_the_name_of_deleted_accounts_cannot_be_registered(free_app):
    form = {"username": "deleted-1", "password": OLD}
    assert (await client_of(free_app).post("/register", form=form)).status_code == 422


@pytest.mark.parametrize("path", ["/me/settings/password", "/me/settings/delete"])
async def test_password_attempts_on_settings_pages_are_limited(free_app, board, monkeypatch, path):
    services = free_app.extensions["upvote"]
    limited = services.settings.model_copy(update={"auth_limit_max": 2})
    monkeypatch.setitem(free_app.extensions, "upvote", replace(services, settings=limited))
    client = client_of(free_app, await board.user())
    form = {"current": "wrong horse", "password": "wrong horse"}
    answers = [await client.post(path, form=form) for _ in range(3)]
    assert answers[-1].status_code == 429
    assert int(answers[-1].headers["Retry-After"]) > 0


async def test_wrong_sign_ins_by_others_do_not_block_the_owners_password_change(
    free_app, registered, redis, monkeypatch
):
    name, client = registered
    services = free_app.extensions["upvote"]
    limited = services.settings.model_copy(update={"auth_limit_max": 2})
    monkeypatch.setitem(free_app.extensions, "upvote", replace(services, settings=limited))
    for _ in range(3):
        _, status = await sign_in(free_app, name, "wrong horse")
    assert status == 429
    await redis.delete(keys.limit("address", "unknown"))  # of all tests
    assert (await change(client)).status_code == 303
    assert (await change(client, current="wrong horse")).status_code == 422
