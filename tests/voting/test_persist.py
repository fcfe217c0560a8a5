"""Each event reaches PostgreSQL exactly once, with killed workers and with many at a time."""

import asyncio
import random
import signal
import sys

import pytest

from app.voting import keys
from app.voting.persist import lock_checkpoint, persist_batch, persist_events, persist_waiting
from app.voting.votes import Vote
from tests.processes import environment
from tests.voting.killed_persist import STEPS
from tests.waiting import CEILING


@pytest.fixture
async def cast_votes(batcher, board, redis, db):
    """Return a function that casts random votes of ten users on two projects; no other event waits."""
    await persist_events(redis, db, 0)
    users = await board.users(10)
    projects = [await board.project() for _ in range(2)]

    async def cast(count: int) -> dict[int, int]:
        """Cast the votes and return the version of each project."""
        votes = [
            Vote(random.choice(projects), random.choice(users).id, random.choice((1, 0, -1)))
            for _ in range(count)
        ]
        answers = await asyncio.gather(*[batcher.cast(vote) for vote in votes])
        return {
            project: max(
                a.tally.version for v, a in zip(votes, answers, strict=True) if v.project_id == project
            )
            for project in projects
        }

    return cast


async def assert_persisted_once(board, redis, versions: dict[int, int]) -> None:
    for project_id, version in versions.items():
        events = await board.events(project_id)
        assert [event["version"] for event in events] == list(range(1, version + 1))
        replayed = {event["user_id"]: event["new_value"] for event in events}
        live = await redis.hgetall(keys.votes(0, project_id))
        standing = {user: value for user, value in replayed.items() if value}
        assert await board.votes(project_id) == standing
        assert {int(user): int(value) for user, value in live.items()} == standing
    assert await redis.xlen(keys.events(0)) == 0


async def test_events_become_rows_and_leave_the_stream(cast_votes, board, redis, db):
    versions = await cast_votes(100)
    assert await persist_events(redis, db, 0) == sum(versions.values())
    await assert_persisted_once(board, redis, versions)


async def test_the_time_of_an_event_is_redis_time_to_the_millisecond(cast_votes, board, redis, db):
    versions = await cast_votes(20)
    [(entry_id, _)] = await redis.xrange(keys.events(0), count=1)
    [(_, fields)] = await redis.xrange(keys.events(0), count=1)
    project_id = int(fields[b"vote"].split()[0])
    await persist_events(redis, db, 0)
    first = (await board.events(project_id))[0]["created_at"]
    assert round(first.timestamp() * 1000) == int(entry_id.split(b"-")[0])
    assert versions[project_id]


@pytest.fixture(scope="module")
async def killed_before(settings):
    """Return a function that runs a persist, kills it before a step, and returns the exit code."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.voting.killed_persist"),
        env=environment(settings),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )

    async def run(step: str) -> int:
        process.stdin.write(f"{step}\n".encode())
        return int(await asyncio.wait_for(process.stdout.readline(), CEILING))

    yield run
    process.stdin.close()
    await asyncio.wait_for(process.wait(), CEILING)


@pytest.mark.parametrize("step", STEPS)
async def test_a_worker_killed_before_any_step_loses_and_repeats_nothing(
    step, cast_votes, board, redis, db, killed_before
):
    versions = await cast_votes(100)
    assert await killed_before(step) == -signal.SIGKILL
    for project_id, version in (await cast_votes(100)).items():
        versions[project_id] = version
    await persist_events(redis, db, 0)
    await assert_persisted_once(board, redis, versions)


async def test_the_last_vote_of_a_batch_is_stored(batcher, board, redis, db):
    project_id, users = await board.project(), await board.users(4)

    async def cast(*values: int) -> None:
        for user, value in zip(users, values, strict=True):
            await batcher.cast(Vote(project_id, user.id, value))

    await cast(1, 1, 0, 0)
    await persist_events(redis, db, 0)
    await cast(0, -1, 1, 1)
    await cast(-1, 0, 0, -1)
    await persist_events(redis, db, 0)
    assert await board.votes(project_id) == {users[0].id: -1, users[3].id: -1}


async def test_batches_of_one_transaction_are_persisted_once(cast_votes, board, redis, db, monkeypatch):
    monkeypatch.setattr("app.voting.persist.MAX_BATCH", 30)
    versions = await cast_votes(100)
    async with db.acquire() as connection, connection.transaction():
        await persist_waiting(redis, connection, 0, await lock_checkpoint(connection, 0))
    assert await persist_events(redis, db, 0) == 0  # the stream was trimmed
    await assert_persisted_once(board, redis, versions)


async def test_many_workers_at_once_persist_each_event_once(cast_votes, board, redis, db):
    versions = await cast_votes(300)
    counts = await asyncio.gather(*[persist_batch(redis, db, 0, 40) for _ in range(20)])
    assert sum(counts) == sum(versions.values())
    await assert_persisted_once(board, redis, versions)


async def test_entries_of_a_trim_that_never_happened_are_not_read_again(
    cast_votes, board, redis, db, monkeypatch
):
    async def crash(*_):
        raise ConnectionError("killed before the trim")

    versions = await cast_votes(50)
    with monkeypatch.context() as patch:
        patch.setattr("app.voting.persist.trim_events", crash)
        with pytest.raises(ConnectionError):
            await persist_batch(redis, db, 0)
    assert await redis.xlen(keys.events(0)) > 0
    assert await persist_events(redis, db, 0) == 0
    await assert_persisted_once(board, redis, versions)


async def test_the_database_itself_refuses_an_event_twice(cast_votes, board, redis, db):
    versions = await cast_votes(20)
    await persist_events(redis, db, 0)
    project_id = max(versions, key=versions.__getitem__)
    with pytest.raises(Exception, match="duplicate key"):
        await db.execute(
            "INSERT INTO vote_events SELECT * FROM vote_events WHERE project_id = $1", project_id
        )
