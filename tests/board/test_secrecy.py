"""While tallies are secret, others' votes change nothing of what a reader is answered (I10)."""

from collections.abc import AsyncIterator
from difflib import unified_diff
from pprint import pformat

import pytest
from quart import Quart

from app.accounts.queries import insert_token
from app.accounts.tokens import new_token, token_hash
from app.main import create_app
from app.projects.places import record_best_places
from app.voting.votes import Vote
from tests.board.every_route import Answers, World, read_everything, unlisted
from tests.conftest import NO_LIMITS
from tests.fast_client import hang_up_all
from tests.projects.fresh import stop_the_clock


@pytest.fixture(scope="module")
async def app(settings) -> AsyncIterator[Quart]:
    """Return an app without limits, whose projects can be embedded."""
    own = create_app(settings.model_copy(update=NO_LIMITS | {"embed_ancestors": "*"}))
    async with own.test_app() as serving:
        yield serving.app
        await hang_up_all()


@pytest.fixture
async def world(app, board, db, monkeypatch) -> World:
    """Return projects: with votes of the reader, cold, locked, and without any vote."""
    stop_the_clock(monkeypatch)
    monkeypatch.setattr("app.live.hub.TICK_SECONDS", 0.01)
    author, reader = await board.users(2)
    projects = [await board.project(author) for _ in range(5)]
    await db.execute("UPDATE projects SET url = 'https://a.example/' WHERE id = ANY ($1)", projects)
    cast = app.extensions["upvote"].batcher.cast
    for account in (author, reader):
        await cast(Vote(projects[0], account.id, 1))
    await cast(Vote(projects[2], reader.id, -1))
    await cast(Vote(projects[3], reader.id, 1))
    await db.execute("UPDATE projects SET locked_at = now() WHERE id = $1", projects[3])
    token = new_token()
    await insert_token(db, reader.id, token_hash(token), "a program")
    await db.execute("UPDATE api_tokens SET last_used_at = now() WHERE user_id = $1", reader.id)
    world = World(projects, author, reader, token)
    await settle(app)
    return world


async def settle(app) -> None:
    """Persist and sync all votes, as the worker does."""
    services = app.extensions["upvote"]
    await services.persist_events()
    await services.sync.run()
    await record_best_places(services.db)


async def others_vote(app, board, world) -> None:
    """Let others vote: on cached projects and on cold ones, persisted and not."""
    cast, users = app.extensions["upvote"].batcher.cast, await board.users(7)
    for number, project_id in enumerate(world.projects):
        for user in users[number:]:
            await cast(Vote(project_id, user.id, 1 if number != 2 else -1))
    await settle(app)
    await cast(Vote(world.projects[0], users[0].id, -1))


def differences(before: Answers, after: Answers) -> dict[str, list[str]]:
    """Return the lines that differ, by reader and address."""
    assert before.keys() == after.keys()
    return {
        " ".join(key): list(
            unified_diff(*(pformat(each[key]).splitlines() for each in (before, after)), n=0)
        )
        for key in before
        if before[key] != after[key]
    }


def test_every_route_is_compared(app):
    assert not unlisted(app)


async def test_others_votes_change_no_byte(app, organise, board, world):
    await organise(tallies="after_reveal")
    before = await read_everything(app, world)
    await others_vote(app, board, world)
    after = await read_everything(app, world)
    assert differences(before, after) == {}


async def test_the_comparison_sees_votes_that_are_public(app, organise, board, world):
    before = await read_everything(app, world)
    await others_vote(app, board, world)
    after = await read_everything(app, world)
    changed = {key.split()[2] for key in differences(before, after)}
    first = world.projects[0]
    assert {"/", f"/projects/{first}", f"/api/projects/{first}", "/api/votes/metrics"} <= changed
    assert any(path.startswith("/live") for path in changed)
