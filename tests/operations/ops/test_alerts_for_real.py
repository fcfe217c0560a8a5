"""Each alert on a real board in real trouble, as /metrics tells it to Prometheus."""

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
from tests.operations.doctor.conftest import Clinic, built_clinic, clinic
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
from workers.schedule import steady

__all__ = ["built_clinic", "clinic"]

pytestmark = pytest.mark.long

# Makes the trouble for as long as it is open; gives the settings of the web that is asked.
Trouble = Callable[[Clinic], AbstractAsyncContextManager[dict[str, object]]]


async def scrape(clinic: Clinic, changes: dict[str, object]) -> str:
    app = create_app(clinic.services.settings.model_copy(update=changes))
    async with app.test_app() as serving:
        return await (await serving.test_client().get("/metrics")).get_data(as_text=True)


@asynccontextmanager
async def a_job_that_fails(clinic: Clinic) -> AsyncIterator[dict[str, object]]:
    async def sync_tallies(_: object) -> None:
        raise ValueError("broken")

    with capture_logs() as told:
        await steady(sync_tallies)({"services": clinic.services, "busy": set()})
    assert [each["log_level"] for each in told] == ["error"]
    yield {}


@asynccontextmanager
async def a_deleted_event(clinic: Clinic) -> AsyncIterator[dict[str, object]]:
    await a_vote(clinic)
    await clinic.work()
    rows = await clinic.services.db.fetch("DELETE FROM vote_events RETURNING *")
    with patch("app.operations.verify.verify.WAITS", (0.0, 0.0)):  # the board is at rest
        await steady(reconcile)({"services": clinic.services, "busy": set()})
    yield {}
    await clinic.services.db.executemany(
        "INSERT INTO vote_events VALUES ($1, $2, $3, $4, $5, $6)", [tuple(row) for row in rows]
    )


@asynccontextmanager
async def votes_without_redis(clinic: Clinic) -> AsyncIterator[dict[str, object]]:
    """Some forty within five minutes."""
    vote = await a_vote(clinic)
    clinic.valkey.halt()
    for _ in range(40):
        with contextlib.suppress(VotesUnavailable):
            await clinic.services.batcher.cast(vote)
    clinic.valkey.restart()
    await until(lambda: not clinic.services.functions.breaker.is_open, "for the breaker to close")
    await clinic.services.batcher.cast(vote)
    await clinic.services.metrics.read()
    yield {}


@asynccontextmanager
async def a_redis_that_stalls(clinic: Clinic) -> AsyncIterator[dict[str, object]]:
    vote = await a_vote(clinic)
    with patch("app.storage.redis_client.REDIS_SECONDS", CEILING):
        clinic.valkey.pause()
        casting = [asyncio.create_task(clinic.services.batcher.cast(vote)) for _ in range(5)]
        await asyncio.sleep(0.6)  # the trouble itself, which may last longer
        clinic.valkey.resume()
        await asyncio.gather(*casting)
    await clinic.services.metrics.read()
    yield {}


@asynccontextmanager
async def many_connections(clinic: Clinic) -> AsyncIterator[dict[str, object]]:
    url = clinic.services.settings.database_url
    found = await clinic.services.db.fetchval(
        "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'"
    )
    opened = [await asyncpg.connect(url) for _ in range(93 - found)]
    yield {}
    for connection in opened:
        await connection.close()


@asynccontextmanager
async def a_busy_pool(clinic: Clinic) -> AsyncIterator[dict[str, object]]:
    pool = clinic.services.db
    taken = [await pool.acquire() for _ in range(pool.get_max_size())]
    waiting = [asyncio.ensure_future(pool.acquire(timeout=CEILING)) for _ in range(5)]
    await until(lambda: pool.waiting == 5)
    with patch(
        "app.operations.ops.heartbeat.os.getpid", return_value=1
    ):  # the web that is asked is another
        announcing = asyncio.create_task(send_heartbeats(clinic.services, "worker"))
        await until(lambda: workers_told(clinic), "for the note")
    yield {}
    for task in (announcing, *waiting):
        task.cancel()
    await asyncio.gather(announcing, *waiting, return_exceptions=True)
    for connection in taken:
        await pool.release(connection)


async def workers_told(clinic: Clinic) -> bool:
    notes = await clinic.services.redis.hvals(keys.METRICS_PROCESSES)
    return any(json.loads(note)["role"] == "worker" for note in notes)


async def a_vote(clinic: Clinic) -> Vote:
    """Cast by somebody on something."""
    board = Board(clinic.services.db)
    vote = Vote(await board.project(), (await board.user()).id, 1)
    await clinic.services.batcher.cast(vote)
    return vote


TROUBLE: dict[str, Trouble | None] = {
    "UpvoteAbsent": None,  # nobody there to be asked
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
async def test_the_alert_fires_on_a_real_board(clinic: Clinic, alert: str):
    now = time.time()
    await a_vote(clinic)
    await clinic.work()
    before = await scrape(clinic, {})
    assert not fires(RULES[alert], before, before, now)
    trouble = TROUBLE[alert]
    if trouble is None:
        assert fires(RULES[alert], "", before, now)
        return
    async with trouble(clinic) as changes:
        text = await scrape(clinic, changes)
    assert fires(RULES[alert], text, before, now)


def test_every_alert_is_tried():
    assert TROUBLE.keys() == RULES.keys()
