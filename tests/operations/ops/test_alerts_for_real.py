"""Each alert fires on a real board in real trouble, from the text of its /metrics."""

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from unittest.mock import patch

import asyncpg
import pytest
from structlog.testing import capture_logs

from app.errors import VotesUnavailable
from app.main import create_app
from app.operations.ops.heartbeat import send_heartbeats
from app.voting import keys
from app.voting.votes import Vote
from tests.operations.doctor.conftest import CheckedBoard, built_checked_board, checked_board
from tests.operations.doctor.troubles import (
    NOWHERE,
    a_waiting_event,
    late,
    no_functions,
    redis_away,
    settings,
)
from tests.operations.ops.promql import RULES, fires
from tests.support import Board
from tests.waiting import CEILING, until
from workers.reconcile import reconcile
from workers.schedule import resilient

__all__ = ["built_checked_board", "checked_board"]

pytestmark = pytest.mark.long

# Makes the trouble while it is open; yields the settings of the web process that is scraped.
Trouble = Callable[[CheckedBoard], AbstractAsyncContextManager[dict[str, object]]]


async def scrape(checked_board: CheckedBoard, changes: dict[str, object]) -> str:
    app = create_app(checked_board.services.settings.model_copy(update=changes))
    async with app.test_app() as serving:
        return await (await serving.test_client().get("/metrics")).get_data(as_text=True)


@asynccontextmanager
async def a_job_that_fails(checked_board: CheckedBoard) -> AsyncIterator[dict[str, object]]:
    async def sync_tallies(_: object) -> None:
        raise ValueError("broken")

    with capture_logs() as lines:
        await resilient(sync_tallies)({"services": checked_board.services, "busy": set()})
    assert [each["log_level"] for each in lines] == ["error"]
    yield {}


@asynccontextmanager
async def a_deleted_event(checked_board: CheckedBoard) -> AsyncIterator[dict[str, object]]:
    await a_vote(checked_board)
    await checked_board.work()
    rows = await checked_board.services.db.fetch("DELETE FROM vote_events RETURNING *")
    with patch("app.operations.verify.verify.RECHECK_WAITS", (0.0, 0.0)):  # no votes arrive meanwhile
        await resilient(reconcile)({"services": checked_board.services, "busy": set()})
    yield {}
    await checked_board.services.db.executemany(
        "INSERT INTO vote_events VALUES ($1, $2, $3, $4, $5, $6)", [tuple(row) for row in rows]
    )


@asynccontextmanager
async def votes_without_redis(checked_board: CheckedBoard) -> AsyncIterator[dict[str, object]]:
    """Cast forty votes while Redis is down."""
    vote = await a_vote(checked_board)
    checked_board.valkey.halt()
    for _ in range(40):
        with contextlib.suppress(VotesUnavailable):
            await checked_board.services.batcher.cast(vote)
    checked_board.valkey.restart()
    await until(
        lambda: not checked_board.services.functions.breaker.is_open, "for the breaker to close"
    )
    await checked_board.services.batcher.cast(vote)
    await checked_board.services.metrics.read()
    yield {}


@asynccontextmanager
async def a_redis_that_stalls(checked_board: CheckedBoard) -> AsyncIterator[dict[str, object]]:
    vote = await a_vote(checked_board)
    with patch("app.storage.redis_client.REDIS_SECONDS", CEILING):
        checked_board.valkey.pause()
        casting = [asyncio.create_task(checked_board.services.batcher.cast(vote)) for _ in range(5)]
        await asyncio.sleep(0.6)  # this is the trouble; it may last longer
        checked_board.valkey.resume()
        await asyncio.gather(*casting)
    await checked_board.services.metrics.read()
    yield {}


@asynccontextmanager
async def many_connections(checked_board: CheckedBoard) -> AsyncIterator[dict[str, object]]:
    url = checked_board.services.settings.database_url
    found = await checked_board.services.db.fetchval(
        "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'"
    )
    opened = [await asyncpg.connect(url) for _ in range(93 - found)]
    yield {}
    for connection in opened:
        await connection.close()


@asynccontextmanager
async def a_busy_pool(checked_board: CheckedBoard) -> AsyncIterator[dict[str, object]]:
    pool = checked_board.services.db
    taken = [await pool.acquire() for _ in range(pool.get_max_size())]
    waiting = [asyncio.ensure_future(pool.acquire(timeout=CEILING)) for _ in range(5)]
    await until(lambda: pool.waiting == 5)
    with patch(
        "app.operations.ops.heartbeat.os.getpid", return_value=1
    ):  # so that it is another process than the scraped one
        sending = asyncio.create_task(send_heartbeats(checked_board.services, "worker"))
        await until(lambda: worker_sent_heartbeat(checked_board), "for the heartbeat")
    yield {}
    for task in (sending, *waiting):
        task.cancel()
    await asyncio.gather(sending, *waiting, return_exceptions=True)
    for connection in taken:
        await pool.release(connection)


async def worker_sent_heartbeat(checked_board: CheckedBoard) -> bool:
    notes = await checked_board.services.redis.hvals(keys.METRICS_PROCESSES)
    return any(json.loads(note)["role"] == "worker" for note in notes)


async def a_vote(checked_board: CheckedBoard) -> Vote:
    """Cast and return a vote of a new user on a new project."""
    board = Board(checked_board.services.db)
    vote = Vote(await board.project(), (await board.user()).id, 1)
    await checked_board.services.batcher.cast(vote)
    return vote


TROUBLE: dict[str, Trouble | None] = {
    "UpvoteAbsent": None,  # there is no process to scrape
    "UpvoteTakesNoVotes": no_functions,
    "UpvoteRedisAway": redis_away,
    "UpvotePostgresqlAway": settings(database_url=NOWHERE),
    "UpvoteEventsWait": a_waiting_event,
    "UpvoteWorkerSilent": late("persist_events", 1),
    "UpvoteSyncLate": late("sync_tallies", 200),
    "UpvoteJobFails": a_job_that_fails,
    "UpvoteDrift": a_deleted_event,
    "UpvoteErrors": votes_without_redis,
    "UpvoteSlow": a_redis_that_stalls,
    "UpvoteConnectionsFull": many_connections,
    "UpvotePoolWaits": a_busy_pool,
}


@pytest.mark.parametrize("alert", RULES)
async def test_the_alert_fires_on_a_real_board(checked_board: CheckedBoard, alert: str):
    now = time.time()
    await a_vote(checked_board)
    await checked_board.work()
    before = await scrape(checked_board, {})
    assert not fires(RULES[alert], before, before, now)
    trouble = TROUBLE[alert]
    if trouble is None:
        assert fires(RULES[alert], "", before, now)
        return
    async with trouble(checked_board) as changes:
        text = await scrape(checked_board, changes)
    assert fires(RULES[alert], text, before, now)


def test_every_alert_has_a_trouble():
    assert TROUBLE.keys() == RULES.keys()
