"""Reconcile repairs heads, never rewrites the event log, and reports what it cannot repair."""

import pytest

from app.operations.repair.reconcile import reconcile
from app.operations.verify.findings import Kind
from app.voting import keys
from tests.operations.repair.outcome import assert_as_before, assert_repaired, remains


@pytest.mark.parametrize("change", ["SET version = 4", "SET version = 9"])
async def test_a_head_is_repaired_from_the_events(own_board, project, change):
    await own_board.execute(f"UPDATE vote_heads {change} WHERE project_id = $1", project[0])
    assert await remains(own_board, project[0]) == {}
    await own_board.execute("DELETE FROM vote_heads WHERE project_id = $1", project[0])
    await assert_repaired(own_board, project[0], Kind.HEAD)


@pytest.mark.parametrize("cached", [True, False])
async def test_an_altered_event_is_reported_and_votes_stay_as_they_are(own_board, project, cached):
    project_id, _ = project
    if not cached:
        await own_board.make_cold(project_id)
    before = await own_board.board.votes(project_id)
    await own_board.alter_event(project_id, 1, "new_value = -1")
    lines = await remains(own_board, project_id)
    assert lines.keys() == {Kind.VOTES}
    confirmed_by = "Redis" if cached else "the tally"
    reason = f"{confirmed_by} agrees with votes, so an event was altered, added or removed"
    assert lines[Kind.VOTES].endswith(f"cannot be repaired: {reason}")
    assert await own_board.board.votes(project_id) == before
    await own_board.alter_event(project_id, 1, "new_value = 1")
    await assert_as_before(own_board, project_id)


async def test_a_deleted_event_is_reported(own_board, project):
    project_id, _ = project
    await own_board.execute("DELETE FROM vote_events WHERE project_id = $1 AND version = 2", project_id)
    lines = await remains(own_board, project_id)
    assert lines.keys() == {Kind.GAP, Kind.VOTES}
    assert lines[Kind.GAP].endswith("cannot be repaired: the event log is never rewritten")
    assert len(await own_board.board.votes(project_id)) == 4


async def test_a_deleted_last_event_is_reported(own_board, project):
    project_id, _ = project
    await own_board.execute("DELETE FROM vote_events WHERE project_id = $1 AND version = 6", project_id)
    lines = await remains(own_board, project_id)
    assert lines.keys() == {Kind.TRUNCATED, Kind.VOTES}
    assert lines[Kind.TRUNCATED].endswith("cannot be repaired: the end of the event log is missing")
    assert len(await own_board.board.votes(project_id)) == 4


async def test_an_event_that_is_there_twice_is_reported_and_the_rest_is_repaired(own_board, project):
    project_id, _ = project
    await own_board.execute(
        "INSERT INTO vote_events SELECT project_id, user_id, old_value, new_value, version, "
        "created_at + interval '1 ms' FROM vote_events WHERE project_id = $1 AND version = 3",
        project_id,
    )
    await own_board.services.redis.hset(keys.tally(0, project_id), "up", 9)
    await own_board.execute("UPDATE projects SET upvotes = 7 WHERE id = $1", project_id)
    outcome = await reconcile(own_board.services, [project_id])
    assert {u.finding.kind for u in outcome.unrepaired} == {Kind.DUPLICATE, Kind.MISMATCH}
    assert {finding.kind for finding in outcome.repaired} == {Kind.REDIS_TALLY, Kind.TALLY}
