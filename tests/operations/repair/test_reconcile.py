"""Reconcile mends from the truth outwards, and says what it cannot mend."""

import asyncio
import random

import pytest

from app.operations.repair.queries import update_tally_from_votes
from app.operations.repair.reconcile import reconcile
from app.operations.verify.findings import Kind
from app.operations.verify.verify import verify
from app.voting import keys
from app.voting.functions import VoteFunctions
from app.voting.persist import persist_events
from app.voting.sync import sync_tallies
from tests.operations.verify.house import some_value


@pytest.fixture
async def project(house):
    """Three users up, one down, one who took it back: (project, users); gone afterwards."""
    project_id, users = await house.voted(1, 1, 1, -1, 1)
    await house.cast(project_id, users[4], 0)
    await house.settle()
    yield project_id, users
    await house.remove(project_id)


async def assert_mended(house, project_id: int, *kinds: Kind) -> None:
    """The kinds were found and repaired, and everything is as it was before."""
    outcome = await reconcile(house.services, [project_id])
    assert {finding.kind for finding in outcome.repaired} == set(kinds)
    assert outcome.unrepaired == []
    await assert_as_before(house, project_id)


async def assert_as_before(house, project_id: int) -> None:
    assert (await verify(house.services)).findings == []
    assert await house.synced(project_id) == (3, 1, 6)
    assert sorted((await house.board.votes(project_id)).values()) == [-1, 1, 1, 1]
    await house.cast(project_id, (await house.board.user()).id, 1)  # hydrates where it was made cold
    await house.settle()
    assert await house.synced(project_id) == (4, 1, 7)
    assert (await verify(house.services)).findings == []


async def remains(house, project_id: int) -> dict[Kind, str]:
    """What a reconcile leaves, as lines."""
    outcome = await reconcile(house.services, [project_id])
    return {unrepaired.finding.kind: str(unrepaired) for unrepaired in outcome.unrepaired}


async def test_a_board_that_agrees_is_left_alone(house, project):
    before = await house.everything()
    outcome = await reconcile(house.services)
    assert (outcome.report.findings, outcome.repaired, outcome.unrepaired) == ([], [], [])
    assert await house.everything() == before


async def test_a_lock_that_redis_has_lost_holds_again(house, project):
    project_id, _ = project
    await house.lock(project_id)
    await house.services.redis.hset(keys.tally(0, project_id), "closed", 0)
    outcome = await reconcile(house.services, [project_id])
    assert [finding.kind for finding in outcome.repaired] == [Kind.REDIS_CLOSED]
    assert await house.services.redis.hget(keys.tally(0, project_id), "closed") == b"1"


async def momentum(house, project_id: int) -> float:
    query = "SELECT momentum FROM projects WHERE id = $1"
    return await house.services.db.fetchval(query, project_id)


async def test_votes_that_no_sync_has_seen_add_to_the_momentum_and_a_wrong_count_does_not(
    house, project
):
    project_id, _ = project
    before = await momentum(house, project_id)
    await house.execute("UPDATE projects SET upvotes = 90 WHERE id = $1", project_id)
    await reconcile(house.services, [project_id])
    assert await momentum(house, project_id) == before
    await house.cast(project_id, (await house.board.user()).id, 1)
    await persist_events(house.services.redis, house.services.db, 0)
    await house.services.redis.delete(keys.changed(0))
    outcome = await reconcile(house.services, [project_id])
    assert [finding.kind for finding in outcome.repaired] == [Kind.UNSYNCED]
    assert await momentum(house, project_id) == pytest.approx(before + 1, abs=0.01)


@pytest.mark.parametrize("hot", [True, False])
async def test_rows_of_votes_are_mended_from_the_events(house, project, cached):
    project_id, users = project
    if not cached:
        await house.forget(project_id)
    await house.execute("UPDATE votes SET value = -1 WHERE user_id = $1", users[0])
    await house.execute("DELETE FROM votes WHERE user_id = $1", users[1])
    await house.execute(
        "INSERT INTO votes SELECT project_id, $2, 1, version, voted_at FROM votes "
        "WHERE project_id = $1 LIMIT 1",
        project_id,
        users[4],
    )
    kinds = {Kind.VOTES, Kind.TALLY} | ({Kind.REDIS_VOTES} if cached else set())
    await assert_mended(house, project_id, *kinds)


async def test_votes_are_mended_while_newer_events_wait(house, project):
    project_id, users = project
    await house.cast(project_id, users[0], -1)
    await house.execute("DELETE FROM votes WHERE user_id = $1", users[1])
    await reconcile(house.services, [project_id])
    await house.settle()
    assert (await verify(house.services)).findings == []
    assert await house.synced(project_id) == (2, 2, 7)


async def test_a_tally_in_projects_is_mended_from_the_votes(house, project):
    await house.execute("UPDATE projects SET upvotes = 9, downvotes = 0 WHERE id = $1", project[0])
    await assert_mended(house, project[0], Kind.TALLY)


async def test_a_tally_that_would_stay_behind_is_brought_up(house, project):
    project_id, users = project
    await house.cast(project_id, users[0], 0)
    await persist_events(house.services.redis, house.services.db, 0)
    await house.services.redis.hdel(keys.changed(0), project_id)
    assert await remains(house, project_id) == {}
    assert await house.synced(project_id) == (2, 1, 7)


async def test_a_tally_in_redis_is_mended(house, project):
    await house.services.redis.hset(keys.tally(0, project[0]), "up", 9)
    await assert_mended(house, project[0], Kind.REDIS_TALLY)


async def test_a_wrong_tally_in_redis_that_was_synced_is_mended_in_both(house, project):
    project_id, users = project
    await house.services.redis.hset(keys.tally(0, project_id), "up", 9)
    await house.cast(project_id, users[0], 0)
    await house.settle()
    assert await house.synced(project_id) == (8, 1, 7)
    assert await remains(house, project_id) == {}
    assert await house.synced(project_id) == (2, 1, 7)


async def test_votes_in_redis_are_mended(house, project):
    project_id, users = project
    await house.services.redis.hset(keys.votes(0, project_id), users[0], -1)
    await house.services.redis.hdel(keys.votes(0, project_id), users[1])
    await assert_mended(house, project_id, Kind.REDIS_TALLY, Kind.REDIS_VOTES)


async def test_redis_is_mended_without_losing_what_was_not_persisted(house, project):
    project_id, users = project
    await house.cast(project_id, users[0], -1)
    await house.services.redis.hset(keys.votes(0, project_id), users[1], -1)
    assert await remains(house, project_id) == {}
    assert await house.synced(project_id) == (2, 2, 7)
    assert await house.board.votes(project_id) == {
        users[0]: -1, users[1]: 1, users[2]: 1, users[3]: -1
    }  # fmt: skip


async def test_a_project_is_forgotten_only_when_all_its_events_are_persisted(
    house, project, monkeypatch
):
    project_id, users = project
    forget, waiting = VoteFunctions.forget, []

    async def watched(functions, *arguments):
        waiting.append(await house.services.redis.xlen(keys.events(0)))
        return await forget(functions, *arguments)

    monkeypatch.setattr(VoteFunctions, "forget", watched)
    await house.cast(project_id, users[0], -1)
    await house.services.redis.hset(keys.votes(0, project_id), users[1], -1)
    await reconcile(house.services, [project_id])
    assert waiting == [0]
    assert await house.services.functions.read([project_id]) == {}


async def test_a_project_that_was_voted_on_meanwhile_is_not_forgotten(house, project):
    project_id, users = project
    await house.cast(project_id, users[0], -1)
    assert not await house.services.functions.discard(project_id, 6)
    assert (await house.services.functions.read([project_id])).keys() == {project_id}
    assert await house.services.functions.discard(project_id, 7)
    assert await house.services.functions.read([project_id]) == {}
    await house.settle()


async def test_a_tally_that_a_sync_has_just_written_is_not_overwritten(house, project):
    project_id, users = project
    await house.cast(project_id, users[0], -1)
    services = house.services
    await sync_tallies(services.redis, services.db, services.functions, 0)  # synced, not persisted
    assert await update_tally_from_votes(services.db, project_id, seen=6) is None
    assert await house.synced(project_id) == (2, 2, 7)


async def test_an_older_redis_is_mended(house, project):
    await house.services.redis.hset(keys.tally(0, project[0]), "version", 4)
    await assert_mended(house, project[0], Kind.REDIS_VERSION)


@pytest.mark.parametrize("change", ["SET version = 4", "SET version = 9"])
async def test_a_head_is_mended_from_the_events(house, project, change):
    await house.execute(f"UPDATE vote_heads {change} WHERE project_id = $1", project[0])
    assert await remains(house, project[0]) == {}
    await house.execute("DELETE FROM vote_heads WHERE project_id = $1", project[0])
    await assert_mended(house, project[0], Kind.HEAD)


@pytest.mark.parametrize("hot", [True, False])
async def test_an_altered_event_is_told_and_votes_stay_as_they_are(house, project, cached):
    project_id, _ = project
    if not cached:
        await house.forget(project_id)
    before = await house.board.votes(project_id)
    await alter(house, project_id, 1, "new_value = -1")
    lines = await remains(house, project_id)
    assert lines.keys() == {Kind.VOTES}
    witness = "Redis" if cached else "the tally"
    reason = (
        f"cannot be repaired: {witness} agrees with votes, so an event was altered, added or removed"
    )
    assert lines[Kind.VOTES].endswith(reason)
    assert await house.board.votes(project_id) == before
    await alter(house, project_id, 1, "new_value = 1")
    await assert_as_before(house, project_id)


async def test_a_deleted_event_is_told(house, project):
    project_id, _ = project
    await house.execute("DELETE FROM vote_events WHERE project_id = $1 AND version = 2", project_id)
    lines = await remains(house, project_id)
    assert lines.keys() == {Kind.GAP, Kind.VOTES}
    assert lines[Kind.GAP].endswith("cannot be repaired: the event log is never rewritten")
    assert len(await house.board.votes(project_id)) == 4


async def test_a_deleted_last_event_is_told(house, project):
    project_id, _ = project
    await house.execute("DELETE FROM vote_events WHERE project_id = $1 AND version = 6", project_id)
    lines = await remains(house, project_id)
    assert lines.keys() == {Kind.END, Kind.VOTES}
    assert lines[Kind.END].endswith("cannot be repaired: the event log has lost its end")
    assert len(await house.board.votes(project_id)) == 4


async def test_an_event_that_is_there_twice_is_told_and_the_rest_is_mended(house, project):
    project_id, _ = project
    await house.execute(
        "INSERT INTO vote_events SELECT project_id, user_id, old_value, new_value, version, "
        "created_at + interval '1 ms' FROM vote_events WHERE project_id = $1 AND version = 3",
        project_id,
    )
    await house.services.redis.hset(keys.tally(0, project_id), "up", 9)
    await house.execute("UPDATE projects SET upvotes = 7 WHERE id = $1", project_id)
    outcome = await reconcile(house.services, [project_id])
    assert {u.finding.kind for u in outcome.unrepaired} == {Kind.DUPLICATE, Kind.MISFIT}
    assert {finding.kind for finding in outcome.repaired} == {Kind.REDIS_TALLY, Kind.TALLY}


async def test_verify_changes_nothing(house, project):
    project_id, users = project
    await house.execute("UPDATE votes SET value = -1 WHERE user_id = $1", users[0])
    await house.execute("UPDATE projects SET upvotes = 7 WHERE id = $1", project_id)
    await house.services.redis.hset(keys.votes(0, project_id), users[1], -1)
    before = await house.everything()
    assert len((await verify(house.services)).findings) == 4
    assert await house.everything() == before


async def test_a_busy_board_is_mended_while_votes_go_on(house):
    projects = [(await house.voted(1))[0] for _ in range(5)]
    users = [(await house.board.user()).id for _ in range(20)]
    bystander = (await house.board.user()).id
    for project_id in projects:
        await house.cast(project_id, bystander, 1)
    await house.settle()
    working = True

    async def vote() -> None:
        await house.cast(random.choice(projects), random.choice(users), some_value())

    async def go_on() -> None:
        while working:  # on a slow machine the votes are as slow as the mending
            await asyncio.gather(*[vote() for _ in range(4)], house.settle())

    going_on = asyncio.create_task(go_on())
    await house.services.redis.hset(keys.votes(0, projects[0]), bystander, -1)
    await house.services.redis.hincrby(keys.tally(0, projects[1]), "down", 3)
    await house.execute(
        "DELETE FROM votes WHERE project_id = $1 AND user_id = $2", projects[2], bystander
    )
    await house.execute("UPDATE projects SET downvotes = downvotes + 3 WHERE id = $1", projects[3])
    outcome = await reconcile(house.services)
    working = False
    await going_on
    assert {finding.project_id for finding in outcome.repaired} >= set(projects[:3])
    await house.settle()
    assert (await verify(house.services)).findings == []
    for project_id in projects:
        assert (await house.board.votes(project_id))[bystander] == 1
        await house.remove(project_id)


async def alter(house, project_id: int, version: int, change: str) -> None:
    await house.execute(
        f"UPDATE vote_events SET {change} WHERE project_id = $1 AND version = $2",  # noqa: S608
        project_id,
        version,
    )
