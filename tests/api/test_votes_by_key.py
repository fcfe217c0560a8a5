"""POST /api/votes with a key in place of a project's number."""

import pytest

from app.accounts.commands import create_token
from app.projects.by_key import queries
from tests.api.keyed import give_key
from tests.support import client_of


@pytest.fixture
async def call(free_app, board, settings):
    """Return a function that posts a vote as a new user with a token."""
    token = await create_token(settings, (await board.user()).username)
    client = client_of(free_app)

    async def call(**body):
        headers = {"Authorization": f"Bearer {token}"}
        return await client.post("/api/votes", json=body, headers=headers)

    return call


async def test_a_vote_by_key_is_that_by_number(call, board, db):
    project_id = await board.project()
    key = await give_key(db, project_id)
    by_key = await (await call(key=key, vote_type="up")).get_json()
    by_number = await (await call(project_id=project_id, vote_type="up")).get_json()
    assert by_key == by_number | {"key": key}
    assert (by_key["project_id"], by_key["score"], by_number["key"]) == (project_id, 1, None)


async def test_only_the_first_vote_by_a_key_asks_postgresql(call, board, db, monkeypatch):
    key, asked = await give_key(db, await board.project()), []
    select_id = queries.select_id

    async def counted(pool, key):
        asked.append(key)
        return await select_id(pool, key)

    monkeypatch.setattr(queries, "select_id", counted)
    for vote_type in ("up", "down", "none"):
        assert (await call(key=key, vote_type=vote_type)).status_code == 200
    assert asked == [key]


async def test_a_key_that_was_given_out_again_names_the_new_project(call, board, db, free_app):
    services = free_app.extensions["upvote"]
    author = await board.user()
    old, new = await board.project(author), await board.project(author)
    key = await give_key(db, old)
    assert (await call(key=key, vote_type="up")).status_code == 200
    await db.execute("UPDATE projects SET deleted_at = now() WHERE id = $1", old)
    closing = services.functions.closing
    await closing.close(old, 2, [], await closing.begin(old))
    assert (await call(key=key, vote_type="up")).status_code == 404
    await db.execute("UPDATE projects SET key = $2 WHERE id = $1", new, key)
    await call(key=key, vote_type="none")
    answer = await (await call(key=key, vote_type="up")).get_json()
    assert (answer["project_id"], answer["score"]) == (new, 1)


async def test_a_hidden_project_takes_no_vote_by_key(call, board, db):
    project_id = await board.project()
    key = await give_key(db, project_id)
    await db.execute("UPDATE projects SET hidden_at = now() WHERE id = $1", project_id)
    assert (await call(key=key, vote_type="up")).status_code == 404


async def test_an_unknown_key_is_404(call):
    answer = await call(key="nobody-made-this", vote_type="up")
    assert (answer.status_code, (await answer.get_json())["error"]) == (404, "not_found")


@pytest.mark.parametrize(
    "body",
    [
        {"key": "a", "project_id": 1},
        {},
        {"key": ""},
        {"key": "a,b"},
        {"key": "a/b"},
        {"key": "é"},
        {"key": "a" * 129},
        {"key": "a\n"},
        {"key": None},
        {"key": 7},
        {"project_id": None},
    ],
)
async def test_a_bad_key_is_422_and_the_message_says_what_is_expected(call, body):
    answer = await call(**body, vote_type="up")
    assert answer.status_code == 422
    message = (await answer.get_json())["message"]
    assert "key" in message or "project_id" in message
