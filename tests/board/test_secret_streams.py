"""Live streams while tallies are secret: others' votes send nothing, the reader's own do."""

import asyncio
import json
import re

import pytest

from app.board.change import reveal
from app.voting.votes import Vote
from tests.board.every_route import open_stream
from tests.board.secret_app import app, make_admin, others_vote
from tests.support import make_cold, session_cookie

__all__ = ["app"]


@pytest.fixture(autouse=True)
def quick_ticks(app, monkeypatch):
    monkeypatch.setattr(app.extensions["upvote_hub"], "tick_seconds", 0.01)


@pytest.fixture
async def projects(board):
    return [await board.project() for _ in range(3)]


def path(projects):
    return f"/live?projects={','.join(map(str, projects))}"


def own(app, account):
    return {"cookie": f"upvote_session={session_cookie(app, account)}"}


def rounds(text):
    """Return the rounds of changes in what a stream has sent."""
    return [json.loads(line) for line in re.findall(r"^data: (\[.*\])$", text, re.MULTILINE)]


def hidden(project_id, vote):
    numbers = dict.fromkeys(("upvotes", "downvotes", "version", "score"))
    return {"project_id": project_id, **numbers, "secret": True, "vote": vote}


async def ticks(app, count=5):
    """Wait until the hub has read the tallies some more times."""
    hub = app.extensions["upvote_hub"]
    for _ in range(count):
        await hub.tick()


async def test_a_stream_sends_own_votes_and_nothing_of_others(app, organise, board, projects, redis):
    await organise(tallies="after_reveal")
    cast, reader = app.extensions["upvote"].batcher.cast, await board.user()
    async with open_stream(app, path(projects), own(app, reader)) as text:
        await text(lambda got: rounds(got))
        await others_vote(app, board, projects)
        await ticks(app)
        await cast(Vote(projects[1], reader.id, -1))
        await text(lambda got: len(rounds(got)) > 1)
        await app.extensions["upvote"].persist_events()
        await make_cold(redis, projects[1])
        await others_vote(app, board, projects)
        await ticks(app)
        await cast(Vote(projects[0], reader.id, 1))
        got = rounds(await text(lambda got: len(rounds(got)) > 2))
    assert got == [
        [hidden(project_id, 0) for project_id in projects],
        [hidden(projects[1], -1)],
        [hidden(projects[0], 1)],
    ]


async def test_a_snapshot_does_not_tell_which_projects_are_cached(
    app, organise, board, projects, redis
):
    await organise(tallies="after_reveal")
    services, reader = app.extensions["upvote"], await board.user()
    await services.batcher.cast(Vote(projects[2], reader.id, 1))
    await services.persist_events()
    await make_cold(redis, projects[2])
    seen = []
    for others in (False, True):
        if others:
            await others_vote(app, board, projects)
        async with open_stream(app, path(projects), own(app, reader)) as text:
            seen.append(rounds(await text(lambda got: rounds(got))))
    assert seen[0] == seen[1] == [[hidden(p, v) for p, v in zip(projects, (0, 0, 1), strict=True)]]


async def test_an_open_page_gets_the_tallies_when_they_are_revealed_and_loses_them_again(
    app, organise, board, projects
):
    await organise(tallies="after_reveal")
    voters = await board.users(2)
    for voter in voters:
        await app.extensions["upvote"].batcher.cast(Vote(projects[0], voter.id, 1))
    async with open_stream(app, path(projects), {}) as text:
        await text(lambda got: rounds(got))
        await reveal(app.extensions["upvote"].board, None)
        await text(lambda got: len(rounds(got)) > 1)
        await organise(tallies="", name="Autumn")
        await organise(tallies="after_reveal")
        got = rounds(await text(lambda got: len(rounds(got)) > 2))
    assert [change["upvotes"] for change in got[1]] == [2, 0, 0]  # cold projects too
    assert got[0] == got[2] == [hidden(project_id, 0) for project_id in projects]


async def test_a_stream_opened_after_the_reveal_has_the_tallies_of_cold_projects(
    app, organise, board, projects, redis
):
    services = app.extensions["upvote"]
    await services.batcher.cast(Vote(projects[0], (await board.user()).id, 1))
    await services.persist_events()
    await services.sync.run()
    await make_cold(redis, projects[0])
    async with open_stream(app, path(projects) + "&full=1", {}) as text:
        [changes] = rounds(await text(lambda got: rounds(got)))
    assert [change["upvotes"] for change in changes] == [1, 0, 0]


async def test_an_admin_sees_the_tallies_until_the_session_ends(app, organise, projects):
    await organise(tallies="after_reveal")
    admin, accounts = await make_admin(app), app.extensions["upvote_accounts"]
    await app.extensions["upvote"].batcher.cast(Vote(projects[0], admin.id, 1))
    async with open_stream(app, path(projects), own(app, admin)) as text:
        first = rounds(await text(lambda got: rounds(got)))
        accounts.revocations.learn(admin.id, 2**62)
        got = rounds(await text(lambda got: len(rounds(got)) > 1))
    assert first[0][0]["upvotes"] == 1
    assert got[1] == [hidden(project_id, 0) for project_id in projects]


async def test_streams_wait_for_postgresql_where_they_need_cold_projects(
    app, organise, board, projects, redis, monkeypatch
):
    await organise(tallies="after_reveal")
    cold, away = app.extensions["upvote_hub"]._cold, asyncio.Event()
    read = cold.read

    async def fail(*arguments):
        if not away.is_set():
            raise OSError("PostgreSQL is away")
        return await read(*arguments)

    monkeypatch.setattr(cold, "read", fail)
    monkeypatch.setattr(cold, "retry_seconds", 0)
    async with open_stream(app, path(projects), {}) as text:
        await text(lambda got: "retry" in got)
        await others_vote(app, board, projects[:1])
        await ticks(app)
        assert not rounds(await text(lambda got: True))
        away.set()
        assert rounds(await text(lambda got: rounds(got))) == [
            [hidden(project_id, 0) for project_id in projects]
        ]
