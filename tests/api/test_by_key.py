"""PUT and GET /api/projects/by-key/<key>."""

import asyncio
import hashlib
import secrets

import pytest

from app.accounts.commands import create_token
from app.links import link_key
from app.main import create_app
from app.moderation.actions import moderate_project
from app.projects.by_key import queries
from app.projects.edit.changes import delete_project
from tests.board.organise import organise
from tests.board.some_tracks import tracks
from tests.support import client_of

__all__ = ["organise", "tracks"]

BODY = {"title": "Night trains", "url": "https://site.example/a", "description": "Where they go."}


@pytest.fixture
async def admin(board, db):
    user = await board.user()
    await db.execute("UPDATE users SET is_admin = true WHERE id = $1", user.id)
    return user


@pytest.fixture
async def token(settings, admin):
    return await create_token(settings, admin.username, ["projects"])


@pytest.fixture
def put(free_app, token):
    """Return a function that puts a project as an admin with the scope, or with another token."""
    client = client_of(free_app)

    async def put(key, token=token, **body):
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        answer = await client.put(f"/api/projects/by-key/{key}", json=BODY | body, headers=headers)
        return answer.status_code, await answer.get_json()

    return put


@pytest.fixture
def get(free_app):
    client = client_of(free_app)

    async def get(key):
        answer = await client.get(f"/api/projects/by-key/{key}")
        return answer.status_code, await answer.get_json()

    return get


@pytest.fixture
def key():
    return f"article:{secrets.token_hex(6)}"


async def stored(db, key):
    return [
        dict(row) for row in await db.fetch("SELECT * FROM projects WHERE key = $1 ORDER BY id", key)
    ]


async def log_of(db, project_id):
    rows = await db.fetch(
        "SELECT * FROM moderation_actions WHERE project_id = $1 ORDER BY id", project_id
    )
    return [(row["action"], row["reason"]) for row in rows]


async def test_a_project_is_made_then_updated_and_the_same_again_changes_nothing(
    put, get, db, key, admin
):
    status, made = await put(key)
    assert status == 201
    assert made.items() >= (BODY | {"key": key, "author": admin.username, "score": 0}).items()
    before = await stored(db, key)
    assert await put(key) == (200, made)
    assert await stored(db, key) == before
    status, changed = await put(key, title="Day trains", url=None)
    assert (status, changed["id"], changed["title"], changed["url"]) == (
        200,
        made["id"],
        "Day trains",
        None,
    )
    assert changed["edited_at"] is not None
    got_status, got = await get(key)
    assert (got_status, got) == (200, changed | {"vote_type": None})


async def test_it_writes_what_a_submission_and_an_edit_write(put, db, key):
    _, made = await put(key)
    word = f"w{secrets.token_hex(6)}"
    await put(key, title=f"The {word}", url="https://site.example/b")
    [row] = await stored(db, key)
    assert row["link_key"] == link_key("https://site.example/b")
    terms = "SELECT terms::text FROM project_search WHERE project_id = $1"
    assert word in await db.fetchval(terms, made["id"])
    text = f"The {word}\nhttps://site.example/b\n{BODY['description']}"
    assert row["search_digest"] == hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


async def test_forty_at_once_make_one_project(put, db, key):
    async def put_once(number):
        """Put a project; on a machine so busy that the request took too long, put it again."""
        while (answer := await put(key, title=f"Title {number % 2}"))[0] == 503:
            pass
        return answer

    answers = await asyncio.gather(*[put_once(number) for number in range(40)])
    assert sorted(status for status, _ in answers) == [200] * 39 + [201]
    assert len({body["id"] for _, body in answers}) == 1
    assert len(await stored(db, key)) == 1


async def test_it_does_not_wait_until_projects_may_be_submitted(put, organise, key):
    await organise(submit_from="2098-01-01 12:00")
    assert (await put(key))[0] == 201


async def test_it_counts_towards_no_limit(settings, token, key):
    headers = {"Authorization": f"Bearer {token}"}
    limited = create_app(settings.model_copy(update={"submit_limit_max": 1}))
    async with limited.test_app() as serving:
        client = serving.test_client()
        for number in range(3):
            path = f"/api/projects/by-key/{key}-{number}"
            assert (await client.put(path, json=BODY, headers=headers)).status_code == 201
        posts = [await client.post("/api/projects", json=BODY, headers=headers) for _ in range(2)]
    assert [answer.status_code for answer in posts] == [201, 429]


async def test_updates_that_authors_could_not_make_are_in_the_moderation_log(
    put, organise, db, key, board, settings
):
    _, made = await put(key)
    await put(key, title="Its author's")
    assert await log_of(db, made["id"]) == []
    other = await board.user()
    await db.execute("UPDATE users SET is_admin = true WHERE id = $1", other.id)
    theirs = await create_token(settings, other.username, ["projects"])
    await put(key, token=theirs, title="Another's")
    await organise(submit_from="2098-01-01 12:00")
    await put(key, title="Out of time")
    await put(key, title="Out of time")
    assert await log_of(db, made["id"]) == [
        ("edit", "title: “Its author's” → “Another's”"),
        ("edit", "title: “Another's” → “Out of time”"),
    ]


async def test_a_hidden_project_stays_as_it_is(put, get, db, key, free_app):
    _, made = await put(key)
    services = free_app.extensions["upvote"]
    assert await moderate_project(services, None, "hide", made["id"], "It is spam.")
    before = await stored(db, key)
    status, body = await put(key, title="New")
    assert (status, body["error"]) == (403, "forbidden")
    assert "hidden" in body["message"]
    assert await stored(db, key) == before
    assert (await get(key))[0] == 404
    await moderate_project(services, None, "restore", made["id"], "It is not.")
    assert (await put(key, title="New"))[0] == 200


async def test_a_deleted_project_is_made_anew(put, get, db, key, free_app, admin):
    _, first = await put(key)
    assert (await get(key))[0] == 200  # its number is known now
    assert await delete_project(free_app.extensions["upvote"], admin.id, first["id"])
    assert (await get(key))[0] == 404
    status, second = await put(key)
    assert status == 201
    assert second["id"] != first["id"]
    assert (await get(key))[1]["id"] == second["id"]
    assert [row["deleted_at"] is None for row in await stored(db, key)] == [False, True]


async def test_only_an_admins_token_with_the_scope_may(put, key, board, db, settings, admin):
    plain = await create_token(settings, admin.username)
    for token, status, words in (
        (None, 401, "Authorization"),
        ("wrong", 401, "Authorization"),
        (plain, 403, "lacks the scope 'projects'"),
    ):
        answer = await put(key, token=token)
        assert (answer[0], words in answer[1]["message"]) == (status, True), answer
    token = await create_token(settings, admin.username, ["projects"])
    await db.execute("UPDATE users SET is_admin = false WHERE id = $1", admin.id)
    status, body = await put(key, token=token)
    assert (status, "no admin" in body["message"]) == (403, True)
    assert await stored(db, key) == []


@pytest.mark.parametrize("key", ["a,b", "%C3%A9", "a b", "x" * 129, "a%0A", "%2E%2E"])
async def test_a_bad_key_is_422(put, get, key):
    for status, body in (await put(key), await get(key)):
        assert (status, body["error"]) == (422, "unprocessable_entity")
        assert "A key has 1 to 128 characters" in body["message"]


@pytest.mark.parametrize(
    "body",
    [
        {"title": ""},
        {"title": None},
        {"url": "ftp://x"},
        {"track": "none"},
        {"description": "x" * 5001},
    ],
)
async def test_a_bad_body_is_422_and_makes_nothing(put, db, key, body):
    status, answer = await put(key, **body)
    assert status == 422
    assert next(iter(body)) in answer["message"]
    assert await stored(db, key) == []


async def test_projects_that_are_put_at_once_leave_connections_for_others(put, key, monkeypatch):
    running, most, lock_key = 0, 0, queries.lock_key

    async def counted(db, key):
        nonlocal running, most
        running += 1
        most = max(most, running)
        await lock_key(db, key)
        running -= 1

    monkeypatch.setattr(queries, "lock_key", counted)
    await asyncio.gather(*[put(f"{key}-{number}") for number in range(20)])
    assert 1 <= most <= 3


async def test_an_unknown_key_is_404(get, key):
    assert (await get(key))[0] == 404


async def test_it_is_in_its_track_and_leaves_it(put, key, tracks):
    await tracks(maps="Maps")
    _, made = await put(key, track="maps")
    assert made["track"] == "maps"
    assert (await put(key))[1]["track"] is None
