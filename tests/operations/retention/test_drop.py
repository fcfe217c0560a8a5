"""Old months of the event log are dropped whole, and only when that is safe."""

import asyncio

import pytest

from app.operations.verify.verify import verify
from app.voting import keys
from tests.operations.retention.old_events import (
    OLD,
    drop_old_months,
    january_exists,
    kept_reason,
    record_verify,
)
from tests.operations.verify.own_board import OwnBoard, some_value
from tests.waiting import CEILING


async def test_without_the_setting_nothing_is_dropped(own_board, project):
    assert await drop_old_months(own_board, 0) == []
    assert await january_exists(own_board)


async def test_a_month_is_dropped_and_the_beginning_of_the_event_log_is_recorded(own_board, project):
    assert await drop_old_months(own_board) == [OLD]
    base = await own_board.services.db.fetchrow(
        "SELECT version, upvotes, downvotes FROM vote_bases WHERE project_id = $1", project[0]
    )
    assert tuple(base) == (5, 4, 1)
    assert await drop_old_months(own_board) == []


async def test_a_month_with_events_that_are_too_new_stays(own_board, project):
    days = await own_board.services.db.fetchval("SELECT (now()::date - '2020-01-20'::date)")
    assert await drop_old_months(own_board, days) == []


@pytest.mark.parametrize("verify_run", [{"seconds_ago": 3 * 3600}, {"remaining": 1}])
async def test_nothing_is_dropped_without_a_recent_clean_verify(own_board, project, verify_run):
    await record_verify(own_board, **verify_run)
    assert await drop_old_months(own_board) == []
    assert await kept_reason(own_board)
    await record_verify(own_board)
    assert await drop_old_months(own_board) == [OLD]
    assert await kept_reason(own_board) == ""


async def test_nothing_is_dropped_while_events_of_that_time_wait(own_board, project):
    redis = own_board.services.redis
    await redis.rename(keys.events(0), "aside")
    await redis.xadd(keys.events(0), {"vote": "1 1 0 1 1"}, id="1579000000000-0")
    assert await drop_old_months(own_board) == []
    assert "wait to be persisted" in await kept_reason(own_board)
    await redis.rename("aside", keys.events(0))


@pytest.mark.parametrize(
    "unsafe",
    [
        "UPDATE projects SET vote_version = 4 WHERE id = $1",
        "UPDATE vote_heads SET version = 4 WHERE project_id = $1",
        "UPDATE vote_events SET created_at = now() WHERE project_id = $1 AND version = 3",
        "INSERT INTO vote_bases VALUES ($1, 3, 1, 1, '2019-01-01')",
    ],
)
async def test_only_the_complete_oldest_events_are_dropped(own_board, project, unsafe):
    await own_board.execute(unsafe, project[0])
    assert await drop_old_months(own_board) == []
    assert "not the oldest" in await kept_reason(own_board)
    assert await january_exists(own_board)


async def test_the_job_does_not_wait_for_a_long_read(own_board, project):
    async with own_board.services.db.acquire() as db, db.transaction():
        await db.fetch("SELECT FROM vote_events LIMIT 1")
        assert await drop_old_months(own_board) == []
    assert "another session is reading" in await kept_reason(own_board)
    assert await drop_old_months(own_board) == [OLD]


@pytest.mark.long
async def test_votes_persists_and_a_verify_go_on_while_months_are_dropped(own_board, project):
    users = [(await own_board.board.user()).id for _ in range(30)]
    await vote_at_random(own_board, project[0], users, 40)
    await own_board.settle()
    for month in range(2, 6):
        await own_board.execute("SELECT make_vote_events_partition(make_date(2020, $1, 1))", month)
    await own_board.execute(
        "UPDATE vote_events SET created_at = timestamptz '2020-02-01' + version * interval '120 days' "
        "/ (SELECT max(version) + 1 FROM vote_events WHERE project_id = $1) "
        "WHERE project_id = $1 AND version > 5",
        project[0],
    )
    done = asyncio.Event()

    async def busy() -> None:
        while not done.is_set():
            await vote_at_random(own_board, project[0], users, 2)
            await own_board.settle()

    voting = asyncio.create_task(busy())
    auditing = asyncio.create_task(verify(own_board.services))
    dropped: list[str] = []
    try:
        async with asyncio.timeout(CEILING):
            while len(dropped) < 5:
                dropped += await drop_old_months(own_board)
    finally:
        done.set()
        await voting
    assert (await auditing).findings == []
    assert dropped == [f"vote_events_2020_0{month}" for month in (1, 2, 3, 4, 5)]
    assert (await verify(own_board.services)).findings == []


async def vote_at_random(own_board: OwnBoard, project_id: int, users: list[int], rounds: int) -> None:
    for _ in range(rounds):
        await asyncio.gather(*[own_board.cast(project_id, user, some_value()) for user in users])
