"""GET /api/tallies: many projects by key in one answer."""

from datetime import UTC, datetime

import pytest

from app.accounts.commands import create_token
from app.voting.votes import Vote
from tests.api.keyed import give_key
from tests.board.organise import organise
from tests.board.secret_app import make_admin
from tests.support import client_of, make_cold

__all__ = ["organise"]


@pytest.fixture
def read(free_app):
    """Return a function that reads tallies and returns the status and the body."""
    client = client_of(free_app)

    async def read(*keys, token=None, **headers):
        if token:
            headers["Authorization"] = f"Bearer {token}"
        answer = await client.get(f"/api/tallies?keys={','.join(keys)}", headers=headers)
        return answer.status_code, await answer.get_json()

    return read


@pytest.fixture
async def keyed(board, db):
    """Return a function that makes a project and returns its number and its key."""

    async def keyed():
        project_id = await board.project()
        return project_id, await give_key(db, project_id)

    return keyed


async def test_tallies_are_live_and_in_the_order_of_the_question(
    read, keyed, board, free_app, settings
):
    (one, first), (two, second) = await keyed(), await keyed()
    user = await board.user()
    await free_app.extensions["upvote"].batcher.cast(Vote(two, user.id, -1))
    token = await create_token(settings, user.username)
    status, body = await read(second, "nothing", first, second, token=token)
    assert status == 200
    assert [each["key"] for each in body["tallies"]] == [second, first]
    assert body["unknown"] == ["nothing"]
    assert body["tallies"][0] == {
        "key": second, "project_id": two, "vote_type": "down", "upvotes": 0, "downvotes": 1,
        "score": -1, "version": 1, "secret": False, "closed": False,
    }  # fmt: skip
    assert (body["tallies"][1]["project_id"], body["tallies"][1]["vote_type"]) == (one, "none")
    assert body["voting"] == {"now": None, "from": None, "until": None, "downvotes": True}
    _, body = await read(second)
    assert body["tallies"][0]["vote_type"] is None


async def test_a_cold_project_has_its_tally_of_the_last_sync_and_the_persisted_vote(
    read, keyed, board, free_app, redis, settings
):
    project_id, key = await keyed()
    services, user = free_app.extensions["upvote"], await board.user()
    await services.batcher.cast(Vote(project_id, user.id, 1))
    await services.persist_events()
    await services.sync.run()
    await make_cold(redis, project_id)
    _, body = await read(key, token=await create_token(settings, user.username))
    assert (body["tallies"][0]["score"], body["tallies"][0]["vote_type"]) == (1, "up")


async def test_hidden_and_deleted_projects_are_unknown_and_locked_ones_closed(read, keyed, db):
    (hidden, first), (deleted, second), (locked, third) = await keyed(), await keyed(), await keyed()
    await db.execute("UPDATE projects SET hidden_at = now() WHERE id = $1", hidden)
    await db.execute("UPDATE projects SET deleted_at = now() WHERE id = $1", deleted)
    await db.execute("UPDATE projects SET locked_at = now() WHERE id = $1", locked)
    _, body = await read(first, second, third)
    assert body["unknown"] == [first, second]
    assert [(each["key"], each["closed"]) for each in body["tallies"]] == [(third, True)]


async def test_a_hundred_keys_are_read_at_once(read, keyed):
    _, key = await keyed()
    status, body = await read(key, *(f"none-{number}" for number in range(99)))
    assert (status, len(body["tallies"]), len(body["unknown"])) == (200, 1, 99)


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ([], "“” is not a key"),
        (["a", ""], "“” is not a key"),
        (["a b"], "“a b” is not a key"),
        (["a/b"], "“a/b” is not a key"),
        (["x" * 129], "1 to 128 characters"),
        ([f"k{number}" for number in range(101)], "at most 100 keys"),
    ],
)
async def test_bad_keys_are_422(read, keys, words):
    status, body = await read(*keys)
    assert (status, body["error"]) == (422, "unprocessable_entity")
    assert words in body["message"]


async def test_a_question_without_keys_is_422(free_app):
    answer = await client_of(free_app).get("/api/tallies")
    assert (answer.status_code, (await answer.get_json())["message"]) == (422, "keys: field required.")


async def test_an_answer_that_is_known_is_304(free_app, keyed):
    _, key = await keyed()
    client = client_of(free_app)
    first = await client.get(f"/api/tallies?keys={key}")
    again = await client.get(
        f"/api/tallies?keys={key}", headers={"If-None-Match": first.headers["ETag"]}
    )
    assert (again.status_code, await again.get_data()) == (304, b"")


async def test_tallies_say_when_voting_opens_and_ends(read, organise):
    await organise(vote_from="2098-01-01 12:00", vote_until="2099-01-01 12:00", downvotes="no")
    _, body = await read("any")
    voting = body["voting"]
    assert (voting["from"], voting["until"]) == ("2098-01-01T12:00:00Z", "2099-01-01T12:00:00Z")
    assert abs((datetime.fromisoformat(voting["now"]) - datetime.now(UTC)).total_seconds()) < 600
    assert voting["downvotes"] is False


async def test_secret_tallies_are_for_admins(read, keyed, organise, board, free_app, settings):
    project_id, key = await keyed()
    user = await board.user()
    await free_app.extensions["upvote"].batcher.cast(Vote(project_id, user.id, 1))
    await organise(tallies="after_reveal")
    admin = await make_admin(free_app)
    secret = {"upvotes": None, "downvotes": None, "score": None, "version": None, "secret": True}
    for token in (None, await create_token(settings, user.username)):
        _, body = await read(key, token=token)
        assert body["tallies"][0].items() >= secret.items()
    assert body["tallies"][0]["vote_type"] == "up"
    _, body = await read(key, token=await create_token(settings, admin.username))
    assert (body["tallies"][0]["score"], body["tallies"][0]["secret"]) == (1, False)


async def test_a_private_board_needs_a_token(read, keyed, organise, board, settings):
    _, key = await keyed()
    token = await create_token(settings, (await board.user()).username)
    await organise(private="yes")
    assert (await read(key))[0] == 401
    assert (await read(key, token=token))[0] == 200
