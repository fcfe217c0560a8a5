"""A stream ends when it is cancelled, shows that it is alive, and outlives a tick that fails."""

import asyncio
import json

import pytest

from app import repeat
from app.accounts.signed_out import SignedOut
from app.accounts.user import User
from app.errors import VotesUnavailable
from app.live import stream as stream_module
from app.live.hub import Hub
from app.live.queries import select_states
from app.live.stream import Change
from app.voting.votes import Vote
from tests.support import make_cold
from tests.waiting import CEILING, until


@pytest.fixture
async def make_hub(functions):
    """Return a function that makes a hub, of which only the test makes ticks."""
    waiting = asyncio.create_task(asyncio.Event().wait())

    def make(**options) -> Hub:
        hub = Hub(functions, 0, **options)
        hub._ticking = waiting
        return hub

    yield make
    waiting.cancel()


@pytest.fixture
def hub(make_hub) -> Hub:
    return make_hub()


async def received(stream) -> dict[int, dict]:
    """Return the next round of changes, by project."""
    async with asyncio.timeout(CEILING):
        async for message in stream.messages():
            if message.startswith(b"data: "):
                return {change["project_id"]: change for change in json.loads(message[6:])}
    raise AssertionError


async def ends(task: asyncio.Task[None]) -> bool:
    """Cancel a task; return whether that ends it."""
    task.cancel()
    for _ in range(20):  # turns of the loop; it needs few
        await asyncio.sleep(0)
    ended = task.done()
    task.cancel()
    return ended


@pytest.mark.parametrize("turns", range(4))
async def test_a_stream_that_is_cancelled_when_it_has_been_woken_ends(hub, turns):
    opened: asyncio.Event = asyncio.Event()
    opened_streams = []

    async def write() -> None:
        with hub.stream("me", [1], None) as stream:
            opened_streams.append(stream)
            async for _ in stream.messages():
                opened.set()

    writing = asyncio.create_task(write())
    await opened.wait()
    await asyncio.sleep(0)
    opened_streams[0].put({1: Change(b"{}", 0)})
    for _ in range(turns):
        await asyncio.sleep(0)
    assert await ends(writing)
    assert hub.open_streams == 0


@pytest.mark.parametrize("turns", range(4))
async def test_following_who_signs_out_ends_when_it_is_cancelled(redis, turns, monkeypatch):
    signed_out, exchanged = SignedOut(redis), asyncio.Event()

    async def exchange(_) -> None:
        exchanged.set()

    monkeypatch.setattr(signed_out, "exchange", exchange)
    following = asyncio.create_task(signed_out.follow(lambda _: None))
    await exchanged.wait()
    await asyncio.sleep(0)
    signed_out.tell(User(1, "somebody", 1))
    for _ in range(turns):
        await asyncio.sleep(0)
    assert await ends(following)


async def test_who_signs_out_is_read_while_there_are_streams_and_told_without_any(redis, monkeypatch):
    signed_out, has_streams, exchanges = SignedOut(redis), [False], []

    async def exchange(_) -> None:
        exchanges.append(len(signed_out._untold))
        signed_out._untold.clear()

    monkeypatch.setattr(signed_out, "exchange", exchange)
    monkeypatch.setattr(repeat, "FOLLOW_SECONDS", 0.01)
    following = asyncio.create_task(signed_out.follow(lambda _: None, lambda: has_streams[0]))
    await asyncio.sleep(0.1)
    assert exchanges == []
    signed_out.tell(User(1, "somebody", 1))
    await until(lambda: exchanges == [1], "for what is to be told")
    has_streams[0] = True
    await until(lambda: len(exchanges) > 1, "for a reading")
    following.cancel()


async def test_a_silent_stream_shows_by_an_event_that_it_is_alive(hub, monkeypatch):
    monkeypatch.setattr(stream_module, "HEARTBEAT_SECONDS", 0.01)
    with hub.stream("me", [1], None) as stream:
        messages = stream.messages()
        assert await anext(messages) == b"retry: 1000\n\n"
        assert await anext(messages) == b"event: beat\ndata:[]\n\n"
        await messages.aclose()


async def test_a_tick_that_fails_half_way_loses_no_vote_of_a_secret_board(
    make_hub, functions, board, batcher, monkeypatch
):
    hub = make_hub(sees_tallies=lambda _: False)
    projects, account = [await board.project() for _ in range(2)], await board.user()
    with hub.stream("me", projects, User(account.id, account.username, 1)) as stream:
        await hub.tick()
        for project_id in projects:
            await batcher.cast(Vote(project_id, account.id, 1))
        read, calls = functions.read_for_users, []

        async def fail_second(*args):
            calls.append(args)
            if len(calls) == 2:
                raise VotesUnavailable("no answer")
            return await read(*args)

        monkeypatch.setattr(functions, "read_for_users", fail_second)
        with pytest.raises(VotesUnavailable):
            await hub.tick()
        assert len(calls) == 2
        await hub.tick()
        votes = {p: change["vote"] for p, change in (await received(stream)).items()}
        assert votes == dict.fromkeys(projects, 1)


async def test_a_stream_that_lacks_cold_projects_gets_the_others_while_postgresql_is_away(
    make_hub, db, board, batcher, redis
):
    away, asked = True, 0

    async def read_cold(*args):
        nonlocal asked
        asked += 1
        if away:
            raise ConnectionRefusedError
        return await select_states(db, *args)

    hub = make_hub(read_cold=read_cold)
    warm, cold = await board.project(), await board.project()
    await batcher.cast(Vote(warm, (await board.user()).id, 1))
    await make_cold(redis, cold)
    with hub.stream("me", [warm, cold], None, is_full=True) as stream:
        hub._cold.retry_seconds = 3600
        for _ in range(3):
            await hub.tick()
        assert set(await received(stream)) == {warm}
        assert not stream.is_new  # so it is sent each state once
        assert asked == 1  # PostgreSQL has some rest
        away, hub._cold._retry_at = False, 0
        for _ in range(3):
            await hub.tick()
        assert set(await received(stream)) == {cold}
        assert asked == 2
