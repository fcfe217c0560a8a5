"""API tokens on /me/settings, which have names, are shown once and can be revoked; and the export."""

import asyncio
import json
import re
from contextlib import aclosing

import pytest

from app.accounts.settings.export import _cancel_if_stalled, write_export
from app.moderation.actions import moderate_project
from app.voting.persist import persist_events
from app.voting.votes import Vote
from tests.accounts.settings.pages import make_token, settings_page, vote_with_token
from tests.support import client_of
from tests.waiting import CEILING, until


async def test_a_token_is_shown_once_and_works_until_it_is_revoked(free_app, board):
    client, project_id = client_of(free_app, await board.user()), await board.project()
    token = await make_token(client)
    html = await settings_page(client)
    assert "my script" in html
    assert token not in html
    assert (await vote_with_token(free_app, token, project_id)).status_code == 200
    revoke = re.search(r"/me/settings/tokens/\d+/revoke", html).group()
    assert (await client.post(revoke)).headers["Location"] == "/me/settings#tokens"
    assert (await vote_with_token(free_app, token, project_id)).status_code == 401
    assert "my script" not in await settings_page(client)


async def test_the_use_of_a_token_is_recorded_at_most_once_a_minute(free_app, board, db):
    user, project_id = await board.user(), await board.project()
    token = await make_token(client_of(free_app, user))
    used = "SELECT last_used_at FROM api_tokens WHERE user_id = $1"
    await vote_with_token(free_app, token, project_id)
    first = await until(lambda: db.fetchval(used, user.id), "for the note")
    tokens = free_app.extensions["upvote_accounts"].tokens
    tokens._users.clear()
    tokens._written.clear()  # like another process
    await vote_with_token(free_app, token, project_id)
    await asyncio.gather(*tokens._writes)
    assert await db.fetchval(used, user.id) == first
    assert "last used" in await settings_page(client_of(free_app, user))


async def test_only_an_admin_gives_a_token_the_scope(free_app, board, db):
    user = await board.user()
    client = client_of(free_app, user)
    form = {"name": "our site", "scope": "projects"}
    assert 'name="scope"' not in await settings_page(client)
    assert (await client.post("/me/settings/tokens", form=form)).status_code == 403
    await db.execute("UPDATE users SET is_admin = true WHERE id = $1", user.id)
    free_app.extensions["upvote_accounts"].is_admin.clear()
    assert 'name="scope"' in await settings_page(client)
    await make_token(client)
    assert "May make and update projects by key." not in await settings_page(client)
    assert (await client.post("/me/settings/tokens", form=form)).status_code == 200
    assert "May make and update projects by key." in await settings_page(client)
    odd = form | {"scope": "everything"}
    assert (await client.post("/me/settings/tokens", form=odd)).status_code == 403
    scopes = "SELECT scopes FROM api_tokens WHERE user_id = $1 ORDER BY id"
    assert [row["scopes"] for row in await db.fetch(scopes, user.id)] == [[], ["projects"]]


async def test_users_cannot_revoke_tokens_of_others(free_app, board, db):
    await make_token(client_of(free_app, owner := await board.user()))
    number = await db.fetchval("SELECT id FROM api_tokens WHERE user_id = $1", owner.id)
    thief = client_of(free_app, await board.user())
    assert (await thief.post(f"/me/settings/tokens/{number}/revoke")).status_code == 404
    assert await db.fetchval("SELECT count(*) FROM api_tokens WHERE id = $1", number) == 1


@pytest.mark.parametrize(
    ("name", "message"),
    [
        *((name, "Give the token a name that can be seen.") for name in ("", "   ", "\u200b\u2800")),
        ("x" * 61, "Use at most 60 characters for the name. It has 61 now."),
    ],
)
async def test_a_token_needs_a_short_name(free_app, board, name, message):
    answer = await client_of(free_app, await board.user()).post(
        "/me/settings/tokens", form={"name": name}
    )
    assert answer.status_code == 422
    assert message in await answer.get_data(as_text=True)


async def test_the_length_of_a_name_is_counted_in_characters_of_any_size(free_app, board):
    client = client_of(free_app, await board.user())
    answer = await client.post("/me/settings/tokens", form={"name": "\U0001f682" * 60})
    assert answer.status_code == 200


async def test_the_number_of_tokens_is_limited(free_app, board, monkeypatch):
    monkeypatch.setattr("app.accounts.settings.routes.MAX_TOKENS", 1)
    client = client_of(free_app, await board.user())
    await make_token(client)
    answer = await client.post("/me/settings/tokens", form={"name": "one more"})
    assert answer.status_code == 422


async def test_the_export_contains_all_data_of_the_user_and_no_other(
    free_app, board, batcher, redis, db, monkeypatch
):
    monkeypatch.setattr("app.accounts.settings.export.CHUNK", 1)
    user, other = await board.users(2)
    mine, another = await board.project(user), await board.project(other)
    for project_id, voter, value in ((mine, user, 1), (another, user, -1), (another, user, 1)):
        await batcher.cast(Vote(project_id, voter.id, value))
    await batcher.cast(Vote(mine, other.id, 1))
    await persist_events(redis, db, 0)
    services = free_app.extensions["upvote"]
    for number, reason in ((mine, "Only a test."), (another, "Nobody's business.")):
        await moderate_project(services, other.id, "lock", number, reason)
    client = client_of(free_app, user)
    token = await make_token(client, "über")
    answer = await client.get("/me/export.json")
    text = await answer.get_data(as_text=True)
    found = json.loads(text)
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert found["profile"]["username"] == user.username
    assert [project["id"] for project in found["projects"]] == [mine]
    assert [each["name"] for each in found["tokens"]] == ["über"]
    assert [(v["project_id"], v["value"]) for v in found["votes"]] == [(mine, 1), (another, 1)]
    events = [(e["project_id"], e["old_value"], e["new_value"]) for e in found["events"]]
    assert events == [(mine, 0, 1), (another, 0, -1), (another, -1, 1)]
    told = [(m["action"], m["project_id"], m["reason"]) for m in found["moderation"]]
    assert told == [("lock", mine, "Only a test.")]
    assert other.username not in text
    assert token not in text
    assert "hash" not in text


@pytest.mark.parametrize("path", ["/me/settings", "/me/export.json"])
async def test_a_visitor_is_sent_to_sign_in(free_app, path):
    answer = await client_of(free_app).get(path)
    assert answer.headers["Location"] == "/login?next=%2Fme%2Fsettings"


async def test_a_stalled_download_does_not_block_other_exports(free_app, board, monkeypatch):
    db, user = free_app.extensions["upvote"].db, await board.user()
    pieces = _cancel_if_stalled(write_export(db, user.id, with_tallies=True))

    async def read_one_piece():
        async with aclosing(pieces):  # as Quart does
            async for _ in pieces:
                await asyncio.Event().wait()

    with monkeypatch.context() as patch:
        patch.setattr("app.accounts.settings.export.STALLED_SECONDS", 0.05)
        reading = asyncio.create_task(read_one_piece())
        await asyncio.wait({reading}, timeout=CEILING)
    assert reading.cancelled()
    async with asyncio.timeout(CEILING):
        answer = await client_of(free_app, await board.user()).get("/me/export.json")
    assert json.loads(await answer.get_data())["profile"]
