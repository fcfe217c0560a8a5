"""Which projects a stream watches: those that exist and are visible, and a bounded number of them."""

import pytest

from app.live import hub as hub_module
from app.live.hub import Hub
from app.live.visible import VisibleProjects
from app.live.watched import Watched
from app.main import create_app
from app.moderation.actions import moderate_project
from app.voting.votes import Vote

NOWHERE = "postgresql://127.0.0.1:1/nowhere"
UNKNOWN = range(2**62, 2**62 + 50)


@pytest.fixture
def visible(db, functions) -> VisibleProjects:
    return VisibleProjects(db, functions)


@pytest.fixture
def hub(functions) -> Hub:
    hub = Hub(functions, 0)
    hub.tick_seconds = 3600  # only the test ticks
    return hub


@pytest.fixture
def reads(functions, monkeypatch) -> list[int]:
    """Return a list that gets the number of projects of each read."""
    found, read = [], functions.read

    async def count(project_ids, *args, **options):
        found.append(len(project_ids))
        return await read(project_ids, *args, **options)

    monkeypatch.setattr(functions, "read", count)
    return found


async def test_numbers_of_no_project_are_not_watched(visible, board, db):
    projects = [await board.project() for _ in range(4)]
    await db.execute("UPDATE projects SET hidden_at = now() WHERE id = $1", projects[0])
    await db.execute("UPDATE projects SET deleted_at = now() WHERE id = $1", projects[1])
    assert await visible.among([*projects, *UNKNOWN]) == set(projects[2:])


async def test_idle_streams_with_unknown_numbers_cost_redis_nothing(visible, hub, reads, board):
    streams = []
    for client in range(50):
        streams.append(hub.stream(f"{client}", await visible.among(UNKNOWN), None))
        streams[-1].__enter__()
    await hub.tick()
    assert (hub.open_streams, set(reads)) == (50, {0})
    for stream in streams:
        stream.__exit__(None, None, None)


async def test_popular_projects_need_no_query(visible, board, monkeypatch):
    projects = {await board.project() for _ in range(3)}
    assert await visible.among(projects) == projects
    monkeypatch.setattr(visible, "_ask", None)
    assert await visible.among(projects) == projects


async def test_without_postgresql_the_projects_in_redis_are_watched(settings, board, batcher):
    cached, cold = await board.project(), await board.project()
    await batcher.cast(Vote(cached, (await board.user()).id, 1))
    app = create_app(settings.model_copy(update={"database_url": NOWHERE}))
    async with app.test_app():
        found = await app.extensions["upvote_visible"].among([cached, cold, *UNKNOWN])
    assert found == {cached}


async def test_a_hidden_project_sends_no_changes_until_it_is_restored(free_app, hub, board, batcher):
    services, admin = free_app.extensions["upvote"], await board.user()
    project_id, voters = await board.project(), await board.users(2)
    await batcher.cast(Vote(project_id, voters[0].id, 1))
    with hub.stream("me", [project_id], None):
        assert await hub.tick() == 1
        await moderate_project(services, admin.id, "hide", project_id, "spam")
        await services.functions.withdraw(0, [Vote(project_id, voters[0].id, 0)])  # a change
        assert await hub.tick() == 0
        with hub.stream("you", [project_id], None):
            assert await hub.tick() == 0
        await moderate_project(services, admin.id, "restore", project_id, "no spam")
        assert await hub.tick() == 1


async def test_a_process_reads_a_bounded_number_of_projects(hub, reads, monkeypatch):
    monkeypatch.setattr(hub, "_watched", Watched(most=100))
    monkeypatch.setattr(hub_module, "MAX_WATCHED_PER_CLIENT", 60)
    with (
        hub.stream("one", range(1, 51), None) as first,
        hub.stream("one", range(41, 91), None) as second,
        hub.stream("two", range(201, 251), None) as third,
        hub.stream("two", range(11), None) as fourth,
    ):
        assert [len(s.project_ids) for s in (first, second, third, fourth)] == [50, 20, 40, 10]
        await hub.tick()
    assert set(reads) == {100}
    assert not hub._watched
    assert not hub._watched_by
