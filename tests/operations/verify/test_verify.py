"""Verify finds every kind of tampering, and calls nothing drift that is merely on its way."""

import asyncio
import random
import re

import pytest

from app.operations.verify.findings import Kind
from app.operations.verify.verify import verify
from app.voting import keys
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


async def found(house, project_id: int) -> dict[Kind, str]:
    """The findings about a project, as lines."""
    report = await verify(house.services, [project_id])
    return {finding.kind: str(finding) for finding in report.findings}


async def test_a_board_at_rest_agrees(house, project):
    report = await verify(house.services)
    assert report.findings == []
    assert (report.events, report.votes, report.projects, report.cached) == (6, 4, 1, 1)
    assert str(report) == "verified 6 events, 4 votes, 1 projects, 1 cached: all agree"


async def test_what_is_neither_persisted_nor_synced_agrees(house, project):
    project_id, users = project
    await house.cast(project_id, users[0], -1)
    await house.cast(project_id, users[4], 1)
    assert await found(house, project_id) == {}
    await persist_events(house.services.redis, house.services.db, 0)
    assert await found(house, project_id) == {}


async def test_what_is_synced_and_not_yet_persisted_agrees(house, project):
    project_id, users = project
    await house.cast(project_id, users[0], -1)
    await sync_tallies(house.services.redis, house.services.db, house.services.functions, 0)
    assert (await house.synced(project_id))[2] == 7
    assert await found(house, project_id) == {}


async def test_a_cold_project_agrees(house, project):
    await house.forget(project[0])
    report = await verify(house.services)
    assert (report.findings, report.cached) == ([], 0)


async def test_a_row_of_votes_with_another_value(house, project):
    project_id, users = project
    await house.execute(
        "UPDATE votes SET value = -1 WHERE project_id = $1 AND user_id = $2", project_id, users[0]
    )
    findings = await found(house, project_id)
    assert findings.keys() == {Kind.VOTES, Kind.TALLY, Kind.REDIS_VOTES}
    line = f"project {project_id}: user {users[0]} has -1 in votes, but the events lead to 1 (at 20"
    assert findings[Kind.VOTES].startswith(line)


async def test_a_row_of_votes_that_is_gone(house, project):
    project_id, users = project
    await house.execute("DELETE FROM votes WHERE user_id = $1", users[0])
    line = f"user {users[0]} has no row in votes, but the events lead to 1"
    assert line in (await found(house, project_id))[Kind.VOTES]


async def test_a_row_of_votes_too_many_is_found_in_a_cold_project_too(house, project):
    project_id, users = project
    await house.forget(project_id)
    await house.execute(
        "INSERT INTO votes SELECT project_id, $2, 1, version, voted_at FROM votes "
        "WHERE project_id = $1 LIMIT 1",
        project_id,
        users[4],
    )
    findings = await found(house, project_id)
    assert findings.keys() == {Kind.VOTES, Kind.TALLY}
    assert f"user {users[4]} has 1 in votes, but the events lead to 0" in findings[Kind.VOTES]


async def test_a_tally_in_projects(house, project):
    project_id, _ = project
    await house.execute("UPDATE projects SET upvotes = 9 WHERE id = $1", project_id)
    findings = await found(house, project_id)
    assert findings.keys() == {Kind.TALLY}
    line = "projects has 9 up, 1 down at version 6, but the votes are 3 up, 1 down (since 20"
    assert line in findings[Kind.TALLY]


async def test_a_tally_in_projects_that_would_stay_behind(house, project):
    project_id, users = project
    await house.cast(project_id, users[0], 0)
    await persist_events(house.services.redis, house.services.db, 0)
    await house.services.redis.hdel(keys.changed(0), project_id)
    assert (await found(house, project_id)).keys() == {Kind.UNSYNCED}


async def test_a_tally_in_redis(house, project):
    project_id, _ = project
    await house.services.redis.hset(keys.tally(0, project_id), "up", 9)
    findings = await found(house, project_id)
    assert findings.keys() == {Kind.REDIS_TALLY}
    assert (
        "the tally in Redis is 9 up, 1 down, but its votes are 3 up, 1 down"
        in findings[Kind.REDIS_TALLY]
    )


async def test_a_vote_in_redis(house, project):
    project_id, users = project
    await house.services.redis.hset(keys.votes(0, project_id), users[0], -1)
    await house.services.redis.hset(keys.votes(0, project_id), users[4], 1)
    await house.services.redis.hdel(keys.votes(0, project_id), users[1])
    findings = await found(house, project_id)
    assert findings.keys() == {Kind.REDIS_TALLY, Kind.REDIS_VOTES}
    line = f"user {users[0]} has -1 in Redis, but 1 in PostgreSQL and the stream and 2 more like it"
    assert line in findings[Kind.REDIS_VOTES]


async def test_a_vote_in_redis_while_events_wait(house, project):
    project_id, users = project
    await house.cast(project_id, users[0], -1)
    await house.services.redis.hset(keys.votes(0, project_id), users[0], 1)
    assert Kind.REDIS_VOTES in await found(house, project_id)


async def test_a_redis_that_is_older_than_postgresql(house, project):
    project_id, _ = project
    await house.services.redis.hset(keys.tally(0, project_id), "version", 4)
    findings = await found(house, project_id)
    assert "Redis is at version 4, but 6 is in PostgreSQL" in findings[Kind.REDIS_VERSION]


async def test_an_event_that_was_altered(house, project):
    project_id, users = project
    await alter(house, project_id, 1, "new_value = -1")
    findings = await found(house, project_id)
    assert findings.keys() == {Kind.VOTES}
    assert f"user {users[0]} has 1 in votes, but the events lead to -1" in findings[Kind.VOTES]


async def test_an_event_that_was_altered_with_another_of_the_same_user_behind_it(house, project):
    project_id, users = project
    await alter(house, project_id, 5, "new_value = -1")
    findings = await found(house, project_id)
    assert findings.keys() == {Kind.MISFIT}
    line = (
        f"the event of version 6 says that user {users[4]} held 1, but the events before it lead to -1"
    )
    assert line in findings[Kind.MISFIT]


async def test_an_event_that_was_deleted(house, project):
    project_id, _ = project
    await house.execute("DELETE FROM vote_events WHERE project_id = $1 AND version = 2", project_id)
    findings = await found(house, project_id)
    assert findings.keys() == {Kind.GAP, Kind.VOTES}
    # The events around it may be of the same millisecond.
    assert re.search(r"version 2 is missing from the event log \((between|at) 20", findings[Kind.GAP])


async def test_the_first_and_the_last_event_that_were_deleted(house, project):
    project_id, _ = project
    await house.execute(
        "DELETE FROM vote_events WHERE project_id = $1 AND version IN (1, 6)", project_id
    )
    findings = await found(house, project_id)
    assert findings.keys() == {Kind.GAP, Kind.END, Kind.VOTES}
    assert "version 1 is missing from the event log (before 20" in findings[Kind.GAP]
    assert "the event log ends at version 5, but 6 was persisted" in findings[Kind.END]


async def test_an_event_that_is_there_twice_at_different_times(house, project):
    project_id, _ = project
    await house.execute(
        "INSERT INTO vote_events SELECT project_id, user_id, old_value, new_value, version, "
        "created_at + interval '1 ms' FROM vote_events WHERE project_id = $1 AND version = 3",
        project_id,
    )
    findings = await found(house, project_id)
    assert findings.keys() == {Kind.DUPLICATE, Kind.MISFIT}
    assert "version 3 is twice in the event log" in findings[Kind.DUPLICATE]


async def test_a_head(house, project):
    project_id, _ = project
    await house.execute("UPDATE vote_heads SET version = 4 WHERE project_id = $1", project_id)
    line = "vote_heads has version 4, but the last event has 6"
    assert line in (await found(house, project_id))[Kind.HEAD]


async def test_a_gap_that_an_emptied_redis_left_is_a_note(house, project):
    project_id, users = project
    await house.cast(project_id, users[0], -1)  # version 7, told to somebody and lost
    await house.services.redis.flushall()
    await house.cast(project_id, users[1], -1)
    await house.settle()
    report = await verify(house.services, [project_id])
    assert report.findings == []
    [note] = report.notes
    assert "events after version 6 may have been lost with Redis" in str(note)
    assert "Redis was found emptied; acknowledged votes may be missing" in str(report.windows[-1])


async def test_an_emptied_redis_is_no_drift_before_anybody_came(house, project):
    project_id, users = project
    await house.cast(project_id, users[0], -1)
    await persist_events(house.services.redis, house.services.db, 0)
    await house.services.redis.flushall()  # the change that waited for a sync is forgotten
    assert await found(house, project_id) == {}


async def test_a_version_that_was_rejected_is_a_note(house, project):
    project_id, users = project
    await house.execute("DELETE FROM vote_events WHERE project_id = $1 AND version = 6", project_id)
    await house.execute("UPDATE vote_heads SET version = 5 WHERE project_id = $1", project_id)
    await house.execute(
        "INSERT INTO vote_events_rejected VALUES (0, '1-1', $1)", f"{project_id} 999999999 0 1 6"
    )
    await house.forget(project_id)
    await house.execute(
        "INSERT INTO votes SELECT project_id, $2, 1, 5, voted_at FROM votes "
        "WHERE project_id = $1 LIMIT 1",
        project_id,
        users[4],
    )
    await house.cast(project_id, users[4], 0)
    await house.settle()
    report = await verify(house.services, [project_id])
    assert report.findings == []
    assert "version 6 is in vote_events_rejected" in str(report.notes[0])


async def test_a_large_project_is_read_piece_by_piece(house, project, monkeypatch):
    monkeypatch.setattr("app.operations.verify.redis_state.SMALL", 2)
    monkeypatch.setattr("app.operations.verify.snapshot.CHUNK", 2)
    assert await found(house, project[0]) == {}
    await house.services.redis.hset(keys.votes(0, project[0]), project[1][0], -1)
    assert Kind.REDIS_VOTES in await found(house, project[0])


async def test_every_project_is_looked_at_however_small_the_chunks(house, project, monkeypatch):
    monkeypatch.setattr("app.operations.verify.chunks.MOST_PROJECTS", 2)
    monkeypatch.setattr("app.operations.verify.chunks.MOST_EVENTS", 3)
    others = [(await house.voted(1, 1))[0] for _ in range(5)]
    await house.execute("UPDATE projects SET upvotes = 3 WHERE id = ANY ($1)", others)
    report = await verify(house.services)
    assert [finding.project_id for finding in report.findings] == others
    assert (report.projects, report.events) == (6, 16)
    assert str(report).endswith("6 cached: 5 differences")
    for project_id in others:
        await house.remove(project_id)


async def test_a_busy_board_agrees_while_votes_are_cast_persisted_and_synced(house, monkeypatch):
    monkeypatch.setattr("app.operations.verify.verify.WAITS", ())  # every look must be right by itself
    projects = [(await house.voted(1))[0] for _ in range(20)]
    users = [(await house.board.user()).id for _ in range(30)]
    working, votes = True, 0

    async def vote() -> None:
        nonlocal votes
        while working:
            await house.cast(random.choice(projects), random.choice(users), some_value())
            votes += 1

    async def work() -> None:
        while working:
            await house.settle()

    tasks = [asyncio.create_task(job()) for job in [vote] * 20 + [work] * 2]
    suspects, looks = [], 0
    while looks < 30 or votes < 1000:
        suspects += (await verify(house.services, projects)).findings
        looks += 1
    working = False
    await asyncio.gather(*tasks)
    assert suspects == []
    for project_id in projects:
        await house.remove(project_id)


async def test_a_locked_project_that_redis_takes_for_open(house, project):
    project_id, _ = project
    await house.lock(project_id)
    assert await found(house, project_id) == {}
    await house.services.redis.hset(keys.tally(0, project_id), "closed", 0)
    line = f"project {project_id}: it is open in Redis, but locked in PostgreSQL (at any time)"
    assert await found(house, project_id) == {Kind.REDIS_CLOSED: line}


async def test_a_lock_of_which_redis_is_still_to_be_told_is_no_difference(house, project):
    project_id, _ = project
    await house.execute("UPDATE projects SET locked_at = now() WHERE id = $1", project_id)
    assert await found(house, project_id) == {}


async def alter(house, project_id: int, version: int, change: str) -> None:
    await house.execute(
        f"UPDATE vote_events SET {change} WHERE project_id = $1 AND version = $2",  # noqa: S608
        project_id,
        version,
    )
