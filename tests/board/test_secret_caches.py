"""Caches while tallies are secret: nothing from before is served after, and admins share none."""

import pytest

from app.board.change import reveal
from tests.asgi_calls import Browser, with_middleware
from tests.board.secret_app import app, make_admin, others_vote
from tests.fast.vote_requests import without_project_id
from tests.projects.fresh import stop_the_clock
from tests.vote_box import vote_box

__all__ = ["app"]


@pytest.fixture
async def project_id(app, board, monkeypatch):
    stop_the_clock(monkeypatch)
    monkeypatch.setattr("app.fast.visitor_pages.FRESH_SECONDS", 3600)
    monkeypatch.setattr("app.fast.member_lists.FRESH_SECONDS", 3600)
    project_id = await board.project()
    await others_vote(app, board, [project_id])
    return project_id


@pytest.fixture
async def browsers(app, board, project_id):
    """Return browsers of a visitor, a user and an admin, on the fast paths."""
    user, admin = await board.user(), await make_admin(app)
    fast = with_middleware(app)
    return Browser(fast, app), Browser(fast, app, user), Browser(fast, app, admin)


def score(answer, project_id):
    """Return the score of the project that a page shows."""
    start = answer.body.index(f'id="score-{project_id}"')
    return answer.body[start:].partition(">")[2].partition("<")[0]


async def shown(browsers, project_id):
    return [score(await browser.get("/?sort=new"), project_id) for browser in browsers]


async def test_pages_change_at_once_with_secrecy_and_back(app, organise, browsers, project_id):
    assert await shown(browsers, project_id) == ["5", "5", "5"]
    await organise(tallies="after_reveal")
    assert await shown(browsers, project_id) == ["–", "–", "5"]
    assert await shown(browsers, project_id) == ["–", "–", "5"]
    await reveal(app.extensions["upvote"].board, None)
    assert await shown(browsers, project_id) == ["5", "5", "5"]


async def test_a_list_that_rests_is_shown_to_admins_only(organise, browsers, project_id):
    for browser in browsers:
        assert "not now" not in (await browser.get("/?sort=top")).body
    await organise(tallies="after_reveal")
    found = [(await browser.get("/?sort=top")).body for browser in browsers]
    assert ["not now" in body for body in found] == [True, True, False]
    assert [f"score-{project_id}" in body for body in found] == [False, False, True]


async def test_the_fast_path_and_quart_answer_a_vote_alike(app, organise, board, browsers, project_id):
    await organise(tallies="after_reveal")
    _, user, admin = browsers
    for value in (1, -1, 0):
        fast, quart = await user.vote(project_id, value), Browser(app, app)
        quart.cookies = user.cookies
        again = await quart.vote(project_id, value)
        assert without_project_id(fast, project_id) == without_project_id(again, project_id)
        assert vote_box(fast.body) == {"vote": value, "score": 0, "version": 0}
        assert "data-secret" in fast.body
    answer = await admin.vote(project_id, 1)
    assert vote_box(answer.body)["score"] == 6
    assert "data-secret" not in answer.body
    assert vote_box((await user.vote(project_id, 1)).body)["score"] == 0
