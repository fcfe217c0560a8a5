"""A form that is sent twice registers one account and creates one token, and both answers say so."""

import asyncio
import re
import secrets

import pytest

from app.accounts.idempotency.keys import key_of
from tests.accounts.hashing import quick_hashes
from tests.support import client_of
from workers.remove_expired import remove_expired

__all__ = ["quick_hashes"]

TOKEN, KEY = re.compile(r"uv_[\w-]{40,}"), re.compile(r'name="key" value="([^"]+)"')


async def key_on(client, path) -> str:
    """Return the key of the form on a page."""
    return KEY.search(await (await client.get(path)).get_data(as_text=True))[1]


async def tokens_of(db, user) -> int:
    return await db.fetchval("SELECT count(*) FROM api_tokens WHERE user_id = $1", user.id)


async def create_token(client, **form) -> tuple[int, str]:
    answer = await client.post("/me/settings/tokens", form={"name": "script", **form})
    return answer.status_code, await answer.get_data(as_text=True)


async def test_every_form_has_another_key(free_app, board):
    client = client_of(free_app, await board.user())
    pages = ("/me/settings", "/me/settings", "/projects/new", "/register")
    assert len({await key_on(client, page) for page in pages}) == len(pages)


@pytest.mark.parametrize("key", ["a key", None])
async def test_a_second_click_creates_no_second_token_and_shows_the_first(free_app, board, db, key):
    user = await board.user()
    form = {"key": key} if key else {}
    answers = await asyncio.gather(*[create_token(client_of(free_app, user), **form) for _ in range(3)])
    assert await tokens_of(db, user) == 1
    assert len({TOKEN.search(page)[0] for _, page in answers}) == 1


async def test_a_second_click_shows_the_token_even_if_it_was_the_last_one_allowed(
    free_app, board, monkeypatch
):
    monkeypatch.setattr("app.accounts.settings.routes.MAX_TOKENS", 1)
    client = client_of(free_app, await board.user())
    first, second = [TOKEN.search((await create_token(client, key="k"))[1]) for _ in range(2)]
    assert first[0] == second[0]


async def test_a_token_is_not_shown_again_later_or_after_it_was_revoked(free_app, board, db):
    for statement in (
        "UPDATE idempotency_keys SET created_at = now() - interval '2 minutes' WHERE user_id = $1",
        "DELETE FROM api_tokens WHERE user_id = $1",
    ):
        user = await board.user()
        client = client_of(free_app, user)
        await create_token(client, key="k")
        await db.execute(statement, user.id)
        before = await tokens_of(db, user)
        status, page = await create_token(client, key="k")
        assert status == 409
        assert not TOKEN.search(page)
        assert await tokens_of(db, user) == before


async def test_the_form_of_a_token_sent_again_keeps_its_choice(free_app, board, db):
    user = await board.user()
    await db.execute("UPDATE users SET is_admin = true WHERE id = $1", user.id)
    client = client_of(free_app, user)
    await create_token(client, key="k")
    status, page = await create_token(client, key="k", scope="projects")
    assert status == 409
    assert 'value="projects" checked' in page
    assert KEY.search(page.split('action="/me/settings/tokens"')[1])[1] != "k"


async def test_a_token_cannot_be_computed_from_the_database(free_app, board, db):
    user = await board.user()
    _, page = await create_token(client_of(free_app, user), key="k")
    kept = await db.fetchrow("SELECT * FROM idempotency_keys WHERE user_id = $1", user.id)
    assert TOKEN.search(page)[0] not in str(dict(kept))


async def test_a_second_click_on_register_signs_in(free_app, db):
    client, name = client_of(free_app), f"twice-{secrets.token_hex(4)}"
    form = {"username": name, "password": "correct horse", "key": await key_on(client, "/register")}
    answers = await asyncio.gather(
        *[client_of(free_app).post("/register", form=form) for _ in range(2)]
    )
    assert [answer.status_code for answer in answers] == [303, 303]
    assert all("upvote_session" in answer.headers["Set-Cookie"] for answer in answers)
    for change in ({"password": "wrong horse"}, {"key": "another"}, {"key": ""}):
        refused = await client_of(free_app).post("/register", form={**form, **change})
        assert refused.status_code == 422
        assert "Set-Cookie" not in refused.headers


def test_contents_that_read_alike_have_different_keys():
    lists = [("ab", "c"), ("a", "bc"), ("abc",), ("abc", None), ("abc", "")]
    assert len({key_of("/", "", *content).digest for content in lists}) == len(lists)


async def test_only_expired_keys_are_removed(free_app, board, db):
    user = await board.user()
    for key in ("old", "new"):
        await create_token(client_of(free_app, user), key=key)
    services = free_app.extensions["upvote"]
    key = key_of("/me/settings/tokens", "old", "script")
    past = "UPDATE idempotency_keys SET expires_at = now() WHERE user_id = $1 AND key = $2"
    await db.execute(past, user.id, key.digest)
    await remove_expired(services)
    kept = "SELECT key FROM idempotency_keys WHERE user_id = $1"
    assert await db.fetchval(kept, user.id) == key_of("/me/settings/tokens", "new", "script").digest
