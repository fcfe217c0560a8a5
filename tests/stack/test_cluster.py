"""The same code on a Cluster: votes on every primary, and one of them lost."""

import asyncio
import random
import time

import asyncpg
import pytest

from app.migrate import migrate
from app.services import open_services
from app.voting.votes import Tally, Vote, VotesUnavailable
from tests.cluster import running_cluster
from tests.conftest import NO_LIMITS
from tests.support import Board
from workers.persist_events import persist_events
from workers.sync_tallies import sync_tallies

pytestmark = pytest.mark.long

SHARDS = 16


@pytest.fixture
async def clustered(settings, postgres, tmp_path):
    """Services on a Cluster and a database of their own."""
    own = {"database_url": postgres.url.replace("/upvote?", "/clustered?"), "vote_shards": SHARDS}
    with running_cluster(tmp_path) as cluster:
        settings = settings.model_copy(update={**NO_LIMITS, **own, "redis_url": cluster.url})
        await asyncio.to_thread(migrate, settings)
        async with open_services(settings) as services:
            yield cluster, services, Board(services.db)
    connection = await asyncpg.connect(postgres.url)
    await connection.execute('DROP DATABASE "clustered" WITH (FORCE)')
    await connection.close()


async def test_votes_on_a_cluster_agree_everywhere_even_when_a_primary_is_lost(clustered):
    cluster, services, board = clustered
    users, projects = await board.users(20), [await board.project() for _ in range(40)]
    acknowledged: dict[tuple[int, int], int] = {}
    answers: list[float] = []

    async def vote() -> None:
        project_id, user = random.choice(projects), random.choice(users)
        value, start = random.choice((1, 0, -1)), time.monotonic()
        acknowledged.pop((project_id, user.id), None)  # unknown, until it is answered
        try:
            await services.desk.cast(Vote(project_id, user.id, value))
            acknowledged[project_id, user.id] = value
        except VotesUnavailable:
            pass
        answers.append(time.monotonic() - start)

    for _ in range(500):
        await vote()
    assert len(acknowledged) > 200
    await persist_events(services)
    cluster.primaries[1].client.wait(1, 2000)  # what was told so far is on the replica
    cluster.primaries[1].process.kill()
    async with asyncio.timeout(60):
        while not await takes_votes(services, projects, users[0].id):
            await asyncio.gather(*[vote() for _ in range(10)])
            await asyncio.sleep(0.1)
    assert max(answers) < 3
    for _ in range(200):
        await vote()
    await persist_events(services)
    await sync_tallies(services)
    await assert_agreement(services, board, projects)


async def takes_votes(services, projects, user_id) -> bool:
    try:
        for project_id in projects:
            await services.desk.cast(Vote(project_id, user_id, 1))
    except VotesUnavailable:
        return False
    return True


async def assert_agreement(services, board, projects) -> None:
    standings = await services.functions.read(projects)
    for project_id in projects:
        votes = await board.votes(project_id)
        counts = [list(votes.values()).count(value) for value in (1, -1)]
        replayed = {event["user_id"]: event["new_value"] for event in await board.events(project_id)}
        assert votes == {user: value for user, value in replayed.items() if value}
        assert standings[project_id].tally == Tally(*counts, standings[project_id].tally.version)
        synced = await services.db.fetchrow(
            "SELECT upvotes, downvotes FROM projects WHERE id = $1", project_id
        )
        assert list(synced) == counts
