"""`upvote move`: the whole board to other servers, which have to be empty.

PostgreSQL goes by a backup and a restore. Redis holds nothing that PostgreSQL does not, once what waits
in it is persisted; so that nobody's next vote has to wait, the projects that were cached there are
cached here, and the totals that people watch are carried over.
"""

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
from tqdm import tqdm

from app.errors import OperatorError
from app.operations.backup import queries
from app.operations.backup.backup import backup, persist_all
from app.operations.backup.connected import check_nobody_is_connected
from app.operations.backup.restore import restore
from app.operations.verify.findings import Report, differences
from app.operations.verify.verify import QUERY_SECONDS, verify
from app.services import Services, open_services
from app.settings import Settings
from app.storage.connections import REDIS_AWAY, open_redis
from app.voting import keys

CHUNK = 500


@dataclass(frozen=True)
class Moved:
    """What was moved: rows of PostgreSQL, projects that are cached again, and the proof that all agree."""

    rows: int
    cached: int
    report: Report


async def move(source: Settings, target: Settings, *, bar: bool = False) -> Moved:
    """The source stays as it is, with all that waited persisted. Raises OperatorError while web or worker is
    connected to it, where the target is not empty, and where the copy does not agree.
    """
    await _check_source(source)
    await _check_target(target)
    await persist_all(source, sync=True)
    with tempfile.TemporaryDirectory(prefix="upvote-move-", dir=_roomy(source)) as place:
        description = await backup(source, Path(place), bar=bar)
        await restore(target, Path(place), replace=False, bar=bar)
    await _forget_epochs(target)
    async with open_services(target, query_seconds=QUERY_SECONDS) as services:
        await services.functions.ping()
        cached = await _warm(source, services, bar)
        report = await verify(services, bar=bar)
    if report.findings:
        raise OperatorError(
            f"the copy does not agree ({differences(report.drift)}): run upvote verify with the old "
            "settings and with the new ones; the old servers are as they were"
        )
    return Moved(sum(description.rows.values()), cached, report)


async def _check_source(source: Settings) -> None:
    db = await asyncpg.connect(source.database_url)
    try:
        await check_nobody_is_connected(db)
    finally:
        await db.close()


async def _check_target(target: Settings) -> None:
    redis: Any = open_redis(target)
    try:
        if count := await redis.dbsize():
            raise OperatorError(
                f"the new Redis holds {count} keys: name an empty one, or empty it by FLUSHDB"
            )
    except REDIS_AWAY as error:
        raise OperatorError(
            f"the new Redis does not answer ({error}): start it, or mend its URL"
        ) from None
    finally:
        await redis.aclose()
    try:
        db = await asyncpg.connect(target.database_url)
    except asyncpg.InvalidCatalogNameError:
        return  # the migrations make it, if the role may
    except (asyncpg.PostgresError, OSError) as error:
        reason = f"the new PostgreSQL does not answer ({error})"
        raise OperatorError(f"{reason}: start it, or mend its URL") from None
    try:
        if not await queries.select_is_empty(db):
            raise OperatorError("there is a board in the new database: name another one")
    finally:
        await db.close()


def _roomy(source: Settings) -> Path | None:
    """Beside the embedded data, where there is room; /tmp is often small, or memory."""
    return source.data_dir if source.embedded_database else None


async def _forget_epochs(target: Settings) -> None:
    """Nothing was lost on the way: the new Redis begins a first epoch, with no window to report."""
    db = await asyncpg.connect(target.database_url)
    try:
        await queries.update_epochs(db, None)
    finally:
        await db.close()


async def _warm(source: Settings, services: Services, bar: bool) -> int:
    """Make cached what is cached at the source, and carry the totals over; gives how many projects."""
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
    with tqdm(total=len(project_ids), desc="Warm", disable=None if bar else True) as progress:
        for at in range(0, len(project_ids), CHUNK):
            await services.hydrator.hydrate_all(project_ids[at : at + CHUNK])
            progress.update(len(project_ids[at : at + CHUNK]))
    return len(project_ids)
