"""One look at a chunk of projects, while the board runs.

First the synced tallies are read, then Redis, then the streams, then PostgreSQL in one snapshot. So
every event up to the versions that were read at first is either in the stream or in PostgreSQL, and
the two together can be brought to exactly these versions: what PostgreSQL lacks is taken from the
stream, what it has on top is undone. Nothing has to stand still, and what is merely on its way does
not look like drift.
"""

from collections import defaultdict
from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass

from asyncpg import Connection

from app.operations.retention import queries as retention
from app.operations.verify import differences, queries
from app.operations.verify.findings import Finding, Kind
from app.operations.verify.redis_state import CachedProject, RedisReader
from app.operations.verify.rows import Ledger, Synced
from app.services import Services
from app.voting.events import Event

CHUNK = 5_000  # rows of votes on their way from PostgreSQL


@dataclass(frozen=True)
class Snapshot:
    """What one look has seen. Among the findings are suspects that a second look clears."""

    findings: list[Finding]
    events: int
    votes: int
    projects: int
    cached: int


async def take_snapshot(services: Services, project_ids: Sequence[int]) -> Snapshot:
    """Compare everything that is known of the projects."""
    state = RedisReader(services.redis, services.settings.vote_shards)
    synced = await queries.select_synced(services.db, project_ids)
    cached = await state.projects(project_ids)
    waiting = _by_project(await state.waiting(project_ids))
    async with (
        services.db.acquire() as db,
        db.transaction(isolation="repeatable_read", readonly=True),
    ):
        ledgers = await queries.select_ledgers(db, synced.values(), state.shards)
        broken = await queries.select_broken_logs(db, project_ids)
        wrong = await queries.select_wrong_votes(db, project_ids)
        bases = await retention.select_wrong_bases(db, project_ids)
        expected, unsettled = await _expected_votes(db, cached, ledgers, waiting)
    findings = [differences.log(row) for row in broken] + [differences.base(row) for row in bases]
    for row in ledgers:
        findings += differences.head(row)
        findings += differences.tally(synced[row.project_id], row, waiting[row.project_id])
        if row.project_id in cached:
            findings += differences.redis(
                row,
                cached[row.project_id],
                expected[row.project_id],
                unsettled[row.project_id],
            )
            findings += differences.closed(synced[row.project_id], cached[row.project_id])
    against = {(finding.project_id, finding.kind) for finding in findings}
    findings += [differences.votes(row, _witness(row.project_id, cached, against)) for row in wrong]
    findings += await _unsynced(services, state, ledgers, synced)
    findings += await _older(state, ledgers, cached)
    return Snapshot(
        sorted(findings, key=lambda finding: finding.project_id),
        sum(ledger.events for ledger in ledgers),
        sum(ledger.votes for ledger in ledgers),
        len(ledgers),
        len(cached),
    )


async def _expected_votes(
    db: Connection,
    cached: dict[int, CachedProject],
    ledgers: Iterable[Ledger],
    waiting: dict[int, list[Event]],
) -> tuple[dict[int, dict[int, int]], dict[int, set[int]]]:
    """Return the votes that each cached project should have at the version at which Redis was read, and
    the users who have voted since: Redis may have been read before or after that.
    """
    expected: dict[int, dict[int, int]] = {project_id: {} for project_id in cached}
    async for rows in queries.select_votes(db, list(cached), CHUNK):
        for project_id, user_id, value in rows:
            expected[project_id][user_id] = value
    since: dict[int, set[int]] = defaultdict(set)
    versions = {project_id: project.version for project_id, project in cached.items()}
    for project_id, user_id, value in await queries.select_old_values_since(db, versions):
        expected[project_id][user_id] = value
        since[project_id].add(user_id)
    for ledger in ledgers:
        if ledger.project_id in cached:
            project = cached[ledger.project_id]
            for event in waiting[ledger.project_id]:
                if event.version > project.version:
                    since[ledger.project_id].add(event.user_id)
                elif event.version > ledger.head:
                    expected[ledger.project_id][event.user_id] = event.new_value
    return expected, since


async def _unsynced(
    services: Services, state: RedisReader, ledgers: Sequence[Ledger], synced: dict[int, Synced]
) -> list[Finding]:
    """Projects whose tally waits for a sync that will not come.

    A mark goes after the tally was written, so where there is none by now, the tally is there by now.
    """
    behind = [row for row in ledgers if row.in_epoch and synced[row.project_id].version < row.head]
    unmarked = await state.unmarked([row.project_id for row in behind])
    now = await queries.select_synced(services.db, list(unmarked))
    return [
        differences.unsynced(now[row.project_id], row)
        for row in behind
        if row.project_id in now and now[row.project_id].version < row.head
    ]


async def _older(
    state: RedisReader, ledgers: Sequence[Ledger], cached: dict[int, CachedProject]
) -> list[Finding]:
    """Projects of which Redis, asked after PostgreSQL, holds a version from before."""
    suspects = [
        row for row in ledgers if row.project_id in cached and row.head > cached[row.project_id].version
    ]
    now = await state.versions([row.project_id for row in suspects])
    return [
        differences.older(row, now[row.project_id])
        for row in suspects
        if row.project_id in now and now[row.project_id] < row.head
    ]


def _witness(project_id: int, cached: Container[int], against: Container[tuple[int, Kind]]) -> str:
    """What agrees with a project's `votes`, where its events do not; "" when nothing does."""
    if project_id in cached:
        return "" if (project_id, Kind.REDIS_VOTES) in against else "Redis"
    return "" if (project_id, Kind.TALLY) in against else "the tally"


def _by_project(events: Iterable[Event]) -> dict[int, list[Event]]:
    found: dict[int, list[Event]] = defaultdict(list)
    for event in events:
        found[event.project_id].append(event)
    return found
