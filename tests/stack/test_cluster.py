"""Votes on a Cluster, on every primary, also after one primary is lost."""

import asyncio
import random

import asyncpg
import pytest

from app.board.change import BadBoard, change_board
from app.board.start import check_start
from app.errors import OperatorError, VotesUnavailable
from app.services import open_services
from app.storage.migrate import migrate
from app.voting.votes import Status, Tally, Vote
from tests.cluster import running_cluster
from tests.conftest import NO_LIMITS
from tests.support import Board
from tests.waiting import CEILING, until
from workers.sync_tallies import sync_tallies

pytestmark = pytest.mark.long

SHARDS = 16


@pytest.fixture
async def clustered(settings, postgres, tmp_path):
    """Yield services on a Cluster with their own database."""
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

    async def vote() -> bool:
        """Cast a vote and return whether it was accepted."""
        project_id, user = random.choice(projects), random.choice(users)
        value = random.choice((1, 0, -1))
        acknowledged.pop((project_id, user.id), None)  # unknown until the answer comes
        try:
            await services.batcher.cast(Vote(project_id, user.id, value))
        except VotesUnavailable:
            return False
        acknowledged[project_id, user.id] = value
        return True

    for _ in range(500):
        await vote()
    assert len(acknowledged) > 200
    await services.persist_events()
    lost, heir = cluster.primaries[1], cluster.replicas[1]
    await until(lambda: is_replicated(lost))
    lost.process.kill()
    # No replica replaces it: each vote gets an answer, and votes on the other primaries are accepted.
    answers = [await asyncio.wait_for(vote(), CEILING) for _ in range(50)]
    assert set(answers) == {True, False}
    heir.take_over()
    await until(lambda: accepts_votes(services, projects, users[0].id), "for the replica")
    for _ in range(200):
        await vote()
    await services.persist_events()
    await sync_tallies(services)
    await assert_agreement(services, board, projects)


def is_replicated(primary) -> bool:
    """Return whether its replica has all writes so far."""
    return primary.client.wait(1, 1000) == 1


async def accepts_votes(services, projects, user_id) -> bool:
    try:
        for project_id in projects:
            await services.batcher.cast(Vote(project_id, user_id, 1))
    except VotesUnavailable:
        return False
    return True


async def assert_agreement(services, board, projects) -> None:
    states = await services.functions.read(projects)
    for project_id in projects:
        votes = await board.votes(project_id)
        counts = [list(votes.values()).count(value) for value in (1, -1)]
        replayed = {event["user_id"]: event["new_value"] for event in await board.events(project_id)}
        assert votes == {user: value for user, value in replayed.items() if value}
        assert states[project_id].tally == Tally(*counts, states[project_id].tally.version)
        synced = await services.db.fetchrow(
            "SELECT upvotes, downvotes FROM projects WHERE id = $1", project_id
        )
        assert list(synced) == counts


async def test_a_cluster_of_several_shards_has_times_but_no_budget(clustered):
    _, services, board = clustered
    user, projects = await board.user(), [await board.project() for _ in range(SHARDS)]
    with pytest.raises(BadBoard) as raised:
        await change_board(services.board, None, {"budget": "3", "name": "Autumn"})
    assert "VOTE_SHARDS=1" in raised.value.errors["budget"]
    await change_board(services.board, None, {"vote_until": "now"})
    votes = [services.batcher.cast(Vote(project_id, user.id, 1)) for project_id in projects]
    assert {result.status for result in await asyncio.gather(*votes)} == {Status.ENDED}
    await services.db.execute("UPDATE board_settings SET budget = 3")
    with pytest.raises(OperatorError, match="budget"):
        await asyncio.to_thread(check_start, services.settings)
