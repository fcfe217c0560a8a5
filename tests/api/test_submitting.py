"""POST /api/projects."""

import asyncio

import pytest

from app.accounts.commands import create_token
from app.main import create_app
from tests.support import client_of

BODY = {"title": "A tide clock", "url": "https://tide.example/", "description": "It ticks."}


@pytest.fixture
async def me(board):
    return await board.user()


@pytest.fixture
async def mine(settings, me) -> dict[str, str]:
    """Return headers with my token."""
    return {"Authorization": f"Bearer {await create_token(settings, me.username)}"}


@pytest.fixture
def submit(app, mine):
    async def submit(body, **headers):
        return await client_of(app).post("/api/projects", json=body, headers=mine | headers)

    return submit


async def test_a_project_is_created_and_shown(app, submit, me):
    answer = await submit(BODY)
    made = await answer.get_json()
    assert answer.status_code == 201
    assert answer.headers["Location"] == f"/api/projects/{made['id']}"
    wanted = BODY | {"author": me.username, "score": 0, "version": 0, "vote_type": "none"}
    assert wanted.items() <= made.items()
    page = await (await client_of(app).get(f"/projects/{made['id']}")).get_data(as_text=True)
    assert "A tide clock" in page


async def test_a_title_is_enough(submit):
    made = await (await submit({"title": "  A   clock "})).get_json()
    assert (made["title"], made["url"], made["description"]) == ("A clock", None, "")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"title": "  "}, "title: Give the project a title."),
        ({"title": "\u200b\u3164 \u0301"}, "title: Give the project a title."),
        ({"title": "x" * 121}, "title: string should have at most 120 characters."),
        ({"title": None}, "title: input should be a valid string."),
        ({"url": "javascript:alert(1)"}, "url: string should match"),
        ({"url": ""}, "url: string should match"),
        ({"url": "https://"}, "url: A link starts with https:// or http://"),
        ({"description": "x" * 5001}, "description: string should have at most 5000 characters."),
    ],
)
async def test_a_bad_field_is_refused_with_a_message(submit, change, message):
    answer = await submit(BODY | change)
    found = await answer.get_json()
    assert answer.status_code == 422
    assert found["message"].startswith(message)


async def test_texts_are_cleaned(submit):
    typed = {"title": "e\u0301" * 60, "description": "o\u0308" * 2000 + "\u202e\r\n"}
    made = await (await submit(typed)).get_json()
    assert (made["title"], made["description"]) == ("\u00e9" * 60, "\u00f6" * 2000)


@pytest.mark.parametrize("body", [None, [], "x", {}])
async def test_a_body_that_is_not_a_project_is_refused(submit, body):
    assert (await submit(body)).status_code == 422


async def test_a_session_is_not_enough_and_another_site_is_refused(app, submit, me):
    assert (await client_of(app, me).post("/api/projects", json=BODY)).status_code == 401
    assert (await submit(BODY, Origin="https://evil.example")).status_code == 403


async def test_form_and_api_share_one_limit(settings, mine, me):
    limited = create_app(settings.model_copy(update={"submit_limit_max": 2}))
    async with limited.test_app() as serving:
        form = {"title": "By the form"}
        assert (await client_of(serving.app, me).post("/projects/new", form=form)).status_code == 303
        client = client_of(serving.app)
        assert (await client.post("/api/projects", json=BODY, headers=mine)).status_code == 201
        refused = await client.post("/api/projects", json=BODY, headers=mine)
    assert refused.status_code == 429
    assert int(refused.headers["Retry-After"]) > 0


async def test_the_same_key_and_body_get_the_same_project(submit):
    answers = [await submit(BODY, **{"Idempotency-Key": '"a-key"'}) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201]
    first, second = [await answer.get_json() for answer in answers]
    assert first == second
    assert answers[1].headers["Location"] == f"/api/projects/{first['id']}"


async def test_the_same_key_sent_at_once_submits_one_project(submit):
    answers = await asyncio.gather(*[submit(BODY, **{"Idempotency-Key": "k"}) for _ in range(4)])
    assert len({(await answer.get_json())["id"] for answer in answers}) == 1


async def test_the_same_key_with_another_body_is_refused(submit):
    await submit(BODY, **{"Idempotency-Key": "k"})
    answer = await submit(BODY | {"title": "Another"}, **{"Idempotency-Key": "k"})
    assert answer.status_code == 422
    assert "another body" in (await answer.get_json())["message"]


async def test_the_key_of_a_deleted_project_is_refused(app, submit, me):
    made = await (await submit(BODY, **{"Idempotency-Key": "k"})).get_json()
    await client_of(app, me).post(f"/projects/{made['id']}/delete", form={"confirm": "yes"})
    answer = await submit(BODY, **{"Idempotency-Key": "k"})
    assert answer.status_code == 422
    assert "has been deleted. Use a new key." in (await answer.get_json())["message"]
    assert (await submit(BODY, **{"Idempotency-Key": "l"})).status_code == 201


async def test_without_a_key_each_call_submits_a_project(submit):
    ids = [(await (await submit(BODY)).get_json())["id"] for _ in range(2)]
    assert ids[0] != ids[1]


@pytest.mark.parametrize("key", ["", "x" * 256, "schl\xfcssel"])
async def test_a_bad_key_is_refused(submit, key):
    answer = await submit(BODY, **{"Idempotency-Key": key})
    assert answer.status_code == 422
    assert "Idempotency-Key" in (await answer.get_json())["message"]
