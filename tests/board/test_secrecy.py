"""While tallies are secret, others' votes change nothing of what a reader is answered (I10)."""

from difflib import unified_diff
from pprint import pformat

import pytest

from app.accounts.queries import insert_token
from app.accounts.tokens import new_token, token_hash
from app.voting.votes import Vote
from tests.board.every_route import Answers, World, read_everything, unlisted
from tests.board.secret_app import app, others_vote, settle
from tests.projects.fresh import stop_the_clock

__all__ = ["app"]


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
    await others_vote(app, board, world.projects)
    after = await read_everything(app, world)
    assert differences(before, after) == {}


async def test_the_comparison_sees_votes_that_are_public(app, organise, board, world):
    before = await read_everything(app, world)
    await others_vote(app, board, world.projects)
    after = await read_everything(app, world)
    changed = {key.split()[2] for key in differences(before, after)}
    first = world.projects[0]
    assert {"/", f"/projects/{first}", f"/api/projects/{first}", "/api/votes/metrics"} <= changed
    assert any(path.startswith("/live") for path in changed)
