"""Reconcile repairs PostgreSQL from the event log, and leaves a board that agrees alone."""

import asyncio
import random

import pytest

from app.operations.repair.queries import update_tally_from_votes
from app.operations.repair.reconcile import reconcile
from app.operations.verify.findings import Kind
from app.operations.verify.verify import verify
from app.voting import keys
from app.voting.persist import persist_events
from app.voting.sync import sync_tallies
from tests.operations.repair.outcome import assert_repaired, remains
from tests.operations.verify.own_board import some_value


async def test_a_board_that_agrees_is_left_alone(own_board, project):
    before = await own_board.everything()
    outcome = await reconcile(own_board.services)
    assert (outcome.report.findings, outcome.repaired, outcome.unrepaired) == ([], [], [])
    assert await own_board.everything() == before


async def momentum(own_board, project_id: int) -> float:
    query = "SELECT momentum FROM projects WHERE id = $1"
    return await own_board.services.db.fetchval(query, project_id)


async def test_votes_that_no_sync_has_seen_add_to_the_momentum_and_a_wrong_count_does_not(
    own_board, project
):
    project_id, _ = project
    before = await momentum(own_board, project_id)
    await own_board.execute("UPDATE projects SET upvotes = 90 WHERE id = $1", project_id)
    await reconcile(own_board.services, [project_id])
    assert await momentum(own_board, project_id) == before
    await own_board.cast(project_id, (await own_board.board.user()).id, 1)
    await persist_events(own_board.services.redis, own_board.services.db, 0)
    await own_board.services.redis.delete(keys.changed(0))
    outcome = await reconcile(own_board.services, [project_id])
    assert [finding.kind for finding in outcome.repaired] == [Kind.UNSYNCED]
    assert await momentum(own_board, project_id) == pytest.approx(before + 1, abs=0.01)


@pytest.mark.parametrize("cached", [True, False])
async def test_rows_of_votes_are_repaired_from_the_events(own_board, project, cached):
    project_id, users = project
    if not cached:
        await own_board.make_cold(project_id)
    await own_board.execute("UPDATE votes SET value = -1 WHERE user_id = $1", users[0])
    await own_board.execute("DELETE FROM votes WHERE user_id = $1", users[1])
    await own_board.execute(
        "INSERT INTO votes SELECT project_id, $2, 1, version, voted_at FROM votes "
        "WHERE project_id = $1 LIMIT 1",
        project_id,
        users[4],
    )
    kinds = {Kind.VOTES, Kind.TALLY} | ({Kind.REDIS_VOTES} if cached else set())
    await assert_repaired(own_board, project_id, *kinds)


async def test_votes_are_repaired_while_newer_events_wait(own_board, project):
    project_id, users = project
    await own_board.cast(project_id, users[0], -1)
    await own_board.execute("DELETE FROM votes WHERE user_id = $1", users[1])
    await reconcile(own_board.services, [project_id])
    await own_board.settle()
    assert (await verify(own_board.services)).findings == []
    assert await own_board.synced(project_id) == (2, 2, 7)


async def test_a_tally_in_projects_is_repaired_from_the_votes(own_board, project):
    await own_board.execute("UPDATE projects SET upvotes = 9, downvotes = 0 WHERE id = $1", project[0])
    await assert_repaired(own_board, project[0], Kind.TALLY)


async def test_a_tally_that_no_sync_would_update_is_updated(own_board, project):
    project_id, users = project
    await own_board.cast(project_id, users[0], 0)
    await persist_events(own_board.services.redis, own_board.services.db, 0)
    await own_board.services.redis.hdel(keys.changed(0), project_id)
    assert await remains(own_board, project_id) == {}
    assert await own_board.synced(project_id) == (2, 1, 7)


async def test_a_tally_that_a_sync_has_just_written_is_not_overwritten(own_board, project):
    project_id, users = project
    await own_board.cast(project_id, users[0], -1)
    services = own_board.services
    await sync_tallies(services.redis, services.db, services.functions, 0)  # synced, not persisted
    assert await update_tally_from_votes(services.db, project_id, seen=6) is None
    assert await own_board.synced(project_id) == (2, 2, 7)


async def test_verify_changes_nothing(own_board, project):
    project_id, users = project
    await own_board.execute("UPDATE votes SET value = -1 WHERE user_id = $1", users[0])
    await own_board.execute("UPDATE projects SET upvotes = 7 WHERE id = $1", project_id)
    await own_board.services.redis.hset(keys.votes(0, project_id), users[1], -1)
    before = await own_board.everything()
    assert len((await verify(own_board.services)).findings) == 4
    assert await own_board.everything() == before


async def test_a_busy_board_is_repaired_while_votes_go_on(own_board):
    projects = [(await own_board.voted(1))[0] for _ in range(5)]
    users = [(await own_board.board.user()).id for _ in range(20)]
    bystander = (await own_board.board.user()).id
    for project_id in projects:
        await own_board.cast(project_id, bystander, 1)
    await own_board.settle()
    working = True

    async def vote() -> None:
        await own_board.cast(random.choice(projects), random.choice(users), some_value())

    async def go_on() -> None:
        while working:  # on a slow machine the votes are as slow as the repair
            await asyncio.gather(*[vote() for _ in range(4)], own_board.settle())

    going_on = asyncio.create_task(go_on())
    await own_board.services.redis.hset(keys.votes(0, projects[0]), bystander, -1)
    await own_board.services.redis.hincrby(keys.tally(0, projects[1]), "down", 3)
    await own_board.execute(
        "DELETE FROM votes WHERE project_id = $1 AND user_id = $2", projects[2], bystander
    )
    await own_board.execute("UPDATE projects SET downvotes = downvotes + 3 WHERE id = $1", projects[3])
    outcome = await reconcile(own_board.services)
    working = False
    await going_on
    assert {finding.project_id for finding in outcome.repaired} >= set(projects[:3])
    await own_board.settle()
    assert (await verify(own_board.services)).findings == []
    for project_id in projects:
        assert (await own_board.board.votes(project_id))[bystander] == 1
        await own_board.remove(project_id)


@pytest.mark.parametrize("cached", [True, False])
async def test_a_late_vote_of_a_deleted_account_is_found_and_withdrawn(own_board, project, cached):
    project_id, _ = project
    user = await own_board.board.user()
    await own_board.execute("UPDATE users SET deleted_at = now() WHERE id = $1", user.id)
    await own_board.execute(
        "INSERT INTO withdrawals VALUES ($1, now() - interval '1 year', 0, now() - interval '1 year')",
        user.id,
    )
    await own_board.cast(project_id, user.id, 1)
    await own_board.settle()
    if not cached:
        await own_board.make_cold(project_id)
    report = await verify(own_board.services)
    assert [(finding.project_id, finding.kind) for finding in report.findings] == [
        (project_id, Kind.WITHDRAWN)
    ]
    outcome = await reconcile(own_board.services, [project_id])
    assert [finding.kind for finding in outcome.repaired] == [Kind.WITHDRAWN]
    assert user.id not in await own_board.board.votes(project_id)
    await own_board.settle()
    assert await own_board.synced(project_id) == (3, 1, 8)
    assert (await verify(own_board.services)).findings == []
    await own_board.execute("DELETE FROM withdrawals WHERE user_id = $1", user.id)
