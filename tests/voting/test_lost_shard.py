"""While one primary of a Cluster is lost, the worker's jobs go on with the shards of the others."""

import pytest
from redis.exceptions import ConnectionError

from app.errors import VotesUnavailable
from app.services import Services, open_services
from app.settings import Settings
from app.storage.migrate import migrate
from app.voting import keys
from app.voting.rules.publish import publish_rules
from app.voting.votes import Vote
from tests.support import Board
from workers.cool_projects import cool_projects
from workers.persist_events import persist_events
from workers.sync_tallies import sync_tallies

SHARDS = 3
LOST = 0
AWAY = (ConnectionError, VotesUnavailable)


@pytest.fixture
async def services(second_board: Settings):
    """Return the services of a board with three shards, from whose Redis everything cools at once."""
    migrate(second_board)
    own = second_board.model_copy(update={"vote_shards": SHARDS, "cool_after": 0})
    async with open_services(own) as services:
        yield services


@pytest.fixture
def lose(services: Services, monkeypatch: pytest.MonkeyPatch):
    """Return a function after whose call the keys of the shard LOST cannot be reached."""
    ask, tag = services.redis.execute_command, keys.epoch(LOST).split(":epoch")[0]

    async def ask_others(*arguments, **options):
        if any(tag in str(argument) for argument in arguments):
            raise ConnectionError("the primary is lost")
        return await ask(*arguments, **options)

    return lambda: monkeypatch.setattr(services.redis, "execute_command", ask_others)


async def vote_in_each_shard(services: Services) -> dict[int, int]:
    """Return a project with a vote for each shard."""
    board = Board(services.db)
    user, projects = await board.user(), {}
    while len(projects) < SHARDS:
        project_id = await board.project()
        projects[keys.shard_of(project_id, SHARDS)] = project_id
    for project_id in projects.values():
        await services.batcher.cast(Vote(project_id, user.id, 1))
    return projects


def others(projects: dict[int, int]) -> set[int]:
    return {project_id for shard, project_id in projects.items() if shard != LOST}


async def test_events_of_the_other_shards_are_persisted(services, lose):
    projects = await vote_in_each_shard(services)
    lose()
    with pytest.raises(AWAY):
        await persist_events(services)
    persisted = await services.db.fetch("SELECT project_id FROM votes")
    assert {row["project_id"] for row in persisted} == others(projects)


async def test_tallies_of_the_other_shards_are_synced_and_closed_states_published(services, lose):
    await services.functions.ping()
    await services.sync.run()  # which counts all projects in PostgreSQL, once after a new epoch
    projects = await vote_in_each_shard(services)
    await services.persist_events()
    await services.db.execute("UPDATE projects SET locked_at = now()")
    lose()
    with pytest.raises(AWAY):
        await sync_tallies(services)
    synced = await services.db.fetch("SELECT id FROM projects WHERE upvotes = 1")
    assert {row["id"] for row in synced} == others(projects)
    published = await services.db.fetch("SELECT id FROM projects WHERE closed_told = closed")
    assert others(projects) <= {row["id"] for row in published}


async def test_projects_of_the_other_shards_cool(services, lose):
    projects = await vote_in_each_shard(services)
    await services.persist_events()
    await services.sync.run()
    lose()
    with pytest.raises(AWAY):
        await cool_projects(services)
    cached = await services.functions.read(others(projects))
    assert cached == {}


async def test_rules_that_a_shard_alone_has_are_taken_back(services):
    """It was frozen while they were changed, and got to them after the change had been taken back."""
    rules = await publish_rules(services.db, services.functions.rules)
    late = rules._replace(revision=rules.revision + 1, until_ms=1)
    await services.functions.rules.set(LOST + 1, late)
    await services.board.refresh()
    states = [await services.functions.rules.state(shard) for shard in range(SHARDS)]
    assert {state.revision for state in states} == {rules.revision}


async def test_rules_reach_the_other_shards(services, monkeypatch):
    functions = services.functions.rules
    rules = await publish_rules(services.db, functions)
    for shard in range(SHARDS):
        await functions.set(shard, rules._replace(revision=rules.revision + 1))
    read_state = functions.state

    async def state(shard: int):
        if shard == LOST:
            raise VotesUnavailable("the primary is lost")
        return await read_state(shard)

    monkeypatch.setattr(functions, "state", state)
    with pytest.raises(VotesUnavailable):
        await publish_rules(services.db, functions)
    states = [await read_state(shard) for shard in range(SHARDS) if shard != LOST]
    assert {state.revision for state in states} == {rules.revision}
