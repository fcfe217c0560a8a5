"""Votes that a board can forbid: on the user's own project, downvotes, downvotes of new accounts."""

import json

import pytest

from app.main import create_app
from app.voting.votes import Status, Vote
from tests.conftest import NO_LIMITS
from tests.fast.vote_requests import FORM, make_project, request, without_project_id
from tests.fast_client import FastVotesApp
from tests.support import client_of, session_cookie
from tests.vote_box import HTMX, post_vote, vote_box

STRICT = {"self_votes": False, "downvotes": False, "min_downvote_age": 3600}


@pytest.fixture(scope="module")
async def serve(settings):
    """Return a function that starts an app with other policies, once for each."""
    made = {}

    async def get(**policies):
        name = json.dumps(policies)
        if name not in made:
            app = create_app(settings.model_copy(update={**NO_LIMITS, **policies}))
            made[name] = app.test_app()
            await made[name].startup()
        return made[name].app

    yield get
    for serving in made.values():
        await serving.shutdown()


async def refused(app, user, project_id, value, words):
    """Check that the answer is 403 as a fragment with the current state, as a page and as JSON."""
    client = client_of(app, user)
    fragment = await post_vote(client, project_id, value, **HTMX)
    assert fragment.status_code == 403
    html = await fragment.get_data(as_text=True)
    assert vote_box(html)["vote"] == 0
    assert words in html.split('role="status"')[1]
    page = await post_vote(client, project_id, value)
    assert page.status_code == 403
    assert words in await page.get_data(as_text=True)
    assert "Retry-After" not in page.headers


async def test_a_vote_on_the_users_own_project_is_refused_with_self_votes_off(serve, board):
    app, author = await serve(self_votes=False), await board.user()
    project_id = await board.project(author)
    for value in (1, -1):
        await refused(app, author, project_id, value, "own project")
    assert (await post_vote(client_of(app, author), project_id, 0, **HTMX)).status_code == 200
    other = client_of(app, await board.user())
    assert (await post_vote(other, project_id, 1, **HTMX)).status_code == 200


async def test_self_votes_are_allowed_by_default(free_app, board):
    author = await board.user()
    answer = await post_vote(client_of(free_app, author), await board.project(author), 1, **HTMX)
    assert answer.status_code == 200


async def test_with_downvotes_off_only_older_downvotes_stay(serve, free_app, board):
    user, project_id = await board.user(), await board.project()
    await post_vote(client_of(free_app, user), project_id, -1, **HTMX)
    app = await serve(downvotes=False)
    client = client_of(app, user)
    again = await post_vote(client, project_id, -1, **HTMX)
    assert again.status_code == 200
    assert " disabled" not in await again.get_data(as_text=True)
    taken_back = await (await post_vote(client, project_id, 0, **HTMX)).get_data(as_text=True)
    assert 'data-direction="-1"' not in taken_back
    await refused(app, user, project_id, -1, "Downvotes are off")
    assert (await post_vote(client, project_id, 1, **HTMX)).status_code == 200


async def test_a_new_account_has_to_wait_before_it_can_downvote(serve, board, db):
    app, user, project_id = (
        await serve(min_downvote_age=3600),
        await board.user(),
        await board.project(),
    )
    await refused(app, user, project_id, -1, "too new")
    assert (await post_vote(client_of(app, user), project_id, 1, **HTMX)).status_code == 200
    await db.execute("UPDATE users SET created_at = now() - interval '61 min' WHERE id = $1", user.id)
    assert (await post_vote(client_of(app, user), project_id, -1, **HTMX)).status_code == 200


async def test_a_forbidden_vote_counts_towards_no_limit(serve, board):
    app = await serve(downvotes=False, rate_limit_max=2)
    user, project_id = await board.user(), await board.project()
    batcher = app.extensions["upvote"].batcher
    for _ in range(3):
        assert (await batcher.cast(Vote(project_id, user.id, -1))).status is Status.NO_DOWNVOTES
    assert (await batcher.cast(Vote(project_id, user.id, 1))).status is Status.ACCEPTED


@pytest.mark.parametrize("value", [1, -1])
async def test_fast_path_and_quart_refuse_alike(serve, board, value):
    app, answers = await serve(**STRICT), []
    for way in (FastVotesApp(app), app):
        author = await board.user()
        project_id = await make_project(board)
        await board.db.execute(
            "UPDATE projects SET author_id = $2 WHERE id = $1", project_id, author.id
        )
        headers = {**FORM, "cookie": f"upvote_session={session_cookie(app, author)}"}
        got = await request(way, f"/projects/{project_id}/vote", b"value=%d" % value, headers)
        assert got.status == 403
        answers.append(without_project_id(got, project_id))
    assert answers[0] == answers[1]
