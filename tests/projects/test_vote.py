"""The answers of POST /projects/<id>/vote in every case."""

import asyncio

import pytest

from app.voting import batcher, keys
from tests.support import client_of
from tests.vote_box import HTMX, post_vote, vote_box
from tests.voting.windows import keep_in_window
from tests.waiting import CEILING


@pytest.fixture
async def client(app, board):
    return client_of(app, await board.user())


@pytest.mark.parametrize("old", [1, 0, -1])
@pytest.mark.parametrize("new", [1, 0, -1])
async def test_every_transition_through_http_gives_the_exact_fragment(free_app, board, old, new):
    project_id, client = await board.project(), client_of(free_app, await board.user())
    await post_vote(client, project_id, old, **HTMX)
    answer = await post_vote(client, project_id, new, **HTMX)
    assert answer.status_code == 200
    html = await answer.get_data(as_text=True)
    assert vote_box(html) == {"vote": new, "score": new, "version": (old != 0) + (old != new)}
    assert f'aria-pressed="{"true" if new == 1 else "false"}" aria-label="Upvote"' in html


async def test_without_htmx_a_vote_redirects_to_the_page_it_came_from(client, board):
    project_id = await board.project()
    answer = await post_vote(client, project_id, 1, Referer="http://localhost/?sort=new")
    assert answer.status_code == 303
    assert answer.headers["Location"] == f"/?sort=new#project-{project_id}"


async def test_a_vote_never_redirects_to_a_foreign_referer(client, board):
    project_id = await board.project()
    answer = await post_vote(client, project_id, 1, Referer="https://evil.example/x")
    assert answer.headers["Location"] == f"/projects/{project_id}#project-{project_id}"


async def test_a_visitor_is_sent_to_sign_in_and_back(app, board):
    project_id = await board.project()
    plain = await post_vote(client_of(app), project_id, 1)
    assert plain.status_code == 303
    assert plain.headers["Location"] == f"/login?next=%2Fprojects%2F{project_id}"
    htmx = await post_vote(client_of(app), project_id, 1, **HTMX)
    assert htmx.status_code == 401
    assert htmx.headers["HX-Redirect"] == f"/login?next=%2Fprojects%2F{project_id}"


@pytest.mark.parametrize("value", [None, "", "2", "up", "1.0", "-2", "١", "1 "])
async def test_any_other_value_is_refused_with_the_valid_values(client, board, value):
    answer = await post_vote(client, await board.project(), value)
    assert answer.status_code == 422
    assert "1 for up, -1 for down, 0 to take it back" in await answer.get_data(as_text=True)


@pytest.mark.parametrize("project_id", [0, 2**40, 2**63, 10**30, "x", "-1"])
async def test_an_unknown_project_is_not_found(client, project_id):
    assert (await post_vote(client, project_id, 1)).status_code == 404


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://localhost.evil.example", "Sec-Fetch-Site": "same-origin"},
    ],
)
async def test_a_cross_site_vote_is_refused(client, board, headers):
    project_id = await board.project()
    assert (await post_vote(client, project_id, 1, **headers)).status_code == 403
    assert (await post_vote(client, project_id, 1)).status_code == 303


@pytest.mark.parametrize("origin", ["http://localhost", "https://LOCALHOST", "null"])
async def test_a_same_origin_vote_is_accepted(client, board, origin):
    """Browsers send the origin null from a page whose proxy set Referrer-Policy: no-referrer."""
    headers = {"Sec-Fetch-Site": "same-origin", "Origin": origin, **HTMX}
    assert (await post_vote(client, await board.project(), 1, **headers)).status_code == 200


async def test_a_large_body_is_refused(client, board):
    path = f"/projects/{await board.project()}/vote"
    for size in (5_000, 70_000):
        answer = await client.post(path, form={"value": "1", "padding": "x" * size})
        assert answer.status_code == 413


async def test_ten_rapid_votes_give_five_accepted_and_five_refused(app, board, redis):
    project_id, user = await board.project(), await board.user()
    client = client_of(app, user)
    answers = [await post_vote(client, project_id, 1, **HTMX) for _ in range(5)]
    await keep_in_window(redis, keys.rate(0, project_id, user.id))
    answers += [await post_vote(client, project_id, 1, **HTMX) for _ in range(5)]
    assert [answer.status_code for answer in answers] == [200] * 5 + [429] * 5
    for answer in answers[5:]:
        assert answer.headers["Retry-After"] == "10"
        html = await answer.get_data(as_text=True)
        assert vote_box(html) == {"vote": 1, "score": 1, "version": 1}
        assert "You are voting too fast. Try again in" in html
        assert ">10</span> s." in html


async def test_over_the_limit_without_htmx_a_page_says_so(app, board, redis):
    project_id, user = await board.project(), await board.user()
    client = client_of(app, user)
    for _ in range(5):
        await post_vote(client, project_id, 1)
    await keep_in_window(redis, keys.rate(0, project_id, user.id))
    answer = await post_vote(client, project_id, 1)
    assert answer.status_code == 429
    assert "Retry-After" in answer.headers
    assert "voting too fast" in await answer.get_data(as_text=True)


async def test_a_thousand_parallel_votes_of_one_user_count_once(free_app, board, monkeypatch):
    # None is too old for its button, however long this machine takes for a thousand.
    monkeypatch.setattr(batcher, "VOTE_SECONDS", CEILING)
    project_id, user = await board.project(), await board.user()
    client = client_of(free_app, user)
    answers = await asyncio.gather(*[post_vote(client, project_id, 1, **HTMX) for _ in range(1000)])
    assert {answer.status_code for answer in answers} == {200}
    boxes = {tuple(vote_box(await answer.get_data(as_text=True)).values()) for answer in answers}
    assert boxes == {(1, 1, 1)}
