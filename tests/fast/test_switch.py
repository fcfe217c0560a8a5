"""FAST_PATHS=no: the same votes and lists, all of them answered by Quart."""

import pytest

from app.server.slow_clients import BoundedProtocol
from app.server.web_app import build_web_app
from app.settings import load_settings
from tests.asgi_calls import Response
from tests.fast.vote_requests import FORM, make_project, request, without_project_id
from tests.fast_client import FastVotesApp
from tests.projects.fresh import stop_the_clock
from tests.support import session_cookie

LISTS = (b"", b"sort=new", b"sort=top&t=week")


@pytest.fixture(params=["fast", "plain"])
def web(free_app, request, monkeypatch) -> FastVotesApp:
    """The web app with and without its fast paths."""
    stop_the_clock(monkeypatch)
    return FastVotesApp(free_app, fast_paths=request.param == "fast")


def test_without_fast_paths_connections_are_plain(free_app):
    settings = load_settings(secret_key="nobody asks for this one", fast_paths=False)
    assert build_web_app(free_app, settings).protocol is BoundedProtocol


async def test_without_fast_paths_every_vote_and_list_is_answered_by_quart(free_app, board, calls):
    plain = FastVotesApp(free_app, fast_paths=False)
    cookie = {"cookie": f"upvote_session={session_cookie(free_app, await board.user())}"}
    path = f"/projects/{await make_project(board)}/vote"
    assert (await request(plain, path, b"value=1", {**FORM, **cookie})).status == 200
    for headers in ({}, cookie):
        assert (await get(plain, headers)).status == 200
    assert calls == ["POST", "GET", "GET"]


@pytest.mark.parametrize("body", [b"value=1", b"value=0", b"value=-1", b"value=2", b""])
async def test_a_vote_gets_the_answer_that_quart_gives(web, free_app, board, body):
    answers = []
    for app in (web, free_app):
        project_id, user = await make_project(board), await board.user()
        headers = {**FORM, "cookie": f"upvote_session={session_cookie(free_app, user)}"}
        got = await request(app, f"/projects/{project_id}/vote", body, headers)
        answers.append(without_project_id(got, project_id))
    assert answers[0] == answers[1]


@pytest.mark.parametrize("query", LISTS)
@pytest.mark.parametrize("signed_in", [True, False])
async def test_a_list_is_the_one_that_quart_renders(web, free_app, board, query, signed_in):
    headers = {}
    if signed_in:
        headers["cookie"] = f"upvote_session={session_cookie(free_app, await board.user())}"
    assert await get(web, headers, query) == await get(free_app, headers, query)


@pytest.fixture
def calls(free_app, monkeypatch) -> list[str]:
    """The methods of the requests that reach Quart."""
    seen, answer = [], type(free_app).__call__

    async def count(self, scope, receive, send) -> None:
        seen.append(scope["method"])
        await answer(self, scope, receive, send)

    monkeypatch.setattr(type(free_app), "__call__", count)
    return seen


async def get(app, headers, query=b"") -> Response:
    return await request(app, "/", b"", {"content-length": None, **headers}, "GET", query)
