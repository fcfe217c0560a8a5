"""Compares a chunk of projects while the board runs.

Reads the synced tallies first, then Redis, then the streams, then PostgreSQL in one snapshot. So every
event up to the versions that were read first is either in the stream or in PostgreSQL, and the two
together can be brought to exactly these versions: events that PostgreSQL lacks are taken from the
stream, and later events are undone. Votes go on meanwhile, and events on their way to PostgreSQL are
not taken for differences.
"""

from collections import defaultdict
from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass

from asyncpg import Connection

from app.operations.retention import queries as retention
from app.operations.verify import differences, queries
from app.operations.verify.findings import Finding, Kind
from app.operations.verify.redis_state import CachedProject, RedisReader
from app.operations.verify.rows import StoredProject, SyncedTally
from app.services import Services
from app.storage.queries import allow_idle_transaction
from app.storage.timeouts import IDLE_READER_SECONDS
from app.voting import keys
from app.voting.events import Event

CHUNK = 5_000  # rows of votes fetched from PostgreSQL at a time


@dataclass(frozen=True)
class Snapshot:
    """The result for one chunk. Some findings may be temporary, and a second snapshot clears them."""

    findings: list[Finding]
    events: int
    votes: int
    projects: int
    cached: int


async def take_snapshot(
    services: Services, project_ids: Sequence[int], uncompared: Container[int] = ()
) -> Snapshot:
    """Compare the events, votes, tallies and Redis keys of the projects.

    Redis does not go together with PostgreSQL in the shards `uncompared`: their projects count as cold,
    and a tally that is ahead of the event log is counted anew with the next vote.
    """
    state = RedisReader(services.redis, services.settings.vote_shards)
    synced = await queries.select_synced_tallies(services.db, project_ids)
    cached = await state.projects(
        [p for p in project_ids if keys.shard_of(p, state.shards) not in uncompared]
    )
    streamed = _by_project(await state.stream_events(project_ids))
    async with (
        services.db.acquire() as db,
        db.transaction(isolation="repeatable_read", readonly=True),
    ):
        await allow_idle_transaction(db, IDLE_READER_SECONDS)
        stored = await queries.select_stored_projects(db, synced.values(), state.shards)
        broken = await queries.select_broken_logs(db, project_ids)
        wrong = await queries.select_wrong_votes(db, project_ids)
        late = await queries.select_late_votes(db, project_ids)
        bases = await retention.select_wrong_bases(db, project_ids)
        expected, voted_since = await _expected_votes(db, cached, stored, streamed)
    findings = [differences.broken_log(row) for row in broken]
    findings += [differences.wrong_base(row) for row in bases]
    findings += [differences.late_votes(row) for row in late]
    for row in stored:
        findings += differences.compare_head(row)
        if keys.shard_of(row.project_id, state.shards) not in uncompared:
            tally = synced[row.project_id]
            findings += differences.compare_tally(tally, row, streamed[row.project_id])
        if row.project_id in cached:
            findings += differences.compare_redis(
                row,
                cached[row.project_id],
                expected[row.project_id],
                voted_since[row.project_id],
            )
            findings += differences.compare_closed(synced[row.project_id], cached[row.project_id])
    found = {(finding.project_id, finding.kind) for finding in findings}
    findings += [
        differences.wrong_vote(row, _confirmed_by(row.project_id, cached, found)) for row in wrong
    ]
    compared = [row for row in stored if keys.shard_of(row.project_id, state.shards) not in uncompared]
    findings += await _unsynced_tallies(services, state, compared, synced)
    findings += await _outdated_redis(state, stored, cached)
    return Snapshot(
        sorted(findings, key=lambda finding: finding.project_id),
        sum(project.events for project in stored),
        sum(project.votes for project in stored),
        len(stored),
        len(cached),
    )


async def _expected_votes(
    db: Connection,
    cached: dict[int, CachedProject],
    stored: Iterable[StoredProject],
    streamed: dict[int, list[Event]],
) -> tuple[dict[int, dict[int, int]], dict[int, set[int]]]:
    """Return the votes that each cached project should have at the version read from Redis, and the
    users who have voted since: their votes in Redis may have been read before or after that.
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
    for project in stored:
        if project.project_id in cached:
            for event in streamed[project.project_id]:
                if event.version > versions[project.project_id]:
                    since[project.project_id].add(event.user_id)
                elif event.version > project.head:
                    expected[project.project_id][event.user_id] = event.new_value
    return expected, since


async def _unsynced_tallies(
    services: Services,
    state: RedisReader,
    stored: Sequence[StoredProject],
    synced: dict[int, SyncedTally],
) -> list[Finding]:
    """Return projects whose tally is behind, although no sync is pending.

    A sync removes its mark after it has written the tally. So the tallies are read again after the
    marks: a project without a mark has its tally by then.
    """
    behind = [row for row in stored if row.in_epoch and synced[row.project_id].version < row.head]
    unmarked = await state.unmarked([row.project_id for row in behind])
    now = await queries.select_synced_tallies(services.db, list(unmarked))
    return [
        differences.unsynced_tally(now[row.project_id], row)
        for row in behind
        if row.project_id in now and now[row.project_id].version < row.head
    ]


async def _outdated_redis(
    state: RedisReader, stored: Sequence[StoredProject], cached: dict[int, CachedProject]
) -> list[Finding]:
    """Return projects whose version in Redis, read after PostgreSQL, is the older one."""
    suspects = [
        row for row in stored if row.project_id in cached and row.head > cached[row.project_id].version
    ]
    now = await state.versions([row.project_id for row in suspects])
    return [
        differences.outdated_redis(row, now[row.project_id])
        for row in suspects
        if row.project_id in now and now[row.project_id] < row.head
    ]


def _confirmed_by(project_id: int, cached: Container[int], found: Container[tuple[int, Kind]]) -> str:
    """Return the source that agrees with a project's `votes` against its events; "" if none does."""
    if project_id in cached:
        return "" if (project_id, Kind.REDIS_VOTES) in found else "Redis"
    return "" if (project_id, Kind.TALLY) in found else "the tally"


def _by_project(events: Iterable[Event]) -> dict[int, list[Event]]:
    grouped: dict[int, list[Event]] = defaultdict(list)
    for event in events:
        grouped[event.project_id].append(event)
    return grouped
