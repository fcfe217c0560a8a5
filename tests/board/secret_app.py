"""An app whose tallies a test keeps secret, and votes of others on it."""

from collections.abc import AsyncIterator

import pytest
from quart import Quart

from app.accounts.queries import Account, insert_token
from app.accounts.tokens import new_token, token_hash
from app.main import create_app
from app.projects.places import record_best_places
from app.projects.search.indexing import make_searchable
from app.settings import Settings
from app.voting.votes import Vote
from tests.board.addresses import World
from tests.conftest import NO_LIMITS
from tests.fast_client import hang_up_all
from tests.projects.fresh import stop_the_clock
from tests.support import Board


@pytest.fixture(scope="module")
async def app(settings: Settings) -> AsyncIterator[Quart]:
    """Return an app without limits, whose projects can be embedded. The fixture organise changes it."""
    own = create_app(settings.model_copy(update=NO_LIMITS | {"embed_ancestors": "*"}))
    async with own.test_app() as serving:
        yield serving.app
        await hang_up_all()


async def make_admin(app: Quart) -> Account:
    """Return a new admin, whom the app knows already."""
    services = app.extensions["upvote"]
    account = await Board(services.db).user()
    await services.db.execute("UPDATE users SET is_admin = true WHERE id = $1", account.id)
    app.extensions["upvote_accounts"].admin_ids |= {account.id}
    return account


async def settle(app: Quart) -> None:
    """Persist and sync all votes, as the worker does."""
    services = app.extensions["upvote"]
    await services.persist_events()
    await services.sync.run()
    await record_best_places(services.db)


@pytest.fixture
async def world(app, board, db, monkeypatch) -> World:
    """Return projects: with votes of the reader, cold, locked, and without any vote."""
    stop_the_clock(monkeypatch)
    monkeypatch.setattr(app.extensions["upvote_hub"], "tick_seconds", 0.01)
    author, reader = await board.users(2)
    projects = [await board.project(author) for _ in range(5)]
    await db.execute(
        "UPDATE projects SET url = $2, key = 'key-' || id WHERE id = ANY ($1)",
        projects,
        f"https://{projects[0]}.example/",
    )
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
    await make_searchable(db)  # the addresses, which were changed behind the app's back
    await settle(app)
    return world


async def others_vote(app: Quart, board: Board, projects: list[int]) -> None:
    """Let others vote: on cached projects and on cold ones, persisted and not."""
    cast, users = app.extensions["upvote"].batcher.cast, await board.users(7)
    for number, project_id in enumerate(projects):
        for user in users[number:]:
            await cast(Vote(project_id, user.id, 1 if number != 2 else -1))
    await settle(app)
    await cast(Vote(projects[0], users[0].id, -1))
