"""POST /api/votes."""

import pytest

from app.accounts.commands import create_token
from tests.accounts.limits.lasting import HOUR
from tests.support import client_of


@pytest.fixture
async def call(app, board, settings):
    """Return a function that posts a vote as a new user with a token."""
    token = await create_token(settings, (await board.user()).username)
    client = client_of(app)

    async def call(body, token=token, **headers):
        if token:
            headers["Authorization"] = f"Bearer {token}"
        return await client.post("/api/votes", json=body, headers=headers)

    return call


async def test_a_vote_answers_with_the_tally(call, board):
    project_id = await board.project()
    answer = await call({"project_id": project_id, "vote_type": "up"})
    assert answer.status_code == 200
    assert await answer.get_json() == {
        "project_id": project_id,
        "key": None,
        "vote_type": "up",
        "upvotes": 1,
        "downvotes": 0,
        "score": 1,
        "version": 1,
        "secret": False,
    }
    answer = await call({"project_id": project_id, "vote_type": "none"})
    assert (await answer.get_json())["version"] == 2


async def test_ten_votes_in_a_row_give_five_200_and_five_429(call, board):
    body = {"project_id": str(await board.project()), "vote_type": "up"}
    answers = [await call(body) for _ in range(10)]
    assert [answer.status_code for answer in answers] == [200] * 5 + [429] * 5
    assert (await answers[9].get_json())["message"] == ("Too many vote attempts. Please wait a moment.")
    assert 1 <= int(answers[9].headers["Retry-After"]) <= HOUR


@pytest.mark.parametrize("token", [None, "wrong", "é", "uv_" + "x" * 43])
async def test_a_vote_without_a_valid_token_gets_401(call, board, token):
    answer = await call({"project_id": await board.project(), "vote_type": "up"}, token=token)
    assert answer.status_code == 401
    assert (await answer.get_json())["error"] == "unauthorized"
    assert answer.headers["WWW-Authenticate"].lower().startswith("bearer")


async def test_a_session_cookie_alone_is_not_enough(app, board):
    client = client_of(app, await board.user())
    body = {"project_id": await board.project(), "vote_type": "up"}
    assert (await client.post("/api/votes", json=body)).status_code == 401


@pytest.mark.parametrize(
    "body",
    [
        [],
        "x",
        None,
        {},
        {"project_id": 1},
        {"vote_type": "up"},
        {"project_id": True, "vote_type": "up"},
        {"project_id": 1.5, "vote_type": "up"},
        {"project_id": -1, "vote_type": "up"},
        {"project_id": 2**63, "vote_type": "up"},
        {"project_id": 1, "vote_type": "sideways"},
        {"project_id": 1, "vote_type": 1},
        {"project_id": 1, "vote_type": ["up"]},
    ],
)
async def test_a_bad_body_says_what_was_expected(call, body):
    answer = await call(body)
    assert answer.status_code == 422
    assert (await answer.get_json())["message"]


async def test_a_project_id_can_be_a_whole_number_or_digits(call, board):
    project_id = await board.project()
    for given in (project_id, float(project_id), str(project_id), f"00{project_id}"):
        answer = await call({"project_id": given, "vote_type": "up"})
        assert (answer.status_code, (await answer.get_json())["project_id"]) == (200, project_id)


@pytest.mark.parametrize("project_id", [2**50, "0", "9" * 19])
async def test_an_unknown_project_is_not_found(call, project_id):
    answer = await call({"project_id": project_id, "vote_type": "up"})
    assert answer.status_code == 404
    assert (await answer.get_json())["error"] == "not_found"
