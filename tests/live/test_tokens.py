"""A live stream that a token opens, as programs and pages of other sites use it."""

import asyncio
import json
import time

import pytest

from app.accounts.queries import insert_token
from app.accounts.tokens import new_token, token_hash
from app.accounts.user import User
from app.live.hub import Hub
from app.voting.votes import Vote
from tests.board.every_route import read_stream
from tests.board.organise import organise
from tests.support import client_of, session_cookie
from tests.waiting import CEILING

__all__ = ["organise"]


@pytest.fixture
async def reader(board):
    return await board.user()


@pytest.fixture
async def bearer(db, reader) -> dict[str, str]:
    token = new_token()
    await insert_token(db, reader.id, token_hash(token), "stream")
    return {"authorization": f"Bearer {token}"}


@pytest.fixture
async def project_id(board, batcher, reader) -> int:
    """Return a project that the reader has voted up."""
    project_id = await board.project()
    await batcher.cast(Vote(project_id, reader.id, 1))
    return project_id


async def vote_seen(app, project_id: int | str, headers: dict[str, str]) -> int:
    text = await read_stream(app, f"/live?projects={project_id}", headers)
    data = next(line[6:] for line in text.splitlines() if line.startswith("data: ["))
    return json.loads(data)[0]["vote"]


async def test_the_stream_of_a_token_has_the_votes_of_its_account(app, project_id, bearer):
    assert await vote_seen(app, project_id, {}) == 0
    assert await vote_seen(app, project_id, bearer) == 1


async def test_the_token_decides_and_not_the_cookie_beside_it(app, board, project_id, bearer):
    cookie = {"cookie": f"upvote_session={session_cookie(app, await board.user())}"}
    assert await vote_seen(app, project_id, cookie) == 0
    assert await vote_seen(app, project_id, cookie | bearer) == 1


async def test_a_stream_with_an_invalid_token_is_refused(app, project_id):
    headers = {"authorization": "Bearer uv_wrong"}
    answer = await client_of(app).get(f"/live?projects={project_id}", headers=headers)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].lower().startswith("bearer")


async def test_a_token_opens_the_stream_of_a_private_board(app, organise, project_id, bearer):
    await organise(private="yes")
    path = f"/live?projects={project_id}"
    assert (await client_of(app).get(path)).status_code == 401
    assert await vote_seen(app, project_id, bearer) == 1


async def test_a_page_of_100_projects_has_one_stream(app, board, batcher, project_id, bearer):
    others = ",".join(str(10**9 + n) for n in range(99))
    assert await vote_seen(app, f"{project_id},{others}", bearer) == 1


async def test_a_stream_ends_with_its_token_instead_of_going_on_as_a_visitors(
    functions, project_id, reader, monkeypatch
):
    hub = Hub(functions, 0, lambda user: user.until < time.time())
    hub.tick_seconds = 3600  # only the test ticks
    user = User(reader.id, "", 5, time.time() + 60, by_token=True)
    with hub.stream("me", [project_id], user) as stream:
        await hub.tick()  # the snapshot waits for its reader
        stream.user = user._replace(until=0)
        async with asyncio.timeout(CEILING):
            messages = [message async for message in stream.messages()]
    assert messages == [b"retry: 1000\n\n"]
