"""Verify finds altered rows in PostgreSQL, and reports no difference for events that still wait."""

import asyncio
import random

from app.operations.verify.findings import Kind
from app.operations.verify.verify import verify
from app.voting import keys
from app.voting.persist import persist_events
from app.voting.sync import sync_tallies
from tests.operations.verify.own_board import some_value


async def test_a_board_at_rest_agrees(own_board, project):
    report = await verify(own_board.services)
    assert report.findings == []
    assert (report.events, report.votes, report.projects, report.cached) == (6, 4, 1, 1)
    assert str(report) == "verified 6 events, 4 votes, 1 projects, 1 cached: all agree"


async def test_what_is_neither_persisted_nor_synced_agrees(own_board, project):
    project_id, users = project
    await own_board.cast(project_id, users[0], -1)
    await own_board.cast(project_id, users[4], 1)
    assert await own_board.findings(project_id) == {}
    await persist_events(own_board.services.redis, own_board.services.db, 0)
    assert await own_board.findings(project_id) == {}


async def test_what_is_synced_and_not_yet_persisted_agrees(own_board, project):
    project_id, users = project
    await own_board.cast(project_id, users[0], -1)
    await sync_tallies(own_board.services.redis, own_board.services.db, own_board.services.functions, 0)
    assert (await own_board.synced(project_id))[2] == 7
    assert await own_board.findings(project_id) == {}


async def test_a_cold_project_agrees(own_board, project):
    await own_board.make_cold(project[0])
    report = await verify(own_board.services)
    assert (report.findings, report.cached) == ([], 0)


async def test_a_row_of_votes_with_another_value(own_board, project):
    project_id, users = project
    await own_board.execute(
        "UPDATE votes SET value = -1 WHERE project_id = $1 AND user_id = $2", project_id, users[0]
    )
    findings = await own_board.findings(project_id)
    assert findings.keys() == {Kind.VOTES, Kind.TALLY, Kind.REDIS_VOTES}
    line = f"project {project_id}: user {users[0]} has -1 in votes, but the events lead to 1 (at 20"
    assert findings[Kind.VOTES].startswith(line)


async def test_a_row_of_votes_that_is_gone(own_board, project):
    project_id, users = project
    await own_board.execute("DELETE FROM votes WHERE user_id = $1", users[0])
    line = f"user {users[0]} has no row in votes, but the events lead to 1"
    assert line in (await own_board.findings(project_id))[Kind.VOTES]


async def test_a_row_of_votes_too_many_is_found_in_a_cold_project_too(own_board, project):
    project_id, users = project
    await own_board.make_cold(project_id)
    await own_board.execute(
        "INSERT INTO votes SELECT project_id, $2, 1, version, voted_at FROM votes "
        "WHERE project_id = $1 LIMIT 1",
        project_id,
        users[4],
    )
    findings = await own_board.findings(project_id)
    assert findings.keys() == {Kind.VOTES, Kind.TALLY}
    assert f"user {users[4]} has 1 in votes, but the events lead to 0" in findings[Kind.VOTES]


async def test_a_tally_in_projects(own_board, project):
    project_id, _ = project
    await own_board.execute("UPDATE projects SET upvotes = 9 WHERE id = $1", project_id)
    findings = await own_board.findings(project_id)
    assert findings.keys() == {Kind.TALLY}
    line = "projects has 9 up, 1 down at version 6, but the votes are 3 up, 1 down (since 20"
    assert line in findings[Kind.TALLY]


async def test_a_tally_in_projects_that_would_stay_behind(own_board, project):
    project_id, users = project
    await own_board.cast(project_id, users[0], 0)
    await persist_events(own_board.services.redis, own_board.services.db, 0)
    await own_board.services.redis.hdel(keys.changed(0), project_id)
    assert (await own_board.findings(project_id)).keys() == {Kind.UNSYNCED}


async def test_a_large_project_is_read_piece_by_piece(own_board, project, monkeypatch):
    monkeypatch.setattr("app.operations.verify.redis_state.SMALL_HASH", 2)
    monkeypatch.setattr("app.operations.verify.snapshot.CHUNK", 2)
    assert await own_board.findings(project[0]) == {}
    await own_board.services.redis.hset(keys.votes(0, project[0]), project[1][0], -1)
    assert Kind.REDIS_VOTES in await own_board.findings(project[0])


async def test_every_project_is_looked_at_however_small_the_chunks(own_board, project, monkeypatch):
    monkeypatch.setattr("app.operations.verify.chunks.MAX_PROJECTS", 2)
    monkeypatch.setattr("app.operations.verify.chunks.MAX_EVENTS", 3)
    others = [(await own_board.voted(1, 1))[0] for _ in range(5)]
    await own_board.execute("UPDATE projects SET upvotes = 3 WHERE id = ANY ($1)", others)
    report = await verify(own_board.services)
    assert [finding.project_id for finding in report.findings] == others
    assert (report.projects, report.events) == (6, 16)
    assert str(report).endswith("6 cached: 5 differences")
    for project_id in others:
        await own_board.remove(project_id)


async def test_a_busy_board_agrees_while_votes_are_cast_persisted_and_synced(own_board, monkeypatch):
    monkeypatch.setattr(
        "app.operations.verify.verify.RECHECK_WAITS", ()
    )  # every look must be right by itself
    projects = [(await own_board.voted(1))[0] for _ in range(20)]
    users = [(await own_board.board.user()).id for _ in range(30)]
    working, votes = True, 0

    async def vote() -> None:
        nonlocal votes
        while working:
            await own_board.cast(random.choice(projects), random.choice(users), some_value())
            votes += 1

    async def work() -> None:
        while working:
            await own_board.settle()

    tasks = [asyncio.create_task(job()) for job in [vote] * 20 + [work] * 2]
    suspects, looks = [], 0
    while looks < 30 or votes < 1000:
        suspects += (await verify(own_board.services, projects)).findings
        looks += 1
    working = False
    await asyncio.gather(*tasks)
    assert suspects == []
    for project_id in projects:
        await own_board.remove(project_id)
