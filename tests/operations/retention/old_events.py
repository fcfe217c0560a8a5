"""A project whose first events are of January 2020, and the job that drops old months."""

import time
from dataclasses import replace

import pytest

from app.operations.retention.drop import KEPT_REASON, drop_old_partitions
from app.services import Services
from app.voting import keys
from tests.operations.verify.own_board import OwnBoard

OLD = "vote_events_2020_01"


@pytest.fixture
async def project(own_board: OwnBoard):
    """Make (project, users) with five events in January 2020 and two from now; delete it afterwards.

    In January users 0 to 2 and 4 vote up and 3 down. Now 2 takes the vote back and 4 votes down.
    """
    project_id, users = await own_board.voted(1, 1, 1, -1, 1)
    await own_board.cast(project_id, users[2], 0)
    await own_board.cast(project_id, users[4], -1)
    await own_board.settle()
    await move_to_month(own_board, project_id, 5)
    await record_verify(own_board)
    yield project_id, users
    await own_board.execute("DELETE FROM vote_bases WHERE project_id = $1", project_id)
    await own_board.remove(project_id)
    for month in ("2020_01", "2020_02"):
        await own_board.execute(f"DROP TABLE IF EXISTS vote_events_{month}")
    await own_board.services.redis.delete(keys.METRICS_WORKER)


async def move_to_month(
    own_board: OwnBoard, project_id: int, upto: int, month: str = "2020-01"
) -> None:
    """Move the newer events up to a version into the partition of that month."""
    await own_board.execute("SELECT make_vote_events_partition($1::text::date)", f"{month}-01")
    await own_board.execute(
        "UPDATE vote_events SET created_at = $3::text::timestamptz + version * interval '1 ms' "
        "WHERE project_id = $1 AND version <= $2 AND created_at > '2021-01-01'",
        project_id,
        upto,
        f"{month}-15 00:00:00+00",
    )


async def record_verify(own_board: OwnBoard, seconds_ago: float = 0, remaining: int = 0) -> None:
    """Record a verify as the worker does, `seconds_ago`, with so many differences left."""
    notes = {"drift:at": time.time() - seconds_ago, "drift:found": 0, "drift:remaining": remaining}
    await own_board.services.redis.hset(keys.METRICS_WORKER, mapping=notes)


async def drop_old_months(own_board: OwnBoard, days: int = 30) -> list[str]:
    """Run the job with EVENTS_RETENTION=days; return the names of the dropped partitions."""
    return await drop_old_partitions(services_keeping(own_board, days))


def services_keeping(own_board: OwnBoard, days: int) -> Services:
    """Return the services with EVENTS_RETENTION=days."""
    settings = own_board.services.settings.model_copy(update={"events_retention": days})
    return replace(own_board.services, settings=settings)


async def kept_reason(own_board: OwnBoard) -> str:
    """Return the reason why the last run dropped nothing, or an empty text."""
    return (await own_board.services.redis.hget(keys.METRICS_WORKER, KEPT_REASON)).decode()


async def january_exists(own_board: OwnBoard) -> bool:
    """Return whether the partition of January 2020 is still there."""
    return await own_board.services.db.fetchval("SELECT to_regclass($1)", OLD) is not None
