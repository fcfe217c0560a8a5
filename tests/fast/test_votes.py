"""The fast path and Quart answer every vote with the same status, headers and fragment."""

import pytest

from app.accounts.browser import COOKIE as ACCOUNTS
from app.accounts.browser import SEVERAL, _signer
from app.fast import visitor_pages
from app.projects.vote_fragments import Fragments, vote_box_renderer
from app.voting import keys
from app.voting.vote_box import VoteBox
from app.voting.votes import ShownState, Tally
from tests.asgi_calls import HOST
from tests.fast.vote_requests import FORM, make_project, request, without_project_id
from tests.fast_client import FastVotesApp
from tests.support import session_cookie
from tests.voting.windows import keep_in_window

CASES = {
    "up": (b"value=1", {}),
    "down": (b"value=-1", {}),
    "none": (b"value=0", {}),
    "same origin": (b"value=1", {"sec-fetch-site": "same-origin", "origin": f"http://{HOST}"}),
    "cross-site": (b"value=1", {"sec-fetch-site": "cross-site"}),
    "same-site": (b"value=1", {"sec-fetch-site": "same-site"}),
    "foreign origin": (b"value=1", {"origin": "https://evil.example"}),
    "another scheme": (b"value=1", {"origin": f"app://{HOST}"}),
    "null origin": (b"value=1", {"origin": "null"}),
    "null origin, same origin": (b"value=1", {"sec-fetch-site": "same-origin", "origin": "null"}),
    "no value": (b"", {}),
    "bad value": (b"value=2", {}),
    "more fields": (b"value=1&other=2", {}),
    "no htmx": (b"value=1", {"hx-request": None}),
    "no cookie": (b"value=1", {"cookie": None}),
    "forged cookie": (b"value=1", {"cookie": "upvote_session=forged"}),
    "large": (b"value=1" + b"x" * 5000, {}),
    "gzip": (b"value=1", {"accept-encoding": "gzip"}),
}


@pytest.fixture
def fast_app(free_app) -> FastVotesApp:
    return FastVotesApp(free_app)


@pytest.mark.parametrize("case", CASES)
async def test_fast_path_and_quart_give_the_same_answer(fast_app, free_app, board, case):
    body, headers = CASES[case]
    answers = []
    for app in (fast_app, free_app):
        project_id, user = await make_project(board), await board.user()
        own = {**FORM, "cookie": f"upvote_session={session_cookie(free_app, user)}", **headers}
        got = await request(app, f"/projects/{project_id}/vote", body, own)
        answers.append(without_project_id(got, project_id))
    assert answers[0] == answers[1]


ACCOUNT_CASES = {
    "own": b"account=%s&value=1",
    "own, last": b"value=1&account=%s",
    "other": b"account=x%s&value=1",
    "empty": b"account=&value=1",
    "twice": b"account=%s&account=x&value=1",
}


@pytest.mark.parametrize("case", ACCOUNT_CASES)
async def test_fast_path_and_quart_compare_the_pages_account_alike(fast_app, free_app, board, case):
    answers = []
    for app in (fast_app, free_app):
        project_id, user = await make_project(board), await board.user()
        body = ACCOUNT_CASES[case].replace(b"%s", user.username.encode())
        headers = {**FORM, "cookie": f"upvote_session={session_cookie(free_app, user)}"}
        got = await request(app, f"/projects/{project_id}/vote", body, headers)
        status, sent, text = without_project_id(got, project_id)
        answers.append((status, sent, text.replace(user.username, "NAME")))
    assert answers[0] == answers[1]
    assert answers[0][0] == (200 if case.startswith(("own", "twice")) else 409)


async def test_a_vote_without_an_account_from_a_browser_of_several_goes_to_quart(
    fast_app, free_app, board
):
    project_id, user = await make_project(board), await board.user()
    async with free_app.test_request_context("/"):
        several = _signer().sign(f"{user.id}{SEVERAL}").decode()
    cookie = f"upvote_session={session_cookie(free_app, user)}; {ACCOUNTS}={several}"
    path, headers = f"/projects/{project_id}/vote", {**FORM, "cookie": cookie}
    assert (await request(fast_app, path, b"value=1", headers)).status == 409
    body = b"account=%s&value=1" % user.username.encode()
    assert (await request(fast_app, path, body, headers)).status == 200


async def test_fast_path_and_quart_refuse_alike_over_the_limit(app, board, redis):
    fast_app, answers = FastVotesApp(app), []
    for target in (fast_app, app):
        project_id, user = await make_project(board), await board.user()
        headers = {**FORM, "cookie": f"upvote_session={session_cookie(app, user)}"}
        for _ in range(5):
            got = await request(target, f"/projects/{project_id}/vote", b"value=1", headers)
            assert got.status == 200
        await keep_in_window(redis, keys.rate(0, project_id, user.id))
        got = await request(target, f"/projects/{project_id}/vote", b"value=1", headers)
        assert got.status == 429
        answers.append(without_project_id(got, project_id))
    assert answers[0] == answers[1]


@pytest.mark.parametrize(
    "path", ["/projects/0/vote", "/projects/99999999999/vote", f"/projects/{2**63}/vote"]
)
async def test_an_unknown_project_is_not_found_by_the_fast_path(fast_app, free_app, board, path):
    headers = {**FORM, "cookie": f"upvote_session={session_cookie(free_app, await board.user())}"}
    assert (await request(fast_app, path, b"value=1", headers)).status == 404


@pytest.mark.parametrize("account", [b"", b"account=%s&"])
async def test_a_plain_vote_never_reaches_quart(free_app, board, monkeypatch, account):
    fast_app = FastVotesApp(free_app)
    project_id, user = await board.project(), await board.user()
    headers = {**FORM, "cookie": f"a=b; upvote_session={session_cookie(free_app, user)}; c=d"}

    async def refuse(*_):
        raise AssertionError("the request reached Quart")

    monkeypatch.setattr(type(free_app), "__call__", refuse)
    body = account.replace(b"%s", user.username.encode()) + b"value=1"
    got = await request(fast_app, f"/projects/{project_id}/vote", body, headers)
    assert got.status == 200
    assert 'data-vote="1"' in got.body


async def test_a_plain_vote_is_on_the_next_page_of_a_visitor(free_app, board, monkeypatch):
    monkeypatch.setattr(visitor_pages, "FRESH_SECONDS", 3600)
    fast_app = FastVotesApp(free_app)
    project_id, user = await board.project(), await board.user()
    headers = {**FORM, "cookie": f"upvote_session={session_cookie(free_app, user)}"}
    for score in (0, 1):
        page = await request(fast_app, "/", b"", {"content-length": None}, "GET", b"sort=new")
        assert f'id="score-{project_id}" data-score="{score}"' in page.body
        await request(fast_app, f"/projects/{project_id}/vote", b"value=1", headers)


@pytest.mark.parametrize("score", [0, 7, -3, 999, 1234, -12345, 1_500_000])
@pytest.mark.parametrize("value", [1, 0, -1])
def test_a_fragment_is_the_template_to_the_letter(free_app, score, value):
    render = vote_box_renderer(free_app)
    state = ShownState(Tally(max(score, 0) + 3, max(-score, 0) + 3, 42), value)
    assert Fragments(free_app).write(7, state).decode() == render(VoteBox(7, state))


async def test_a_vote_that_the_fast_path_cast_and_refused_is_counted_once(app, board, redis):
    project_id, user = await make_project(board), await board.user()
    headers = {**FORM, "cookie": f"upvote_session={session_cookie(app, user)}"}
    fast, metrics = FastVotesApp(app), app.extensions["upvote"].metrics
    for _ in range(5):
        await request(fast, f"/projects/{project_id}/vote", b"value=1", headers)
    await keep_in_window(redis, keys.rate(0, project_id, user.id))
    before = await metrics.read()
    got = await request(fast, f"/projects/{project_id}/vote", b"value=1", headers)
    after = await metrics.read()
    assert got.status == 429
    assert after["refused"] - before.get("refused", 0) == 1
