"""Both doors give the same status, headers and fragment in every case."""

import re

import pytest

from app.fast.fragments import vote_box_renderer
from app.voting import keys
from tests.asgi_calls import FORM as ENCODED
from tests.asgi_calls import HOST, Got, ask
from tests.doors import FastVotesApp
from tests.support import session_cookie
from tests.voting.windows import hold


async def request(app, path, body, headers, method="POST", query=b"") -> Got:
    return await ask(app, method, f"{path}?{query.decode()}", headers, body)


async def make_project(board) -> int:
    """A project whose number can't be mistaken for a vote or a version."""
    while (project_id := await board.project()) < 100:
        pass
    return project_id


def anonymous(got: Got, project_id: int) -> tuple[int, dict[str, str], str]:
    """What was answered, without the number of the project."""
    number = re.compile(rf"(?<=[-/F]){project_id}\b")
    headers = {n: number.sub("P", v) for n, v in got.headers.items() if n != "content-length"}
    return got.status, headers, number.sub("P", got.body)


FORM = {**ENCODED, "hx-request": "true"}
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
def door(free_app) -> FastVotesApp:
    return FastVotesApp(free_app)


@pytest.mark.parametrize("case", CASES)
async def test_both_doors_give_the_same_answer(door, free_app, board, case):
    body, headers = CASES[case]
    answers = []
    for app in (door, free_app):
        project_id, user = await make_project(board), await board.user()
        own = {**FORM, "cookie": f"upvote_session={session_cookie(free_app, user)}", **headers}
        got = await request(app, f"/projects/{project_id}/vote", body, own)
        answers.append(anonymous(got, project_id))
    assert answers[0] == answers[1]


async def test_both_doors_refuse_over_the_limit_alike(app, board, redis):
    door, answers = FastVotesApp(app), []
    for way in (door, app):
        project_id, user = await make_project(board), await board.user()
        headers = {**FORM, "cookie": f"upvote_session={session_cookie(app, user)}"}
        for _ in range(5):
            got = await request(way, f"/projects/{project_id}/vote", b"value=1", headers)
            assert got.status == 200
        await hold(redis, keys.rate(0, project_id, user.id))
        got = await request(way, f"/projects/{project_id}/vote", b"value=1", headers)
        assert got.status == 429
        answers.append(anonymous(got, project_id))
    assert answers[0] == answers[1]


@pytest.mark.parametrize(
    "path", ["/projects/0/vote", "/projects/99999999999/vote", f"/projects/{2**63}/vote"]
)
async def test_an_unknown_project_is_not_found_through_the_fast_door(door, free_app, board, path):
    headers = {**FORM, "cookie": f"upvote_session={session_cookie(free_app, await board.user())}"}
    assert (await request(door, path, b"value=1", headers)).status == 404


async def test_the_plain_case_never_reaches_quart(free_app, board, monkeypatch):
    door = FastVotesApp(free_app)
    project_id, user = await board.project(), await board.user()
    headers = {**FORM, "cookie": f"a=b; upvote_session={session_cookie(free_app, user)}; c=d"}

    async def refuse(*_):
        raise AssertionError("the request was passed on")

    monkeypatch.setattr(type(free_app), "__call__", refuse)
    got = await request(door, f"/projects/{project_id}/vote", b"value=1", headers)
    assert got.status == 200
    assert 'data-vote="1"' in got.body


@pytest.mark.parametrize("score", [0, 7, -3, 999, 1234, -12345, 1_500_000])
@pytest.mark.parametrize("value", [1, 0, -1])
def test_a_fragment_is_the_template_to_the_letter(free_app, score, value):
    from app.fast.fragments import Fragments
    from app.voting.votes import Status, Tally, VoteResult
    from app.voting.widget import answered_widget

    render = vote_box_renderer(free_app)
    answer = VoteResult(Status.ACCEPTED, 0, value, Tally(max(score, 0) + 3, max(-score, 0) + 3, 42))
    written = Fragments(render).write(7, answer).decode()
    assert written == render(answered_widget(7, answer))
