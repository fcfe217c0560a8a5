"""Verify finds an altered event log, and notes gaps that have an explanation."""

import re

from app.operations.verify.findings import Kind
from app.operations.verify.verify import verify
from app.voting.persist import persist_events


async def test_an_event_that_was_altered(own_board, project):
    project_id, users = project
    await own_board.alter_event(project_id, 1, "new_value = -1")
    findings = await own_board.findings(project_id)
    assert findings.keys() == {Kind.VOTES}
    assert f"user {users[0]} has 1 in votes, but the events lead to -1" in findings[Kind.VOTES]


async def test_an_event_that_was_altered_with_another_of_the_same_user_behind_it(own_board, project):
    project_id, users = project
    await own_board.alter_event(project_id, 5, "new_value = -1")
    findings = await own_board.findings(project_id)
    assert findings.keys() == {Kind.MISMATCH}
    line = f"version 6 has 1 as the old vote of user {users[4]}, but the events before it lead to -1"
    assert line in findings[Kind.MISMATCH]


async def test_an_event_that_was_deleted(own_board, project):
    project_id, _ = project
    await own_board.execute("DELETE FROM vote_events WHERE project_id = $1 AND version = 2", project_id)
    findings = await own_board.findings(project_id)
    assert findings.keys() == {Kind.GAP, Kind.VOTES}
    # The events around it may be of the same millisecond.
    assert re.search(r"version 2 is missing from the event log \((between|at) 20", findings[Kind.GAP])


async def test_the_first_and_the_last_event_that_were_deleted(own_board, project):
    project_id, _ = project
    await own_board.execute(
        "DELETE FROM vote_events WHERE project_id = $1 AND version IN (1, 6)", project_id
    )
    findings = await own_board.findings(project_id)
    assert findings.keys() == {Kind.GAP, Kind.TRUNCATED, Kind.VOTES}
    assert "version 1 is missing from the event log (before 20" in findings[Kind.GAP]
    assert "the event log ends at version 5, but version 6 was persisted" in findings[Kind.TRUNCATED]


async def test_an_event_that_is_there_twice_at_different_times(own_board, project):
    project_id, _ = project
    await own_board.execute(
        "INSERT INTO vote_events SELECT project_id, user_id, old_value, new_value, version, "
        "created_at + interval '1 ms' FROM vote_events WHERE project_id = $1 AND version = 3",
        project_id,
    )
    findings = await own_board.findings(project_id)
    assert findings.keys() == {Kind.DUPLICATE, Kind.MISMATCH}
    assert "version 3 appears twice in the event log" in findings[Kind.DUPLICATE]


async def test_a_head(own_board, project):
    project_id, _ = project
    await own_board.execute("UPDATE vote_heads SET version = 4 WHERE project_id = $1", project_id)
    line = "vote_heads has version 4, but the last event has 6"
    assert line in (await own_board.findings(project_id))[Kind.HEAD]


async def test_a_gap_that_an_emptied_redis_left_is_a_note(own_board, project):
    project_id, users = project
    await own_board.cast(project_id, users[0], -1)  # version 7, told to somebody and lost
    await own_board.services.redis.flushall()
    await own_board.cast(project_id, users[1], -1)
    await own_board.settle()
    report = await verify(own_board.services, [project_id])
    assert report.findings == []
    [note] = report.notes
    assert "events after version 6 may have been lost with Redis" in str(note)
    assert "Redis was found emptied; acknowledged votes may be missing" in str(report.windows[-1])


async def test_an_emptied_redis_is_no_drift_before_anybody_came(own_board, project):
    project_id, users = project
    await own_board.cast(project_id, users[0], -1)
    await persist_events(own_board.services.redis, own_board.services.db, 0)
    await own_board.services.redis.flushall()  # the change that waited for a sync is forgotten
    assert await own_board.findings(project_id) == {}


async def test_a_version_that_was_rejected_is_a_note(own_board, project):
    project_id, users = project
    await own_board.execute("DELETE FROM vote_events WHERE project_id = $1 AND version = 6", project_id)
    await own_board.execute("UPDATE vote_heads SET version = 5 WHERE project_id = $1", project_id)
    await own_board.execute(
        "INSERT INTO vote_events_rejected VALUES (0, '1-1', $1)", f"{project_id} 999999999 0 1 6"
    )
    await own_board.make_cold(project_id)
    await own_board.execute(
        "INSERT INTO votes SELECT project_id, $2, 1, 5, voted_at FROM votes "
        "WHERE project_id = $1 LIMIT 1",
        project_id,
        users[4],
    )
    await own_board.cast(project_id, users[4], 0)
    await own_board.settle()
    report = await verify(own_board.services, [project_id])
    assert report.findings == []
    assert "version 6 is in vote_events_rejected" in str(report.notes[0])
