"""The hub: what each reader is sent, and what a tick costs."""

import asyncio
import contextlib
import json
from types import SimpleNamespace

import pytest

from app.accounts.user import User
from app.live import stream as stream_module
from app.live.hub import Hub, TooManyStreams
from app.voting.votes import Vote
from tests.waiting import CEILING


@pytest.fixture
def hub(functions) -> Hub:
    """Return a hub with frequent ticks, so that tests need not wait."""
    hub = Hub(functions, max_per_client=3)
    hub.tick_seconds = 0.02
    return hub


def reader(account) -> User:
    return User(account.id, account.username, 1)


async def changes(messages) -> list[dict]:
    """Return the next round of changes."""
    async with asyncio.timeout(CEILING):
        async for message in messages:
            if message.startswith(b"data: "):
                return json.loads(message[6:])


async def test_a_stream_begins_with_a_snapshot_and_goes_on_with_changes(hub, board, batcher):
    project_id, user = await board.project(), await board.user()
    await batcher.cast(Vote(project_id, user.id, 1))
    with hub.stream("me", [project_id], reader(user)) as stream:
        messages = stream.messages()
        first = {"project_id": project_id, "upvotes": 1, "downvotes": 0, "version": 1}
        assert await changes(messages) == [first | {"score": 1, "vote": 1}]
        await batcher.cast(Vote(project_id, user.id, -1))
        assert await changes(messages) == [
            first | {"upvotes": 0, "downvotes": 1, "version": 2, "score": -1, "vote": -1}
        ]


async def test_all_changes_of_a_tick_come_in_one_message(hub, board, batcher, monkeypatch):
    hub.tick_seconds = 60
    projects, user = [await board.project() for _ in range(5)], await board.user()
    await asyncio.gather(*[batcher.cast(Vote(project_id, user.id, 1)) for project_id in projects])
    with hub.stream("me", projects, reader(user)) as stream:
        reading = asyncio.create_task(changes(stream.messages()))
        assert await hub.tick() == 1
        assert {change["project_id"] for change in await reading} == set(projects)


async def test_each_reader_gets_only_their_own_vote(hub, board, batcher):
    project_id, (one, two) = await board.project(), await board.users(2)
    await batcher.cast(Vote(project_id, one.id, 1))
    for user, vote in ((reader(one), 1), (reader(two), 0), (None, 0)):
        with hub.stream("me", [project_id], user) as stream:
            [change] = await changes(stream.messages())
            assert (change["score"], change["vote"]) == (1, vote)


async def test_a_tick_reads_once_however_many_watch_and_vote(
    hub, board, batcher, functions, monkeypatch
):
    projects, users = [await board.project() for _ in range(10)], await board.users(20)
    calls = []
    call = functions._call

    async def count(shard, name, *arguments, **options):
        calls.append(name)
        return await call(shard, name, *arguments, **options)

    monkeypatch.setattr(functions, "_call", count)
    hub.tick_seconds = 60
    streams = [hub.stream(f"{n}", projects, None) for n in range(50)]
    for stream in streams:
        stream.__enter__()
    await asyncio.gather(*[batcher.cast(Vote(p, u.id, 1)) for p in projects for u in users])
    calls.clear()
    await hub.tick()
    assert calls == ["read", *["read_for_users"] * 10]
    calls.clear()
    await hub.tick()
    assert calls == ["read"]
    for stream in streams:
        stream.__exit__(None, None, None)


async def test_a_client_can_open_only_its_maximum_of_streams(hub):
    first = hub.stream("greedy", [1], None)
    first.__enter__()
    with hub.stream("greedy", [1], None), hub.stream("greedy", [1], None):
        with pytest.raises(TooManyStreams), hub.stream("greedy", [1], None):
            pass
        with hub.stream("other", [1], None):
            assert hub.open_streams == 4
    first.__exit__(None, None, None)
    with hub.stream("greedy", [1], None):
        assert hub.open_streams == 1


async def test_a_stalled_reader_has_one_waiting_change_per_project_and_is_dropped(
    hub, board, batcher, monkeypatch
):
    project_id, users = await board.project(), await board.users(10)
    clock, stuck = SimpleNamespace(monotonic=lambda: clock.now, now=1000.0), asyncio.Event()
    monkeypatch.setattr(stream_module, "time", clock)
    hub.tick_seconds = 3600  # only the test ticks
    with hub.stream("slow", [project_id], None) as stream:

        async def write_for_ever() -> None:
            async for message in stream.messages():
                if message.startswith(b"data"):
                    stuck.set()
                    await asyncio.Event().wait()  # the reader's buffer is full

        async def vote_and_tick(user) -> None:
            await batcher.cast(Vote(project_id, user.id, 1))
            await hub.tick()

        writing = asyncio.create_task(write_for_ever())
        await vote_and_tick(users[0])
        await stuck.wait()
        for user in users[1:]:
            await vote_and_tick(user)
            assert len(stream._waiting) == 1
        clock.now += stream_module.STALLED_SECONDS
        await hub.tick()
        assert not writing.cancelling()
        clock.now += 1
        await hub.tick()
        with pytest.raises(asyncio.CancelledError):
            await asyncio.wait_for(writing, CEILING)


async def test_ticks_come_twice_a_second_and_less_often_with_many_messages(functions):
    hub = Hub(functions, max_per_client=3)
    pauses = [hub.pause(0.1, messages) for messages in (0, 330, 100_000)]
    assert pauses == pytest.approx([0.4, 0.9, 1.4])
    assert hub.pause(7, 0) == 0.1  # so that others have their turn after a slow tick


async def test_the_hub_pauses_after_each_tick(hub, monkeypatch):
    messages, pauses, enough = iter((5, 0)), [], asyncio.Event()

    async def tick() -> int:
        await asyncio.sleep(0.01)
        return next(messages)

    def pause(seconds: float, messages: int) -> float:
        pauses.append((seconds >= 0.01, messages))
        if len(pauses) < 2:
            return 0
        enough.set()
        return 3600

    monkeypatch.setattr(hub, "tick", tick)
    monkeypatch.setattr(hub, "pause", pause)
    with hub.stream("me", [1], None):
        await enough.wait()
    hub._ticking.cancel()
    assert pauses == [(True, 5), (True, 0)]


async def test_closing_the_hub_ends_every_stream(hub):
    with hub.stream("me", [1], None) as stream:
        begun = asyncio.Event()

        async def read_all() -> None:
            async for _ in stream.messages():
                begun.set()

        reading = asyncio.create_task(read_all())
        await begun.wait()
        hub.close()
        ended, _ = await asyncio.wait([reading], timeout=CEILING)
        assert ended == {reading}


async def test_the_hub_reads_nothing_once_it_has_ended(hub, board, functions, monkeypatch):
    reading, read_all = asyncio.Event(), []

    async def read(*arguments, **options):
        reading.set()
        await asyncio.sleep(0)
        read_all.append(arguments)

    monkeypatch.setattr(functions, "read", read)
    with hub.stream("me", [await board.project()], None):
        await reading.wait()
        await hub.end()
        assert hub._ticking.done()
    assert read_all == []


async def test_few_pages_are_written_to_before_votes_have_their_turn(hub, board, batcher, monkeypatch):
    monkeypatch.setattr(hub, "_ticking", "by the test alone")
    monkeypatch.setattr("app.live.hub.WOKEN_AT_ONCE", 3)
    project_id, user = await board.project(), await board.user()
    await batcher.cast(Vote(project_id, user.id, 1))
    passes = [0]

    async def vote() -> None:
        while True:
            await asyncio.sleep(0)
            passes.append(0)

    def woken(stream, changes) -> None:
        passes[-1] += bool(changes)

    monkeypatch.setattr("app.live.stream.Stream.put", woken)
    with contextlib.ExitStack() as streams:
        for number in range(20):
            streams.enter_context(hub.stream(f"{number}", [project_id], None))
        voting = asyncio.create_task(vote())
        assert await hub.tick() == 20
        voting.cancel()
    assert sum(passes) == 20
    assert max(passes) == 3
