"""Verify finds a Redis that differs from PostgreSQL and the stream."""

from app.operations.verify.findings import Kind
from app.voting import keys


async def test_a_tally_in_redis(own_board, project):
    project_id, _ = project
    await own_board.services.redis.hset(keys.tally(0, project_id), "up", 9)
    findings = await own_board.findings(project_id)
    assert findings.keys() == {Kind.REDIS_TALLY}
    assert (
        "the tally in Redis is 9 up, 1 down, but its votes are 3 up, 1 down"
        in findings[Kind.REDIS_TALLY]
    )


async def test_a_vote_in_redis(own_board, project):
    project_id, users = project
    await own_board.services.redis.hset(keys.votes(0, project_id), users[0], -1)
    await own_board.services.redis.hset(keys.votes(0, project_id), users[4], 1)
    await own_board.services.redis.hdel(keys.votes(0, project_id), users[1])
    findings = await own_board.findings(project_id)
    assert findings.keys() == {Kind.REDIS_TALLY, Kind.REDIS_VOTES}
    line = f"user {users[0]} has -1 in Redis, but 1 in PostgreSQL and the stream, and 2 more like it"
    assert line in findings[Kind.REDIS_VOTES]


async def test_a_vote_in_redis_while_events_wait(own_board, project):
    project_id, users = project
    await own_board.cast(project_id, users[0], -1)
    await own_board.services.redis.hset(keys.votes(0, project_id), users[0], 1)
    assert Kind.REDIS_VOTES in await own_board.findings(project_id)


async def test_a_redis_that_is_older_than_postgresql(own_board, project):
    project_id, _ = project
    await own_board.services.redis.hset(keys.tally(0, project_id), "version", 4)
    findings = await own_board.findings(project_id)
    assert "Redis is at version 4, but PostgreSQL is at 6" in findings[Kind.REDIS_VERSION]


async def test_a_locked_project_that_redis_takes_for_open(own_board, project):
    project_id, _ = project
    await own_board.lock(project_id)
    assert await own_board.findings(project_id) == {}
    await own_board.services.redis.hset(keys.tally(0, project_id), "closed", 0)
    line = f"project {project_id}: it is open in Redis, but locked in PostgreSQL (at an unknown time)"
    assert await own_board.findings(project_id) == {Kind.REDIS_CLOSED: line}


async def test_a_lock_of_which_redis_is_still_to_be_told_is_no_difference(own_board, project):
    project_id, _ = project
    await own_board.execute("UPDATE projects SET locked_at = now() WHERE id = $1", project_id)
    assert await own_board.findings(project_id) == {}
