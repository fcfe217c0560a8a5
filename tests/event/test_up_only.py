"""On a board on which people only vote up, nothing speaks of downvotes, except earlier ones."""

import pytest

from app.accounts.commands import create_token
from app.fast.member_pages import MemberPages
from app.voting.votes import Vote
from tests.asgi_calls import ask
from tests.support import client_of, session_cookie

LIST = "/?sort=controversial"


async def read(client, path):
    answer = await client.get(path)
    return answer.status_code, await answer.get_data(as_text=True)


async def vote(app, project_id, user, value):
    await app.extensions["upvote"].batcher.cast(Vote(project_id, user.id, value))
    await app.extensions["upvote"].persist_events()


@pytest.mark.parametrize("path", ["/?sort=new", "/projects/{}", "/search?q=Project"])
async def test_there_is_no_down_arrow_and_no_zero(free_app, board, organise, path):
    project_id, user = await board.project(), await board.user()
    await vote(free_app, project_id, user, 1)
    assert "Downvote" in (await read(client_of(free_app, user), path.format(project_id)))[1]
    await organise(downvotes="no")
    for client in (client_of(free_app), client_of(free_app, user)):
        status, html = await read(client, path.format(project_id))
        assert status == 200
        for words in ("Downvote", "vote-down", ">Down<", "0 down", "in favour", "downvotes over time"):
            assert words not in html


async def test_my_votes_offer_downvotes_only_to_those_who_have_some(free_app, board, organise):
    project_id, user, other = await board.project(), await board.user(), await board.user()
    await vote(free_app, project_id, user, 1)
    await vote(free_app, project_id, other, -1)
    mine, others = client_of(free_app, user), client_of(free_app, other)
    assert "filter=down" in (await read(mine, "/me/votes"))[1]
    await organise(downvotes="no")
    assert "filter=down" not in (await read(mine, "/me/votes"))[1]
    assert "filter=down" in (await read(others, "/me/votes?filter=up"))[1]


async def test_an_earlier_downvote_is_shown_and_can_be_taken_back(free_app, board, organise):
    project_id, user = await board.project(), await board.user()
    await vote(free_app, project_id, user, -1)
    await organise(downvotes="no")
    path = f"/projects/{project_id}"
    html = (await read(client_of(free_app, user), path))[1]
    assert 'class="vote-down" name="value" value="0"' in html
    assert ">1 down</b>" in html
    assert "<td>1</td>" in html
    assert "Downvote" not in (await read(client_of(free_app), path))[1]


async def test_there_is_no_controversial_list_anywhere(free_app, board, settings, organise):
    user = await board.user()
    token = {"Authorization": f"Bearer {await create_token(settings, user.username)}"}
    client, fast = client_of(free_app, user), MemberPages(free_app)
    cookie = {"cookie": f"upvote_session={session_cookie(free_app, user)}"}
    paths = (LIST, "/feed.atom?sort=controversial", "/api/projects?sort=controversial")
    for path in paths:
        assert (await client.get(path, headers=token)).status_code == 200
    await organise(downvotes="no")
    for path in paths:
        answer = await client.get(path, headers=token)
        assert answer.status_code == 404
        assert "only vote up" in await answer.get_data(as_text=True)
    assert (await ask(fast, "GET", LIST, cookie)).status == 404
    assert "controversial" not in (await read(client, "/"))[1]
    assert "controversial" not in (await ask(fast, "GET", "/", cookie)).body


@pytest.mark.parametrize("path", ["/?sort=x", "/feed.atom?sort=x"])
async def test_the_lists_to_choose_from_are_those_of_this_board(free_app, organise, path):
    client = client_of(free_app)
    status, with_downvotes = await read(client, path)
    await organise(downvotes="no")
    assert (status, "best, controversial" in with_downvotes) == (404, True)
    status, without = await read(client, path)
    assert (status, "rising, best" in without, "controversial" in without) == (404, True, False)
