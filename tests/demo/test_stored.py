"""Stored votes look as if they had been cast, persisted and synced."""

import asyncio
import secrets
from collections.abc import AsyncIterator

import asyncpg
import pytest

from app.demo import load
from app.demo.stored import plan_stored, stride
from app.operations.verify.verify import verify
from app.services import Services, open_services
from app.storage.migrate import migrate
from app.voting.votes import Tally, Vote
from tests.servers import start_valkey

PROJECTS, USERS, VOTES = 40, 300, 4_000


@pytest.fixture(scope="module")
async def loaded(settings, postgres, tmp_path_factory) -> AsyncIterator[Services]:
    """Yield a separate board: stored votes on top of one vote that was cast."""
    name = f"stored_{secrets.token_hex(4)}"
    url = postgres.url.replace("/upvote?", f"/{name}?")
    with (
        start_valkey(tmp_path_factory.mktemp("stored")) as valkey,
        pytest.MonkeyPatch.context() as patch,
    ):
        own = settings.model_copy(update={"database_url": url, "redis_url": valkey.url})
        await asyncio.to_thread(migrate, own)
        await load(own, projects=1, users=2, votes=1)
        patch.setattr("app.demo.MAX_CAST_VOTES", 0)
        patch.setattr("app.demo.stored.CHUNK_VOTES", 900)
        await load(own, projects=PROJECTS, users=USERS, votes=VOTES)
        async with open_services(own, query_seconds=30) as services:
            yield services
    connection = await asyncpg.connect(postgres.url)
    await connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
    await connection.close()


async def test_stored_votes_pass_verify(loaded):
    report = await verify(loaded)
    assert (report.findings, report.notes) == ([], [])
    assert (report.events, report.votes) == (VOTES + 1, VOTES + 1)
    assert (report.projects, report.cached) == (PROJECTS + 1, 1)


async def test_nobody_voted_on_their_own_project_or_before_it_existed(loaded):
    query = """
        SELECT count(*) FROM votes JOIN projects ON projects.id = project_id
        WHERE votes.user_id = author_id OR voted_at < created_at OR voted_at > now()
    """
    assert await loaded.db.fetchval(query) == 0


async def test_events_are_in_the_partitions_of_their_months(loaded):
    query = "SELECT count(DISTINCT tableoid), min(tableoid::regclass::text) FROM vote_events"
    partitions, first = await loaded.db.fetchrow(query)
    assert partitions > 3
    assert first != "vote_events_default"


async def test_a_stored_project_accepts_votes(loaded):
    row = await loaded.db.fetchrow(
        "SELECT id, author_id, upvotes, downvotes, vote_version FROM projects"
        " ORDER BY score DESC LIMIT 1"
    )
    project_id, author_id, *tally = row
    answer = await loaded.batcher.cast(Vote(project_id, author_id, 1))
    assert answer.tally == Tally(tally[0] + 1, tally[1], tally[2] + 1)


@pytest.mark.parametrize("sizes", [(1, 2, 9), (3, 50, 20), (100, 20, 10_000), (2_000, 500, 50_000)])
def test_a_plan_has_the_requested_or_the_possible_number_of_votes(sizes):
    projects, users, votes = sizes
    plan = plan_stored(projects, users, votes)
    assert len(plan) == projects
    assert sum(stored.voters for stored in plan) == min(votes, projects * (users - 1))
    assert max(stored.voters for stored in plan) < users


@pytest.mark.parametrize("count", [1, 2, 3, 6, 299, 1_000, 99_999])
def test_a_stride_visits_every_place_once(count):
    step = stride(count)
    assert len({n * step % count for n in range(count)}) == count
