"""A stream whose reader's session ends goes on as a visitor's."""

import asyncio
import json
import time

import pytest

from app.accounts.revocation import end_sessions
from app.accounts.signed_out import SignedOut
from app.accounts.user import User
from app.live.hub import Hub
from app.main import create_app
from app.voting.votes import Vote
from tests.support import client_of
from tests.waiting import CEILING, until


@pytest.fixture
async def project_id(board, batcher) -> int:
    return await board.project()


@pytest.fixture
async def user(board, batcher, project_id) -> User:
    """Return a reader who has voted the project down."""
    account = await board.user()
    await batcher.cast(Vote(project_id, account.id, -1))
    return User(account.id, account.username, 5)


@pytest.fixture
def over() -> set[User]:
    """Return the set of sessions that have ended."""
    return set()


@pytest.fixture
def hub(functions, over) -> Hub:
    hub = Hub(functions, 0, lambda user: user in over)
    hub.tick_seconds = 3600  # only the test ticks
    return hub


async def sent(stream) -> list[dict]:
    """Return the changes in the next message of a stream."""
    async with asyncio.timeout(CEILING):
        async for message in stream.messages():
            if message.startswith(b"data: "):
                return json.loads(message[6:])


async def vote_again(batcher, board, project_id) -> None:
    await batcher.cast(Vote(project_id, (await board.user()).id, 1))


async def test_a_stream_tells_no_votes_after_its_session_has_ended(
    hub, over, batcher, board, project_id, user
):
    with hub.stream("me", [project_id], user) as stream:
        await hub.tick()
        assert (await sent(stream))[0]["vote"] == -1
        over.add(user)
        await vote_again(batcher, board, project_id)
        await hub.tick()
        [change] = await sent(stream)
        assert (change["vote"], change["version"]) == (0, 2)


async def test_what_waits_is_not_sent_after_the_session_has_ended(hub, over, project_id, user):
    with hub.stream("me", [project_id], user) as stream:
        await hub.tick()  # the snapshot waits for its reader
        over.add(user)
        reading = asyncio.create_task(sent(stream))
        await until(lambda: stream.user is None)
        await hub.tick()
        assert (await reading)[0]["vote"] == 0


async def test_a_session_that_ends_during_a_tick_is_not_told_its_votes(
    hub, over, functions, project_id, user, monkeypatch
):
    read = functions.read_for_users

    async def read_and_end(*args):
        found = await read(*args)
        over.add(user)
        return found

    with hub.stream("me", [project_id], user) as stream:
        with monkeypatch.context() as patch:
            patch.setattr(functions, "read_for_users", read_and_end)
            await hub.tick()
        await hub.tick()
        assert (await sent(stream))[0]["vote"] == 0


async def test_signing_out_ends_the_streams_of_that_session_only(hub, project_id, user):
    elsewhere = user._replace(began=6)
    with hub.stream("a", [project_id], user) as here, hub.stream("b", [project_id], elsewhere) as there:
        hub.sign_out(user._replace(until=1.0))
        await hub.tick()
        assert [(await sent(stream))[0]["vote"] for stream in (here, there)] == [0, -1]


@pytest.fixture
async def own_app(settings):
    """Return an app of its own, whose hub has no other streams."""
    async with create_app(settings).test_app() as serving:
        yield serving.app


@pytest.fixture
async def other_app(settings):
    """Return the app of another web process."""
    async with create_app(settings).test_app() as serving:
        yield serving.app


@pytest.mark.parametrize(
    "end", ["everywhere", "here", "by another process", "in another process", "expiry"]
)
async def test_every_end_of_a_session_reaches_its_streams(
    own_app, other_app, board, db, project_id, end, monkeypatch
):
    monkeypatch.setattr("app.repeat.FOLLOW_SECONDS", 0.01)
    account = await board.user()
    client = client_of(own_app, account)
    hub = own_app.extensions["upvote_hub"]
    asking = asyncio.create_task(client.get(f"/live?projects={project_id}"))
    try:
        [stream] = await until(lambda: hub._streams)
        assert stream.user.id == account.id
        if end == "expiry":
            assert time.time() < stream.user.until <= time.time() + 31 * 86_400
            stream.user = stream.user._replace(until=time.time())
        elif end == "by another process":
            await end_sessions(db, account.id)
        else:
            client = client_of(other_app, account) if end == "in another process" else client
            await client.post("/logout", form={"everywhere": "yes"} if end == "everywhere" else {})
        await until(lambda: stream.user is None)
    finally:
        hub.close()
        await asking


async def test_a_sign_out_is_told_when_redis_is_back(redis, monkeypatch):
    user, here, there, seen = User(7, f"s-{time.time_ns()}", 5), SignedOut(redis), SignedOut(redis), []
    here.tell(user)
    with monkeypatch.context() as patch:
        patch.setattr(here, "_redis", type("Away", (), {"xadd": raising(ConnectionError)}))
        await here.exchange(seen.append)
    assert seen.pop() == user  # its own streams end at once
    await here.exchange(lambda _: None)
    await there.exchange(seen.append)
    assert [found for found in seen if found.username == user.username] == [user]
    await there.exchange(seen.append)
    assert seen.count(user) == 1


def raising(error):
    async def fail(*_, **__):
        raise error

    return fail
