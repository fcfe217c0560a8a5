"""`upvote move`: copies the whole board to other servers, which must be empty.

PostgreSQL is copied by a backup and a restore. Redis needs no copy, since all its events are persisted
first. But the projects that were cached are hydrated on the new Redis, so that the next votes do not
wait for that, and the totals of the metrics are copied.
"""

import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
from tqdm import tqdm

from app.errors import OperatorError
from app.operations.backup import queries
from app.operations.backup.backup import backup, persist_all
from app.operations.backup.board_check import check_is_board
from app.operations.backup.restore import restore
from app.operations.backup.stopped import check_still_stopped, check_stopped
from app.operations.verify.findings import Report, differences_text
from app.operations.verify.verify import QUERY_SECONDS, verify
from app.services import Services, open_services
from app.settings import Settings
from app.storage.away import REDIS_AWAY
from app.storage.connections import open_redis
from app.voting import keys

CHUNK = 500
PREFIX = "upvote-move-"


@dataclass(frozen=True)
class MoveResult:
    """The number of rows copied, of projects cached again, and what `verify` reports on the copy."""

    rows: int
    cached: int
    report: Report


async def move(source: Settings, target: Settings, *, show_progress: bool = False) -> MoveResult:
    """Copy the board and verify the copy. The source keeps all its data, with all events persisted.

    Raises OperatorError while web or worker is connected to the source, if the target is not empty or
    does not answer, if the copy has differences, and if web or worker was started meanwhile.
    """
    await _check_source(source)
    await _check_target(target)
    await persist_all(source, sync=True)
    remove_left_copies(source)
    with tempfile.TemporaryDirectory(prefix=PREFIX, dir=_temporary_parent(source)) as directory:
        description = await backup(source, Path(directory), show_progress=show_progress)
        await restore(target, Path(directory), replace=False, leap=False, show_progress=show_progress)
    await _clear_epochs(target)
    async with open_services(target, query_seconds=QUERY_SECONDS) as services:
        await services.functions.ping()
        cached = await _warm(source, services, show_progress)
        report = await verify(services, show_progress=show_progress)
    if report.findings:
        raise OperatorError(
            f"the copy has {differences_text(report.difference_count)}: run upvote verify with the old "
            "settings and with the new ones; the old servers still hold the whole board"
        )
    await check_still_stopped(
        source.database_url,
        "votes may be missing in the copy",
        "empty the new PostgreSQL and Redis, and run this again",
    )
    return MoveResult(sum(description.rows.values()), cached, report)


async def _check_source(source: Settings) -> None:
    db = await asyncpg.connect(source.database_url)
    try:
        await check_stopped(db)
    finally:
        await db.close()


async def _check_target(target: Settings) -> None:
    redis: Any = open_redis(target)
    try:
        if count := await redis.dbsize():
            raise OperatorError(
                f"the new Redis is not empty ({count} keys): name another, or empty it with FLUSHDB"
            )
    except REDIS_AWAY as error:
        raise OperatorError(
            f"the new Redis does not answer ({error}): start it, or correct its URL"
        ) from None
    finally:
        await redis.aclose()
    try:
        db = await asyncpg.connect(target.database_url)
    except asyncpg.InvalidCatalogNameError:
        return  # the migrations create it if the role may
    except (asyncpg.PostgresError, OSError) as error:
        reason = f"the new PostgreSQL does not answer ({error})"
        raise OperatorError(f"{reason}: start it, or correct its URL") from None
    try:
        await check_is_board(db)
        if not await queries.select_is_empty(db):
            raise OperatorError("the new database already has a board: name another one")
    finally:
        await db.close()


def _temporary_parent(source: Settings) -> Path | None:
    """Return DATA_DIR where the servers are embedded, since /tmp is often small or in memory."""
    return source.data_dir if source.embedded_database else None


def remove_left_copies(source: Settings) -> None:
    """Remove copies of moves that were killed, under DATA_DIR, where no other move runs now."""
    if source.embedded_database:
        for left in source.data_dir.glob(f"{PREFIX}*"):
            shutil.rmtree(left, ignore_errors=True)


async def _clear_epochs(target: Settings) -> None:
    """Let the new Redis begin a first epoch, so that verify reports no lost votes."""
    db = await asyncpg.connect(target.database_url)
    try:
        await queries.update_epochs(db, None)
    finally:
        await db.close()


async def _warm(source: Settings, services: Services, show_progress: bool) -> int:
    """Copy the totals, and hydrate the projects that are cached at the source; return their number."""
    old: Any = open_redis(source)
    new: Any = services.redis
    try:
        if totals := await old.hgetall(keys.METRICS):
            await new.hset(keys.METRICS, mapping=totals)
        project_ids = [
            keys.project_of(key)
            for shard in range(source.vote_shards)
            async for key in old.scan_shard(keys.all_tallies(shard), CHUNK)
        ]
    finally:
        await old.aclose()
    with tqdm(total=len(project_ids), desc="Warm", disable=None if show_progress else True) as progress:
        for at in range(0, len(project_ids), CHUNK):
            await services.hydrator.hydrate_all(project_ids[at : at + CHUNK])
            progress.update(len(project_ids[at : at + CHUNK]))
    return len(project_ids)
